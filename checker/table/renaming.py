"""The rename tables: what becomes of each number under each permutation of the processes.

A number is renamed together with all that it can become: its orbit is found by renaming with the
generators of the permutations alone, and every other permutation is a product of these.
"""

from collections.abc import Iterator, Sequence

from checker.symmetry import Symmetry
from checker.table import arrays as a
from checker.table.filling import Filling
from checker.values import rename

#: A number, and the process or channel that it belongs to (0 for a world or history).
Element = tuple[int, int]

TABLE = {
    a.LOCAL_IMAGE: "local_images",
    a.CONTENT_IMAGE: "content_images",
    a.WORLD_IMAGE: "world_images",
    a.HISTORY_IMAGE: "history_images",
}


class Renaming:
    """The rename tables of one search; without symmetry they are empty."""

    def __init__(self, filling: Filling, symmetry: Symmetry | None) -> None:
        self.filling = filling
        self.named = symmetry.named if symmetry else ()
        n, put = filling.n, filling.arena.put
        #: For each permutation, the place to which each process moves.
        self._places: list[list[int]] = []
        for p, by in enumerate(self.named):
            places = [filling.place[by.names.get(id, id)] for id in filling.ids]
            self._places.append(places)
            for i, place in enumerate(places):
                put("origin", i, place, p)
                for j, source in enumerate(places):
                    put("source", i * n + j, place * n + source, p)
        # Nothing becomes of an empty channel but an empty channel.
        empty = filling.append([0] * len(self.named)) if symmetry else -1
        for channel in range(n * n):
            put("content_images", empty, channel, 0)
        self._generators = symmetry.generators if symmetry else ()
        #: Every other permutation, as a generator and what comes before it.
        self._products = symmetry.products if symmetry else {}
        #: Of each process, the permutations that move it to the first place.
        self._to_first = [
            [p for p, places in enumerate(self._places) if places[i] == 0] for i in range(n)
        ]

    def fill(self, need: tuple[int, ...]) -> None:
        """Rename what is missing, and all of its orbit."""
        kind, x, y, _, _ = need
        placed = kind in (a.LOCAL_IMAGE, a.CONTENT_IMAGE)
        arena = self.filling.arena
        if arena.get(TABLE[kind], *((x, y) if placed else (x,))) >= 0:
            return
        self.filling.log.extend(need)
        orbit, images = self._orbit(kind, (x, y) if placed else (0, x))
        self.filling.make_room()
        for element, row in zip(orbit, images, strict=True):
            where = element if placed else element[1:]
            arena.put(TABLE[kind], self.filling.append(row), *where)
            if kind == a.LOCAL_IMAGE:
                arena.put("firsts", self._least_first(element[0], row), *where)

    def _least_first(self, place: int, images: Sequence[int]) -> int:
        """Where in `ops` stands the least number among the images of a local state that come to the
        first place, how many permutations bring it there, and which."""
        moves = self._to_first[place]
        if not moves:
            return self.filling.append((0, 0))
        least = min([images[p] for p in moves])
        chosen = [p for p in moves if images[p] == least]
        return self.filling.append((least, len(chosen), *chosen))

    def _orbit(self, kind: int, first: Element) -> tuple[list[Element], Iterator[tuple[int, ...]]]:
        """All that an element can become, and for each, what becomes of it under each permutation: the
        numbers."""
        orbit, at = [first], {first: 0}
        edges: dict[int, list[int]] = {p: [] for p in self._generators}
        for element in orbit:
            for p, images in edges.items():
                image = self._image(kind, p, element)
                if image not in at:
                    at[image] = len(orbit)
                    orbit.append(image)
                images.append(at[image])
        # Of each permutation, where the image of each element is in the orbit.
        found: list[Sequence[int]] = [range(len(orbit))] * len(self.named)
        for p, (generator, before) in self._products.items():
            found[p] = list(map(edges[generator].__getitem__, found[before]))
        numbers = [number for _, number in orbit]
        return orbit, zip(*(map(numbers.__getitem__, images) for images in found), strict=True)

    def _image(self, kind: int, p: int, element: Element) -> Element:
        """What becomes of an element under one permutation."""
        f, named = self.filling, self.named[p]
        place, number = element
        places = self._places[p]
        if kind == a.LOCAL_IMAGE:
            to = places[place]
            return to, f.locals[to](named(f.locals[place].items[number]))
        if kind == a.CONTENT_IMAGE:
            to = places[place // f.n] * f.n + places[place % f.n]
            return to, f.renamed_content(place, number, to, named)
        values = f.worlds if kind == a.WORLD_IMAGE else f.histories
        return 0, values(rename(values.items[number], named.names))
