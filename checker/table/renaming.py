"""The rename tables: what becomes of each number under each permutation of the processes."""

import numpy as np

from checker.symmetry import Symmetry
from checker.table import arrays as a
from checker.table.filling import Filling
from checker.values import rename


class Renaming:
    """The rename tables of one search; without symmetry they are empty."""

    def __init__(self, filling: Filling, symmetry: Symmetry | None) -> None:
        self.filling = filling
        self.names = symmetry.renamings if symmetry else ()
        n, table = filling.n, filling.arena.table
        for p, names in enumerate(self.names):
            places = np.array([filling.place[names.get(id, id)] for id in filling.ids])
            channels = (places[:, None] * n + places[None, :]).reshape(n * n)
            table["places"][p] = places
            table["origin"][p] = np.argsort(places)
            table["source"][p] = np.argsort(channels)

    def fill(self, need: tuple[int, ...]) -> bool:
        """Rename what is missing; whether that was what is needed."""
        kind, p, x, y, _ = need
        f, table = self.filling, self.filling.arena.table
        match kind:
            case a.LOCAL_IMAGE:
                renamed = f.handling.named(f.locals[x].items[y], self.names[p])
                table["local_images"][p, x, y] = f.locals[table["places"][p, x]](renamed)
            case a.CONTENT_IMAGE:
                dst, src = table["places"][p, x // f.n], table["places"][p, x % f.n]
                to = int(dst * f.n + src)
                table["content_images"][p, x, y] = f.renamed_content(x, y, to, self.names[p])
            case a.WORLD_IMAGE:
                table["world_images"][p, x] = f.worlds(rename(f.worlds.items[x], self.names[p]))
            case a.HISTORY_IMAGE:
                renamed = rename(f.histories.items[x], self.names[p])
                table["history_images"][p, x] = f.histories(renamed)
            case _:
                return False
        f.log.extend(need)
        return True
