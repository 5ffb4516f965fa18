"""Filling in the tables: what is missing is asked of the model, through the system's handling.

Everything gets its number here, in the order in which it is met. Nothing here decides anything; the
order of what may happen, and what counts as a step, is that of `checker.system`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from checker.network import Envelope
from checker.running import Effect
from checker.system import System
from checker.table import arrays as a
from checker.table.arena import write_deliveries, write_timers
from checker.table.arrays import VIEW_BITS
from checker.table.blocks import Block
from checker.table.numbering import TableLimitError
from checker.table.worlds import WorldTables

#: What may be asked while others read the tables: only `lay_out` writes it there.
HEARD = (a.DELIVERY, a.TIMER, a.PUSH, a.CONTENT)


class Filling(WorldTables):
    """All tables of one system."""

    def __init__(self, system: System, permutations: int = 0) -> None:
        super().__init__(system, permutations)
        #: The tuples of answers whose numbers are in the map, as (process, reply).
        self.answers: list[tuple[Any, ...]] = [()]
        # Each delivery is asked for once; with symmetry all that was asked is verified in the end.
        handling = self.handling
        self._deliver = handling.deliver if permutations else handling.deliver_once
        #: What was asked of deliveries and timeouts, as in a need, and the answer of each: what is yet
        #: to be written, flat.
        self._delivered: list[int] = []
        self._timed: list[int] = []
        #: The envelopes sent so far, as (channel, message), by their `id()`.
        self._sent: dict[int, tuple[int, int]] = {}
        fill: dict[int, Callable[..., None]] = {
            a.WORLD: self._world,
            a.CONTENT: self._content,
            a.PUSH: self._push,
            a.GUARD: self._guard,
            a.REPLY: self._reply,
            a.REQUEST: self._request,
            a.REPORT: self._report,
            a.RESTART: self._restart,
            a.WIPED: self._wiped,
            a.VIEW: self._view,
            a.FOLD: self._fold,
            a.ANSWERS: self._answers,
            a.POLL: self._poll,
        }
        #: What fills in each kind of need, and how much of a need it takes.
        self._fill = {kind: (function, 1 + a.ARITY[kind]) for kind, function in fill.items()}

    def fill(self, need: tuple[int, ...]) -> None:
        """Ask the model what is missing; `lay_out` is to be called before the tables are used."""
        self.log.extend(need)
        kind, x, y, z, local_id = need
        if kind == a.DELIVERY:
            self._delivery(x, y, z)
        elif kind == a.TIMER:
            self._timer(x, y, z, local_id)
        else:
            function, end = self._fill[kind]
            function(*need[1:end])

    def lay_out(self) -> bool:
        """Write what was asked, in tables that are large enough; whether all rows must be laid out
        anew. Of what is `HEARD` nothing is written before this."""
        anew = super().lay_out()
        cells, d = self.arena.cells, self.arena.d
        for name, value, index in self._later:
            self.arena.put(name, value, *index)
        self._later.clear()
        if told := self._delivered:
            write_deliveries(cells, d, Block.of("int64", told), len(told))
            told.clear()
        if told := self._timed:
            write_timers(cells, d, Block.of("int64", told), len(told))
            told.clear()
        return anew

    # -- what the processes do -------------------------------------------------------------

    def _pointer(self, name: str, i: int, effects: Sequence[Effect]) -> int:
        """Where these effects of process i stand in `ops`."""
        if not effects:
            return 0
        ops = [len(effects), self.names(name)]
        for effect in effects:
            sends: dict[int, list[int]] = {}
            for envelope in effect.sends:
                c, m = self._sent.get(id(envelope)) or self._send(envelope)
                sends.setdefault(c, []).append(m)
            ops += [self._local(i, effect.local), len(sends)]
            for c, group in sends.items():
                ops += [c, self.groups[c](tuple(group))]
        key = tuple(ops)
        found = self._pointers.get(key)
        if found is None:
            found = self._pointers[key] = self.append(ops)
        return found

    def _send(self, envelope: Envelope) -> tuple[int, int]:
        c = self.channel(envelope)
        found = self._sent[id(envelope)] = c, self._message(c, envelope)
        return found

    def _useful(self, local: Any, effects: Sequence[Effect]) -> Sequence[Effect]:
        """The effects that do something."""
        return [e for e in effects if e.local is not local or e.sends] if effects else effects

    def _delivery(self, c: int, local_id: int, m: int) -> None:
        local, envelope = self.locals[c // self.n].items[local_id], self.messages[c].items[m]
        effects, p = self._deliver(local, envelope), 0
        if effects:
            if self.kind == "set":
                effects = self._useful(local, effects)
            p = self._pointer(type(envelope.message).__name__, c // self.n, effects)
        self._delivered += (c, local_id, m, p)

    def _fired(self, unlimited: int, h: int, i: int, local_id: int) -> Sequence[Effect]:
        """What may happen when the timeout fires, if it can."""
        handler, local, handling = self._timers[h], self.locals[i].items[local_id], self.handling
        if handling.guard(handler, local) and (unlimited or handling.within_limit(handler, local)):
            return handling.local_event(handler, local)
        return ()

    def _timer(self, unlimited: int, h: int, i: int, local_id: int) -> None:
        effects = self._useful(
            self.locals[i].items[local_id], self._fired(unlimited, h, i, local_id)
        )
        p = self._pointer(self._timers[h].name, i, effects) if effects else 0
        self._timed += (unlimited, h, i, local_id, p)

    def _request(self, h: int, i: int, local_id: int) -> None:
        handler, local = self._requests[h], self.locals[i].items[local_id]
        effects = self._useful(local, self.handling.local_event(handler, local))
        p = self._pointer(handler.name, i, effects)
        self.arena.put("requests", p, h, i, local_id)

    def _guard(self, unlimited: int, h: int, i: int, local_id: int) -> None:
        handler, local = self._polls[h], self.locals[i].items[local_id]
        allowed = self.handling.guard(handler, local) and (
            bool(unlimited) or self.handling.within_limit(handler, local)
        )
        self.arena.put("guards", allowed, unlimited, h, i, local_id)

    def _reply(self, h: int, i: int, local_id: int) -> None:
        reply = self.handling.reply(self._polls[h], self.locals[i].items[local_id])
        number = -2 if reply is None else self.replies(reply)
        self.arena.put("replies", number, h, i, local_id)

    def _answers(self, answers: int, answer: int) -> None:
        if self.get(a.MEMO_ANSWERS, answers, answer) < 0:
            peer, reply = self.ids[answer % self.n], self.replies.items[answer // self.n]
            self.answers.append((*self.answers[answers], (peer, reply)))
            self.put(a.MEMO_ANSWERS, answers, answer, len(self.answers) - 1)

    def _poll(self, answers: int, h: int, i: int, local_id: int) -> None:
        asked = (local_id * len(self._polls) + h) * self.n + i
        if self.get(a.MEMO_POLL, answers, asked) < 0:
            handler, local = self._polls[h], self.locals[i].items[local_id]
            effects = self.handling.poll(handler, local, self.answers[answers])
            p = self._pointer(handler.name, i, self._useful(local, effects))
            self.put(a.MEMO_POLL, answers, asked, p)

    def _report(self, kind: int, i: int, j: int, local_id: int) -> None:
        name, local = ("suspect", "trust")[kind], self.locals[i].items[local_id]
        effects = self.handling.report(name, local, self.ids[j])
        p = self._pointer(name, i, self._useful(local, effects))
        self.arena.put("reports", p, kind, i, j, local_id)

    def _restart(self, i: int, local_id: int) -> None:
        p = self._pointer("restart", i, self.handling.restart(self.locals[i].items[local_id]))
        self.arena.put("restarts", p, i, local_id)

    def _wiped(self, i: int, local_id: int) -> None:
        local = self.handling.crashed(self.locals[i].items[local_id])
        self.arena.put("wiped", self._pointer("crash", i, [Effect(local, ())]), i, local_id)

    def _view(self, down: int, i: int, local_id: int) -> None:
        if self.arena.get("views", down, i, local_id) < 0:
            view = self.handling.view(self.locals[i].items[local_id], not down)
            self.arena.put("views", self.views(view), down, i, local_id)

    def _fold(self, history: int, old: int, new: int) -> None:
        seen = self.histories.items[history]
        before, after = self.views.items[old], self.views.items[new]
        told = tuple(
            self.system.folded(fold, value, before, after)
            for fold, value in zip(self.system.folds, seen, strict=True)
        )
        if history >> 60 - 2 * VIEW_BITS or max(old, new) >> VIEW_BITS:
            raise TableLimitError(
                "there are more different histories or views than the tables hold"
            )
        key = a.fold_key(history, old, new)
        if self.entry(key) < 0:
            self.enter(key, self.histories(told))
