"""What properties say, kept under the numbers of what they see."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from checker.errors import ModelError
from checker.properties import Property, Watch
from checker.table import arrays as a
from checker.table.arrays import HALF
from checker.table.filling import Filling
from checker.table.numbering import TableLimitError


class Seeing:
    """The words of one watch's properties."""

    def __init__(self, filling: Filling, watch: Watch) -> None:
        if len(watch.properties) > HALF:
            raise TableLimitError(
                f"the table engine watches at most {HALF} properties at once: name fewer, or"
                " choose --engine reference"
            )
        self.filling = filling
        self.watch = watch
        #: The tuples of views whose numbers are in the map.
        self.seen: list[tuple[Any, ...]] = [()]
        self.properties = [p for p in watch.properties if p.kind != "step"]
        self.step_properties = [p for p in watch.properties if p.kind == "step"]
        #: For each world, which processes are down, and for each process, of how many local states it
        #: was asked what they show, and of how many that is known.
        self._down: dict[int, tuple[int, ...]] = {}
        self._viewed = [0] * filling.n
        self._foreseen = [0] * filling.n
        self._at = {fold: i for i, fold in enumerate(filling.system.folds)}

    def see(self, fields: list[int]) -> int:
        """Enter the tuple of views that a state shows; its number."""
        n = self.filling.n
        down = self._down.get(fields[n]) or self._look_around(fields[n])
        get, shown = self.filling.arena.get, []
        for i in range(n):
            view = get("views", down[i], i, fields[i])
            if view < 0:
                self._ask_views(down[i], i, fields[i])
                view = get("views", down[i], i, fields[i])
            shown.append(view)
        width = a.PACKED_BITS // n
        if len(self.filling.views.items) > 1 << width:
            width = 0
        self.filling.arena.d.flat[a.VIEW_WIDTH] = width
        return self._seen_packed(shown, width) if width else self._seen_chained(shown)

    def _look_around(self, world: int) -> tuple[int, ...]:
        """For each process, whether it is down in this world."""
        if not self.filling.arena.get("known", world):
            self.filling.fill((a.WORLD, world, 0, 0, 0))
        found = tuple(self.filling.arena.get("down", world, i) for i in range(self.filling.n))
        self._down[world] = found
        return found

    def _ask_views(self, down: int, i: int, local: int) -> None:
        """Fill in what a process shows in this local state. One that is up shows what it can become
        soon: this is filled in as well, but where the model fails, the search need not come to it."""
        self.filling.fill((a.VIEW, down, i, local, 0))
        if down:
            return
        for other in range(self._viewed[i], len(self.filling.locals[i].items)):
            if self.filling.arena.get("views", 0, i, other) < 0:
                with suppress(ModelError):
                    self.filling.fill((a.VIEW, 0, i, other, 0))
        self._viewed[i] = len(self.filling.locals[i].items)

    def foresee(self) -> None:
        """Ask what processes that are up show in all that they can become soon, so that it is known;
        tables stay as they are."""
        view = self.filling.handling.view
        for i, numbers in enumerate(self.filling.locals):
            for local in numbers.items[self._foreseen[i] :]:
                with suppress(ModelError):
                    view(local)
            self._foreseen[i] = len(numbers.items)

    def _seen_packed(self, shown: list[int], width: int) -> int:
        packed = 0
        for view in shown:
            packed = packed << width | view
        key = a.packed_key(packed)
        found = self.filling.entry(key)
        if found < 0:
            found = len(self.seen)
            self.seen.append(tuple(self.filling.views.items[view] for view in shown))
            self.filling.enter(key, found)
        return found

    def _seen_chained(self, shown: list[int]) -> int:
        """Where there are too many views for one key: a number for each beginning of the tuple."""
        seen = 0
        for view in shown:
            found = self.filling.get(a.MEMO_VIEWS, seen, view)
            if found < 0:
                found = len(self.seen)
                self.seen.append((*self.seen[seen], self.filling.views.items[view]))
                self.filling.put(a.MEMO_VIEWS, seen, view, found)
            seen = found
        return seen

    def _shown(self, row: Sequence[int]) -> list[int]:
        """The fields on which it depends what a state shows: those before its channels."""
        return self.filling.layout.unpack(row, self.filling.n + 2)

    def look(self, row: Sequence[int]) -> None:
        """Enter the word of the properties on a state."""
        fields = self._shown(row)
        seen, history = self.see(fields), fields[self.filling.n + 1]
        if self.filling.get(a.MEMO_WORD, seen, history) >= 0:
            return
        views, remembered = self.seen[seen], self.filling.histories.items[history]

        def ask(prop: Property) -> bool:
            told = [remembered[self._at[fold]] for fold in prop.folds]
            return self.watch.ask(prop, views, *told) is True

        word = 0
        for bit, prop in enumerate(self.properties):
            if prop.name not in self.watch.decided and ask(prop) == (prop.kind == "reachable"):
                word |= 1 << bit
        for bit, prop in enumerate(self.watch.properties):
            if prop.about is not None and prop.name not in self.watch.spoken and ask(prop.about):
                word |= 1 << HALF + bit
        self.filling.put(a.MEMO_WORD, seen, history, word)

    def look_at_step(self, before: Sequence[int], after: Sequence[int]) -> None:
        """Enter the word of the step properties on a transition."""
        old, new = self.see(self._shown(before)), self.see(self._shown(after))
        if old == new or self.filling.get(a.MEMO_STEP, old, new) >= 0:
            return
        word = 0
        for bit, prop in enumerate(self.step_properties):
            if prop.name in self.watch.decided:
                continue
            if self.watch.ask(prop, self.seen[old], self.seen[new]) is not True:
                word |= 1 << bit
        self.filling.put(a.MEMO_STEP, old, new, word)

    def asked(self) -> tuple[int, int, int, int]:
        """What is still open, as bits: in every state, at rest, of these undisturbed; at steps."""
        now = resting = healed = steps = 0

        def add(prop: Property, bit: int) -> None:
            nonlocal now, resting, healed
            if prop.kind != "at_rest":
                now |= bit
            else:
                resting |= bit
                healed |= bit if prop.healed else 0

        for at, prop in enumerate(self.properties):
            if prop.name not in self.watch.decided:
                add(prop, 1 << at)
        for at, prop in enumerate(self.watch.properties):
            if prop.about is not None and prop.name not in self.watch.spoken:
                add(prop, 1 << HALF + at)
        for at, prop in enumerate(self.step_properties):
            if prop.name not in self.watch.decided:
                steps |= 1 << at
        return now, resting, healed, steps
