"""The rename tables: what becomes of each number under each permutation of the processes.

A number is renamed together with all that it can become: its orbit is found by renaming with the
generators of the permutations alone, and every other permutation is a product of these.
"""

from itertools import chain

from checker.symmetry import Symmetry
from checker.table import arrays as a
from checker.table.blocks import Block
from checker.table.filling import Filling
from checker.table.orbits import write_images, write_least, write_origins
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
        self._named = symmetry.named if symmetry else {}
        #: For each permutation, the place to which each process moves.
        self._places = symmetry.moves if symmetry else []
        n, permutations = filling.n, len(self._places)
        places = Block.of("int64", chain.from_iterable(self._places), permutations, n)
        write_origins(filling.arena.cells, filling.arena.d, places)
        # Nothing becomes of an empty channel but an empty channel.
        empty = filling.append([0] * permutations) if symmetry else -1
        for channel in range(n * n):
            filling.arena.put("content_images", empty, channel, 0)
        place = {generator: at for at, generator in enumerate(self._named)}
        products = symmetry.products if symmetry else {}
        told = ((p, place[last], before) for p, (last, before) in products.items())
        #: See `write_images`.
        self._products = Block.of("int64", chain.from_iterable(told), len(products), 3)
        #: Of each process, the permutations that move it to the first place.
        self._to_first = [
            Block.of("int64", (p for p, move in enumerate(self._places) if move[i] == 0))
            for i in range(n)
        ]

    def fill(self, need: tuple[int, ...]) -> None:
        """Rename what is missing, and all of its orbit."""
        kind, x, y, _, _ = need
        placed = kind in (a.LOCAL_IMAGE, a.CONTENT_IMAGE)
        filling, permutations = self.filling, len(self._places)
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
        """Where in `ops` stands what `write_least` writes there of the permutations that move a
        local state to the first place. begin: where its images stand."""
        filling, moves = self.filling, self._to_first[place]
        at = filling.reserve(2 + len(moves))
        filling.give_back(write_least(filling.ops, begin, moves, at))
        return at

    def _orbit(self, kind: int, first: Element) -> tuple[list[Element], Block]:
        """All that an element can become, and (generators, elements) int64: which of these each
        generator makes of each."""
        orbit, at = [first], {first: 0}
        edges: list[list[int]] = [[] for _ in self._named]
        for element in orbit:
            for p, images in zip(self._named, edges, strict=True):
                image = self._image(kind, p, element)
                if image not in at:
                    at[image] = len(orbit)
                    orbit.append(image)
                images.append(at[image])
        return orbit, Block.of("int64", chain.from_iterable(edges), len(edges), len(orbit))

    def _image(self, kind: int, p: int, element: Element) -> Element:
        """What becomes of an element under one permutation."""
        f, named = self.filling, self._named[p]
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
