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
        self.named = symmetry.named if symmetry else ()
        n, table = filling.n, filling.arena.table
        #: For each permutation, the place to which each process moves.
        self._places: list[list[int]] = []
        for p, by in enumerate(self.named):
            places = [filling.place[by.names.get(id, id)] for id in filling.ids]
            self._places.append(places)
            channels = [to * n + source for to in places for source in places]
            table["origin"][places, p] = range(n)
            table["source"][channels, p] = range(n * n)
        # Nothing becomes of an empty channel but an empty channel.
        table["content_images"][:, 0] = filling.append([0] * len(self.named)) if symmetry else -1
        self._generators = symmetry.generators if symmetry else ()
        self._rounds = _rounds(symmetry.products) if symmetry else []
        #: Of each process, the permutations that move it to the first place.
        self._to_first = [np.flatnonzero([at[i] == 0 for at in self._places]) for i in range(n)]

    def fill(self, need: tuple[int, ...]) -> None:
        """Rename what is missing, and all of its orbit."""
        kind, x, y, _, _ = need
        placed = kind in (a.LOCAL_IMAGE, a.CONTENT_IMAGE)
        if self.filling.arena.table[TABLE[kind]][(x, y) if placed else x] >= 0:
            return
        self.filling.log.extend(need)
        orbit, images = self._orbit(kind, (x, y) if placed else (0, x))
        self.filling.make_room()
        places, numbers = np.array(orbit).T
        size, permutations = images.shape
        found = numbers[images]
        begin = self.filling.append(found.ravel())
        where = (places, numbers) if placed else numbers
        table = self.filling.arena.table
        table[TABLE[kind]][where] = begin + permutations * np.arange(size)
        if kind == a.LOCAL_IMAGE:
            table["firsts"][where] = [
                self._least_first(place, row)
                for place, row in zip(places.tolist(), found, strict=True)
            ]

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
        """All that an element can become, and (elements, permutations): what becomes of each."""
        orbit, at = [first], {first: 0}
        edges: dict[int, list[int]] = {p: [] for p in self._generators}
        for element in orbit:
            for p, images in edges.items():
                image = self._image(kind, p, element)
                if image not in at:
                    at[image] = len(orbit)
                    orbit.append(image)
                images.append(at[image])
        moves = {p: np.array(images) for p, images in edges.items()}
        found = np.zeros((len(orbit), len(self.named)), dtype=np.int64)
        found[:, 0] = np.arange(len(orbit))
        for generator, before, after in self._rounds:
            found[:, after] = moves[generator][found[:, before]]
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


def _rounds(products: dict[int, tuple[int, int]]) -> list[tuple[int, list[int], list[int]]]:
    """The products in rounds, each of (generator, permutations before it, those that these give); what
    comes before is known from the rounds above."""
    rounds: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    length = {0: 0}
    for p, (generator, before) in products.items():
        length[p] = length[before] + 1
        befores, afters = rounds.setdefault((length[p], generator), ([], []))
        befores.append(before)
        afters.append(p)
    return [(generator, *both) for (_, generator), both in rounds.items()]
