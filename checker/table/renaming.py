"""The rename tables: what becomes of each number under each permutation of the processes.

A number is renamed together with all that it can become: its orbit is found by renaming with the
generators of the permutations alone, and every other permutation is a product of these.
"""

from array import array
from collections.abc import Sequence

from checker.symmetry import Symmetry
from checker.table import arrays as a
from checker.table.blocks import Block
from checker.table.filling import Filling
from checker.table.orbits import write_images
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
        n, permutations = filling.n, len(self.named)
        #: For each permutation, the place to which each process moves.
        self._places = [
            [filling.place[by.names.get(id, id)] for id in filling.ids] for by in self.named
        ]
        # Of each place, the process that each permutation moves there.
        origins = [[places.index(place) for places in self._places] for place in range(n)]
        for to, there in enumerate(origins):
            self._write("origin", to, there)
            for source, here in enumerate(origins):
                channels = [i * n + j for i, j in zip(there, here, strict=True)]
                self._write("source", to * n + source, channels)
        # Nothing becomes of an empty channel but an empty channel.
        empty = filling.append([0] * permutations) if symmetry else -1
        for channel in range(n * n):
            filling.arena.put("content_images", empty, channel, 0)
        self._generators = symmetry.generators if symmetry else ()
        #: See `write_images`.
        self._products = Block("int64", max(permutations - 1, 0), 3)
        for x, (p, (generator, before)) in enumerate(symmetry.products.items() if symmetry else ()):
            self._products.put(x, (p, self._generators.index(generator), before))
        #: Of each process, the permutations that move it to the first place.
        self._to_first = [
            [p for p, places in enumerate(self._places) if places[i] == 0] for i in range(n)
        ]

    def _write(self, name: str, at: int, row: Sequence[int]) -> None:
        """Write what a table has for each permutation."""
        begin = self.filling.arena.at(name, at)
        self.filling.arena.cells.flat[begin : begin + len(row)] = array("i", row)

    def fill(self, need: tuple[int, ...]) -> None:
        """Rename what is missing, and all of its orbit."""
        kind, x, y, _, _ = need
        placed = kind in (a.LOCAL_IMAGE, a.CONTENT_IMAGE)
        filling, permutations = self.filling, len(self.named)
        if filling.arena.get(TABLE[kind], *((x, y) if placed else (x,))) >= 0:
            return
        filling.log.extend(need)
        orbit, edges = self._orbit(kind, (x, y) if placed else (0, x))
        filling.make_room()
        begin = filling.reserve(len(orbit) * permutations)
        numbers = Block.of("int64", (number for _, number in orbit))
        write_images(edges, self._products, numbers, filling.ops, begin, permutations)
        for element in orbit:
            where = element if placed else element[1:]
            filling.arena.put(TABLE[kind], begin, *where)
            if kind == a.LOCAL_IMAGE:
                filling.arena.put("firsts", self._least_first(element[0], begin), *where)
            begin += permutations

    def _least_first(self, place: int, begin: int) -> int:
        """Where in `ops` stands the least number among the images of a local state that come to the
        first place, how many permutations bring it there, and which. begin: where its images stand."""
        moves = self._to_first[place]
        if not moves:
            return self.filling.append((0, 0))
        images = self.filling.ops.flat[begin : begin + len(self.named)]
        least = min([images[p] for p in moves])
        chosen = [p for p in moves if images[p] == least]
        return self.filling.append((least, len(chosen), *chosen))

    def _orbit(self, kind: int, first: Element) -> tuple[list[Element], Block]:
        """All that an element can become, and (generators, elements) int64: which of these each
        generator makes of each."""
        orbit, at = [first], {first: 0}
        edges: list[list[int]] = [[] for _ in self._generators]
        for element in orbit:
            for p, images in zip(self._generators, edges, strict=True):
                image = self._image(kind, p, element)
                if image not in at:
                    at[image] = len(orbit)
                    orbit.append(image)
                images.append(at[image])
        found = Block("int64", len(edges), len(orbit))
        for generator, images in enumerate(edges):
            found.put(generator, images)
        return orbit, found

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
