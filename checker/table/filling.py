"""Filling in the tables: what is missing is asked of the model, through the system's handling.

Everything gets its number here, in the order in which it is met. Nothing here decides anything; the
order of what may happen, and what counts as a step, is that of `checker.system`.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any

import attrs
import numpy as np

from checker.errors import UsageError
from checker.faults import World, partitions
from checker.handling import Effect
from checker.network import Envelope
from checker.properties import Property, Watch
from checker.system import ClusterState, System
from checker.table import arrays as a
from checker.table.arrays import HALF, VIEW_BITS, Arena, Array
from checker.table.rows import Layout
from checker.values import Renaming, order_key

#: The most cells that the tables may take.
LARGEST = 1 << 28


class TableLimitError(UsageError):
    """Something outgrew the tables: the reference explorer has no such limit."""


class Numbers:
    """Numbers of objects that are interned elsewhere, so that `is` is equality."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._numbers: dict[int, int] = {}

    def __call__(self, item: Any) -> int:
        found = self._numbers.setdefault(id(item), len(self.items))
        if found == len(self.items):
            self.items.append(item)
        return found


class Values:
    """Numbers of values, equal ones having the same."""

    def __init__(self, *first: Any) -> None:
        self.items: list[Any] = []
        self._numbers: dict[Any, int] = {}
        for item in first:
            self(item)

    def __call__(self, item: Any) -> int:
        found = self._numbers.setdefault(item, len(self.items))
        if found == len(self.items):
            self.items.append(item)
        return found


