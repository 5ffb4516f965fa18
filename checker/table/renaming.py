"""The rename tables: what becomes of each number under each permutation of the processes.

A number is renamed together with all that it can become: its orbit is found by renaming with the
generators of the permutations alone, and every other permutation is a product of these.
"""

import numpy as np

from checker.symmetry import Symmetry
from checker.table import arrays as a
from checker.table.arrays import Array
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
        self.symmetry = symmetry
        self.names = symmetry.renamings if symmetry else ()
        #: (permutations, n): the place to which each process moves.
        self.places = np.zeros((len(self.names), filling.n), dtype=np.int64)
        n, table = filling.n, filling.arena.table
        for p, names in enumerate(self.names):
            places = self.places[p] = [filling.place[names.get(id, id)] for id in filling.ids]
            channels = [to * n + source for to in places for source in places]
            table["origin"][places, p] = range(n)
            table["source"][channels, p] = range(n * n)
        #: Of each process, the permutations that move it to the first place.
        self._to_first = [np.flatnonzero(self.places[:, i] == 0) for i in range(n)]

    def fill(self, need: tuple[int, ...]) -> bool:
        """Rename what is missing, and all of its orbit; whether that was what is needed."""
        kind, x, y, _, _ = need
        if kind not in TABLE:
            return False
        placed = kind in (a.LOCAL_IMAGE, a.CONTENT_IMAGE)
        if self.filling.arena.table[TABLE[kind]][(x, y) if placed else x] >= 0:
            return True
        self.filling.log.extend(need)
        orbit, images = self._orbit(kind, (x, y) if placed else (0, x))
        self.filling.make_room()
        table, firsts = (self.filling.arena.table[name] for name in (TABLE[kind], "firsts"))
        numbers = np.array([number for _, number in orbit])
        for at, (place, number) in enumerate(orbit):
            where = (place, number) if placed else number
            found = numbers[images[:, at]]
            table[where] = self.filling.append(found)
            if kind == a.LOCAL_IMAGE:
                firsts[where] = self._least_first(place, found)
        return True

    def _least_first(self, place: int, images: Array) -> int:
        """Where in `ops` stands the least number among the images of a local state that come to the
        first place, how many permutations bring it there, and which."""
        moves = self._to_first[place]
        if not len(moves):
            return self.filling.append((0, 0))
        found = images[moves]
        chosen = moves[found == found.min()]
        return self.filling.append((int(found.min()), len(chosen), *chosen.tolist()))

    def _orbit(self, kind: int, first: Element) -> tuple[list[Element], Array]:
        """All that an element can become, and (permutations, elements): what becomes of each."""
        assert self.symmetry is not None
        orbit, at = [first], {first: 0}
        edges: dict[int, list[int]] = {p: [] for p in self.symmetry.generators}
        for element in orbit:
            for p, images in edges.items():
                image = self._image(kind, p, element)
                if image not in at:
                    at[image] = len(orbit)
                    orbit.append(image)
                images.append(at[image])
        moves = {p: np.array(images) for p, images in edges.items()}
        found = np.zeros((len(self.names), len(orbit)), dtype=np.int64)
        found[0] = np.arange(len(orbit))
        for p, (generator, before) in self.symmetry.products.items():
            found[p] = moves[generator][found[before]]
        return orbit, found

    def _image(self, kind: int, p: int, element: Element) -> Element:
        """What becomes of an element under one permutation."""
        f, names = self.filling, self.names[p]
        place, number = element
        places = self.places[p]
        if kind == a.LOCAL_IMAGE:
            to = int(places[place])
            return to, f.locals[to](f.handling.named(f.locals[place].items[number], names))
        if kind == a.CONTENT_IMAGE:
            to = int(places[place // f.n] * f.n + places[place % f.n])
            return to, f.renamed_content(place, number, to, names)
        values = f.worlds if kind == a.WORLD_IMAGE else f.histories
        return 0, values(rename(values.items[number], names))