class Filling:
    """The tables of one system, and the numbers of all that they speak of."""

    def __init__(self, system: System, watch: Watch, permutations: int = 0) -> None:
        if len(watch.properties) > HALF:
            raise TableLimitError(
                f"the table engine watches at most {HALF} properties at once: name fewer, or"
                " choose --engine reference"
            )
        self.system = system
        self.watch = watch
        self.handling = system.handling
        self.ids = system.ids
        n = self.n = len(system.ids)
        self.place = {id: i for i, id in enumerate(self.ids)}
        self.kind = system.environment.network
        self.locals = [Numbers() for _ in range(n)]
        self.messages = [Numbers() for _ in range(n * n)]
        self.contents = [Values(()) for _ in range(n * n)]
        self.groups = [Values() for _ in range(n * n)]
        self.worlds, self.histories, self.names = Values(), Values(), Values()
        self.views, self.replies = Numbers(), Numbers()
        #: The tuples whose numbers are in the map: of views, and of answers (process, reply).
        self.seen: list[tuple[Any, ...]] = [()]
        self.answers: list[tuple[Any, ...]] = [()]
        self._timers = self.handling.of("timeout")
        self._polls = self.handling.of("poll")
        self._requests = self.handling.of("request")
        self._cuts = partitions(self.ids, system.environment.cuts)
        self._at = {fold: i for i, fold in enumerate(system.folds)}
        self.properties = [p for p in watch.properties if p.kind != "step"]
        self.step_properties = [p for p in watch.properties if p.kind == "step"]
        self._pointers: dict[tuple[int, ...], int] = {}
        self._keys: dict[int, Any] = {}
        self._entries = 0
        self._channels: list[int] = []
        self.ops = np.zeros(1024, dtype=np.int64)
        self._ops_used = 0
        self.memo = np.zeros((1024, 2), dtype=np.int64)
        #: Everything that was asked, five numbers each, in order: it gives everything its number.
        self.log = array("q")
        self._begin(permutations)
        self.layout = Layout([0] * (2 + n + n * n))
        self._fill: dict[int, Callable[..., None]] = {
            a.WORLD: self._world,
            a.CONTENT: self._content,
            a.DELIVERY: self._delivery,
            a.PUSH: self._push,
            a.TIMER: self._timer,
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

    # -- what the explorer uses ------------------------------------------------------------

    def fill(self, need: tuple[int, ...]) -> None:
        """Ask the model what is missing; `lay_out` is to be called before the tables are used."""
        kind, *args = need
        self.log.extend(need)
        self._fill[kind](*args[: a.ARITY[kind]])

    def counts(self) -> list[int]:
        """How many numbers each field of a row must hold."""
        worlds, histories = len(self.worlds.items), len(self.histories.items)
        return [
            *(len(numbers.items) for numbers in self.locals),
            worlds,
            histories,
            *(len(contents.items) for contents in self.contents),
        ]

    def lay_out(self) -> bool:
        """Make every axis and field large enough; whether all rows must be laid out anew."""
        self.make_room()
        counts = self.counts()
        anew = not self.layout.fits(counts)
        if anew:
            self.take_layout(self.layout.grown(counts))
        return anew

    def take_layout(self, layout: Layout) -> None:
        """Let rows be packed like this."""
        table, self.layout = self.arena.table, layout
        self.arena.d[a.WORDS] = layout.words
        table["word"][:] = layout.word
        table["shift"][:] = layout.shift
        table["mask"][:] = layout.mask

    def make_room(self) -> None:
        """Make every axis long enough for the numbers given so far."""
        longest: dict[str, Any] = {
            "l": self.locals, "m": self.messages, "q": self.contents, "g": self.groups
        }  # fmt: skip
        wanted = {axis: max(len(x.items) for x in each) for axis, each in longest.items()}
        wanted |= {"w": len(self.worlds.items), "y": len(self.histories.items)}
        try:
            self.arena.make_room(wanted)
        except OverflowError as error:
            raise TableLimitError(f"{error}; choose --engine reference") from error

    def encode(self, state: ClusterState) -> list[int]:
        """The fields of a state."""
        fields = [self._local(i, local) for i, local in enumerate(state.locals)]
        fields += [self.worlds(state.world), self.histories(state.history)]
        flights: list[list[int]] = [[] for _ in range(self.n**2)]
        for envelope in state.flight:
            c = self.channel(envelope)
            flights[c].append(self._message(c, envelope))
        return fields + [self.contents[c](tuple(flight)) for c, flight in enumerate(flights)]

    def decode(self, row: Array) -> ClusterState:
        """The state that a row stands for."""
        fields = self.layout.unpack(row)
        n = self.n
        locals_ = tuple(self.locals[i].items[fields[i]] for i in range(n))
        flight = tuple(
            self.messages[c].items[m]
            for c in self._channels
            for m in self.contents[c].items[fields[n + 2 + c]]
        )
        world, history = self.worlds.items[fields[n]], self.histories.items[fields[n + 1]]
        return ClusterState(locals_, flight, world, history)

    def channel(self, envelope: Envelope) -> int:
        """The number of the channel of an envelope."""
        return self.place[envelope.dst] * self.n + self.place[envelope.src]

    def see(self, row: Array) -> int:
        """Enter the tuple of views that a state shows; its number."""
        fields = self.layout.unpack(row)
        world = fields[self.n]
        if not self.arena.table["known"][world]:
            self.fill((a.WORLD, world, 0, 0, 0))
        shown = []
        for i in range(self.n):
            down = int(self.arena.table["down"][world, i])
            if self.arena.table["views"][down, i, fields[i]] < 0:
                self.fill((a.VIEW, down, i, fields[i], 0))
            shown.append(int(self.arena.table["views"][down, i, fields[i]]))
        width = a.PACKED_BITS // self.n
        if len(self.views.items) > 1 << width:
            width = 0
        self.arena.d[a.VIEW_WIDTH] = width
        return self._seen_packed(shown, width) if width else self._seen_chained(shown)

    def _seen_packed(self, shown: list[int], width: int) -> int:
        packed = 0
        for view in shown:
            packed = packed << width | view
        key = int(a.packed_key(packed))
        found = int(a.memo_get(self.memo, key))
        if found < 0:
            found = len(self.seen)
            self.seen.append(tuple(self.views.items[view] for view in shown))
            self._enter(key, found)
        return found

    def _seen_chained(self, shown: list[int]) -> int:
        """Where there are too many views for one key: a number for each beginning of the tuple."""
        seen = 0
        for view in shown:
            found = self._get(a.MEMO_VIEWS, seen, view)
            if found < 0:
                found = len(self.seen)
                self.seen.append((*self.seen[seen], self.views.items[view]))
                self._put(a.MEMO_VIEWS, seen, view, found)
            seen = found
        return seen

    def look(self, row: Array) -> None:
        """Enter the word of the properties on a state."""
        seen, history = self.see(row), self.layout.unpack(row)[self.n + 1]
        if self._get(a.MEMO_WORD, seen, history) >= 0:
            return
        views, remembered = self.seen[seen], self.histories.items[history]

        def ask(prop: Property) -> bool:
            told = (remembered[self._at[fold]] for fold in prop.folds)
            return self.watch.ask(prop, views, *told) is True

        word = 0
        for bit, prop in enumerate(self.properties):
            if prop.name not in self.watch.decided and ask(prop) == (prop.kind == "reachable"):
                word |= 1 << bit
        for bit, prop in enumerate(self.watch.properties):
            if prop.about is not None and prop.name not in self.watch.spoken and ask(prop.about):
                word |= 1 << HALF + bit
        self._put(a.MEMO_WORD, seen, history, word)

    def look_at_step(self, before: Array, after: Array) -> None:
        """Enter the word of the step properties on a transition."""
        old, new = self.see(before), self.see(after)
        if old == new or self._get(a.MEMO_STEP, old, new) >= 0:
            return
        word = 0
        for bit, prop in enumerate(self.step_properties):
            if prop.name in self.watch.decided:
                continue
            if self.watch.ask(prop, self.seen[old], self.seen[new]) is not True:
                word |= 1 << bit
        self._put(a.MEMO_STEP, old, new, word)

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

    # -- numbers ---------------------------------------------------------------------------

    def _local(self, i: int, local: Any) -> int:
        return self.locals[i](local)

    def _message(self, c: int, envelope: Envelope) -> int:
        if not self.messages[c].items:
            self._use(c)
        return self.messages[c](envelope)

    def _use(self, c: int) -> None:
        """Take a channel into use, at its place in the order of delivery."""
        n = self.n
        self._channels.append(c)
        self._channels.sort(key=lambda x: (self.ids[x // n], self.ids[x % n]))
        self.arena.table["used"][: len(self._channels)] = self._channels
        self.arena.d[a.CHANNELS] = len(self._channels)

    def _order(self, envelope: Envelope) -> Any:
        if id(envelope) not in self._keys:
            self._keys[id(envelope)] = order_key(envelope.message)
        return self._keys[id(envelope)]

    # -- arrays ----------------------------------------------------------------------------

    def _begin(self, permutations: int) -> None:
        """Tables in which nothing is known."""
        n, environment = self.n, self.system.environment
        drops = environment.budget.drops
        sizes = {
            "i": n, "c": n * n, "u": 2, "T": len(self._timers), "P": len(self._polls),
            "R": len(self._requests), "k": drops + 2, "a": n + 1, "p": permutations,
            "f": 2 + n + n * n, "l": 8, "m": 8, "q": 8, "g": 8, "w": 8, "y": 8,
        }  # fmt: skip
        self.arena = Arena(sizes, LARGEST)
        d, table = self.arena.d, self.arena.table
        d[a.N] = n
        d[a.SYNCHRONOUS] = environment.timing == "synchronous"
        d[a.DETECTOR] = environment.detector != "none"
        d[a.DROPS] = self.system._drops
        d[a.FOLDS] = bool(self.system.folds)
        table["target"][:] = np.arange(n * n) // n
        # Pointer 0: nothing happens.
        self._append((0,))
        d[a.DROP] = self._fault("drop")
        self._fault("duplicate")
        for answers in range(n + 1):
            for lost in range(answers + 1):
                masks = [
                    sum(1 << x for x in heard)
                    for heard in combinations(range(answers), answers - lost)
                ]
                table["choices"][answers, lost] = self._append((len(masks), *masks))

    def _append(self, numbers: Sequence[int]) -> int:
        """Add a list to `ops`; where it begins."""
        at = self._ops_used
        self._ops_used = at + len(numbers)
        if self._ops_used > len(self.ops):
            self.ops = np.append(self.ops, np.zeros(len(self.ops), dtype=np.int64))
        self.ops[at : at + len(numbers)] = numbers
        return at

    def _fault(self, name: str) -> int:
        """Where the effect stands that changes no local state and sends nothing."""
        ops = (1, self.names(name), -1, 0)
        if ops not in self._pointers:
            self._pointers[ops] = self._append(ops)
        return self._pointers[ops]

    def _get(self, kind: int, x: int, y: int) -> int:
        return int(a.memo_get(self.memo, a.memo_key(kind, x, y)))

    def _put(self, kind: int, x: int, y: int, value: int) -> None:
        if x >> HALF or y >> HALF:
            raise TableLimitError("there are more different views or answers than the tables hold")
        self._enter(int(a.memo_key(kind, x, y)), value)

    def _enter(self, key: int, value: int) -> None:
        if self._entries * 2 >= len(self.memo):
            larger = np.zeros((2 * len(self.memo), 2), dtype=np.int64)
            a.memo_move(self.memo, larger)
            self.memo = larger
        a.memo_put(self.memo, key, value)
        self._entries += 1

    # -- what the processes do -------------------------------------------------------------

    def _pointer(self, name: str, i: int, effects: Iterable[Effect]) -> int:
        """Where these effects of process i stand in `ops`."""
        ops = [0, self.names(name)]
        for effect in effects:
            sends: dict[int, list[int]] = {}
            for envelope in effect.sends:
                c = self.channel(envelope)
                sends.setdefault(c, []).append(self._message(c, envelope))
            ops[0] += 1
            ops += [self._local(i, effect.local), len(sends)]
            for c, group in sends.items():
                ops += [c, self.groups[c](tuple(group))]
        if ops[0] == 0:
            return 0
        if tuple(ops) not in self._pointers:
            self._pointers[tuple(ops)] = self._append(ops)
        return self._pointers[tuple(ops)]

    def _useful(self, local: Any, effects: Iterable[Effect]) -> list[Effect]:
        """The effects that do something."""
        return [e for e in effects if e.local is not local or e.sends]

    def _delivery(self, c: int, local_id: int, m: int) -> None:
        i = c // self.n
        local, envelope = self.locals[i].items[local_id], self.messages[c].items[m]
        effects: Iterable[Effect] = self.handling.deliver(local, envelope)
        if self.kind == "set":
            effects = self._useful(local, effects)
        p = self._pointer(type(envelope.message).__name__, i, effects)
        self.arena.table["deliveries"][c, local_id, m] = p
        if p == 0 and m < a.LAST_BIT:
            self.arena.table["live"][c, local_id] &= ~a.bit_of(m)

    def _timer(self, unlimited: int, h: int, i: int, local_id: int) -> None:
        handler, local = self._timers[h], self.locals[i].items[local_id]
        effects: Iterable[Effect] = ()
        if unlimited or self.handling.within_limit(handler, local):
            effects = self._useful(local, self.handling.local_event(handler, local))
        p = self._pointer(handler.name, i, effects)
        self.arena.table["timers"][unlimited, h, i, local_id] = p

    def _request(self, h: int, i: int, local_id: int) -> None:
        handler, local = self._requests[h], self.locals[i].items[local_id]
        effects = self._useful(local, self.handling.local_event(handler, local))
        p = self._pointer(handler.name, i, effects)
        self.arena.table["requests"][h, i, local_id] = p

    def _guard(self, unlimited: int, h: int, i: int, local_id: int) -> None:
        handler, local = self._polls[h], self.locals[i].items[local_id]
        self.arena.table["guards"][unlimited, h, i, local_id] = self.handling.guard(
            handler, local
        ) and (bool(unlimited) or self.handling.within_limit(handler, local))

    def _reply(self, h: int, i: int, local_id: int) -> None:
        reply = self.handling.reply(self._polls[h], self.locals[i].items[local_id])
        self.arena.table["replies"][h, i, local_id] = -2 if reply is None else self.replies(reply)

    def _answers(self, answers: int, answer: int) -> None:
        if self._get(a.MEMO_ANSWERS, answers, answer) < 0:
            peer, reply = self.ids[answer % self.n], self.replies.items[answer // self.n]
            self.answers.append((*self.answers[answers], (peer, reply)))
            self._put(a.MEMO_ANSWERS, answers, answer, len(self.answers) - 1)

    def _poll(self, answers: int, h: int, i: int, local_id: int) -> None:
        asked = (local_id * len(self._polls) + h) * self.n + i
        if self._get(a.MEMO_POLL, answers, asked) < 0:
            handler, local = self._polls[h], self.locals[i].items[local_id]
            effects = self.handling.poll(handler, local, self.answers[answers])
            p = self._pointer(handler.name, i, self._useful(local, effects))
            self._put(a.MEMO_POLL, answers, asked, p)

    def _report(self, kind: int, i: int, j: int, local_id: int) -> None:
        name, local = ("suspect", "trust")[kind], self.locals[i].items[local_id]
        effects = self.handling.report(name, local, self.ids[j])
        p = self._pointer(name, i, self._useful(local, effects))
        self.arena.table["reports"][kind, i, j, local_id] = p

    def _restart(self, i: int, local_id: int) -> None:
        p = self._pointer("restart", i, self.handling.restart(self.locals[i].items[local_id]))
        self.arena.table["restarts"][i, local_id] = p

    def _wiped(self, i: int, local_id: int) -> None:
        local = self.handling.crashed(self.locals[i].items[local_id])
        self.arena.table["wiped"][i, local_id] = self._pointer("crash", i, [Effect(local, ())])

    def _view(self, down: int, i: int, local_id: int) -> None:
        if self.arena.table["views"][down, i, local_id] < 0:
            view = self.handling.view(self.locals[i].items[local_id], not down)
            self.arena.table["views"][down, i, local_id] = self.views(view)

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
        key = int(a.fold_key(history, old, new))
        if a.memo_get(self.memo, key) < 0:
            self._enter(key, self.histories(told))

    # -- the network -----------------------------------------------------------------------

    def _sorted(self, c: int, content: Iterable[int]) -> tuple[int, ...]:
        """What is in a channel, in the order of the network."""
        if self.kind == "fifo":
            return tuple(content)
        items = self.messages[c].items
        return tuple(sorted(content, key=lambda m: self._order(items[m])))

    def _push(self, c: int, q: int, g: int) -> None:
        old, group = self.contents[c].items[q], self.groups[c].items[g]
        new = [m for m in dict.fromkeys(group) if m not in old] if self.kind == "set" else group
        self.arena.table["pushes"][c, q, g] = self.contents[c](self._sorted(c, (*old, *new)))

    def renamed_content(self, c: int, q: int, to: int, names: Renaming) -> int:
        """The number of a channel's content once the processes are renamed, in channel `to`."""
        items = self.messages[c].items
        renamed = [
            self._message(to, self.handling.named(items[m], names))
            for m in self.contents[c].items[q]
        ]
        return self.contents[to](self._sorted(to, renamed))

    def _content(self, c: int, q: int) -> None:
        content = self.contents[c].items[q]
        heads = content[:1] if self.kind == "fifo" else tuple(dict.fromkeys(content))
        numbers = [len(heads)]
        for m in heads:
            at = content.index(m)
            rest = doubled = content
            if self.kind != "set":
                rest = content[:at] + content[at + 1 :]
                if self.system.environment.budget.duplicates:
                    doubled = (*content[:at], m, *content[at:])
            numbers += [m, self.contents[c](rest), self.contents[c](doubled)]
        self.arena.table["contents"][c, q] = self._append(numbers)
        bits = {a.bit_of(m) for m in heads}
        self.arena.table["heads"][c, q] = sum(bits)

    # -- the world -------------------------------------------------------------------------

    def _world(self, w: int) -> None:
        self.make_room()
        if self.arena.table["known"][w]:
            return
        world: World = self.worlds.items[w]
        dead = world.dead()
        reach = world.reach(self.ids)
        # Numbers first: giving one may make the arrays larger.
        steps = self._world_steps(world)
        moves = [n for name, after in self._moves(world) for n in (self._fault(name), after)]
        moves_at = self._append((len(moves) // 2, *moves))
        self.make_room()
        t = self.arena.table
        t["requested"][w] = steps["requests"]
        t["suspected"][w] = steps["suspicions"]
        t["doubled"][w] = steps["duplicates"]
        for i, id in enumerate(self.ids):
            t["stepping"][w, i] = world.steps(id)
            t["down"][w, i] = id in world.down
            t["dead"][w, i] = id in dead
            t["crashed"][w, i] = steps["crash", i]
            t["restarted"][w, i] = steps["restart", i]
            for j, peer in enumerate(self.ids):
                open_ = (peer, id) not in world.blocked and world.steps(id)
                t["opened"][w, i * self.n + j] = open_
        for what, table in ((1, reach.heard), (2, reach.silent)):
            for id, peers in table:
                for peer in peers:
                    t["reach"][w, self.place[id], self.place[peer]] = what
        for k in range(1, world.budget.drops + 1):
            t["lost"][w, k] = steps["drops", k]
        t["graves"][w] = bool(dead)
        t["calm"][w] = not (world.blocked or world.paused)
        t["paused"][w] = bool(world.paused)
        t["moves"][w] = moves_at
        t["known"][w] = 1

    def _world_steps(self, world: World) -> dict[Any, int]:
        """The worlds in which a budget is spent, -1 where it cannot be."""
        budget = world.budget
        found: dict[Any, int] = {}
        for kind in ("requests", "suspicions", "duplicates"):
            able = getattr(budget, kind) > 0
            found[kind] = self.worlds(attrs.evolve(world, budget=world.spent(kind))) if able else -1
        for k in range(1, budget.drops + 1):
            left = attrs.evolve(budget, drops=budget.drops - k)
            found["drops", k] = self.worlds(attrs.evolve(world, budget=left))
        for i, id in enumerate(self.ids):
            found["crash", i] = found["restart", i] = -1
            if budget.crashes and id not in world.down:
                after = World(
                    world.spent("crashes"), world.down | {id}, world.paused - {id}, world.blocked
                )
                found["crash", i] = self.worlds(after)
            if budget.restarts and id in world.down:
                after = attrs.evolve(world, budget=world.spent("restarts"), down=world.down - {id})
                found["restart", i] = self.worlds(after)
        return found

    def _moves(self, world: World) -> Iterable[tuple[str, int]]:
        """Cuts, healing, pauses and returns, in order: their names, and the worlds after them."""
        if world.budget.partitions:
            left = attrs.evolve(world, budget=world.spent("partitions"))
            for shape in self._cuts:
                if not shape <= world.blocked:
                    yield "cut", self.worlds(attrs.evolve(left, blocked=world.blocked | shape))
        if world.blocked:
            yield "heal", self.worlds(attrs.evolve(world, blocked=frozenset()))
        if world.budget.pauses:
            left = attrs.evolve(world, budget=world.spent("pauses"))
            for id in self.ids:
                if world.steps(id):
                    yield "pause", self.worlds(attrs.evolve(left, paused=world.paused | {id}))
        for id in sorted(world.paused):
            yield "resume", self.worlds(attrs.evolve(world, paused=world.paused - {id}))
