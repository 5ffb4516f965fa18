"""The tables of one system, how they grow, and how states are written in their numbers."""

from array import array
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from checker.network import Envelope
from checker.system import ClusterState, System
from checker.table import arrays as a
from checker.table.arena import Arena
from checker.table.arrays import HALF
from checker.table.blocks import Block
from checker.table.numbering import Numbers, TableLimitError, Values
from checker.table.rows import Layout
from checker.values import order_key

#: The most cells that the tables may take.
LARGEST = 1 << 28


class Tables:
    """Tables in which nothing is known yet, and the numbers of all that they speak of."""

    def __init__(self, system: System, permutations: int = 0) -> None:
        self.system = system
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
        self._timers = self.handling.of("timeout")
        self._polls = self.handling.of("poll")
        self._requests = self.handling.of("request")
        self._pointers: dict[tuple[int, ...], int] = {}
        self._keys: dict[int, Any] = {}
        #: What `memo` holds, for Python.
        self._entries: dict[int, int] = {}
        self._channels: list[int] = []
        self.ops = Block("int64", 1024)
        self._ops_used = 0
        self.memo = Block("int64", 1024, 2)
        #: Everything that was asked, five numbers each, in order: it gives everything its number.
        self.log = array("q")
        self._begin(permutations)
        numbered: list[Numbers | Values] = [
            *self.locals, *self.messages, *self.contents, *self.groups, self.worlds, self.histories,
        ]  # fmt: skip
        self._numbered = [numbers.items for numbers in numbered]
        #: How many numbers of these had been given when rows were last laid out.
        self._laid_out = 0
        self.take_layout(Layout([0] * (2 + n + n * n)))

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
        given = sum(map(len, self._numbered))
        if given == self._laid_out:
            return False
        self.make_room()
        self._use_channels()
        self._laid_out = given
        counts = self.counts()
        anew = not self.layout.fits(counts)
        if anew:
            self.take_layout(self.layout.grown(counts))
        return anew

    def take_layout(self, layout: Layout) -> None:
        """Let rows be packed like this."""
        self.layout = layout
        self.arena.d.flat[a.WORDS] = layout.words
        for name, told in (("word", layout.word), ("shift", layout.shift), ("mask", layout.mask)):
            for field, number in enumerate(told.flat):
                self.arena.put(name, number, field)

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
        """The fields of a state; `lay_out` is to be called before they are packed."""
        fields = [self._local(i, local) for i, local in enumerate(state.locals)]
        fields += [self.worlds(state.world), self.histories(state.history)]
        flights: list[list[int]] = [[] for _ in range(self.n**2)]
        for envelope in state.flight:
            c = self.channel(envelope)
            flights[c].append(self._message(c, envelope))
        return fields + [self.contents[c](tuple(flight)) for c, flight in enumerate(flights)]

    def decode(self, row: Sequence[int]) -> ClusterState:
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

    def _use_channels(self) -> None:
        """Write which channels are in use, if there are more than before."""
        if self.arena.d.flat[a.CHANNELS] == len(self._channels):
            return
        for at, channel in enumerate(self._channels):
            self.arena.put("used", channel, at)
        self.arena.d.flat[a.CHANNELS] = len(self._channels)

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
        d = self.arena.d.flat
        d[a.N] = n
        d[a.SYNCHRONOUS] = environment.timing == "synchronous"
        d[a.DETECTOR] = environment.detector != "none"
        d[a.DROPS] = self.system._drops
        d[a.KEEPS] = self.kind == "set"
        d[a.FOLDS] = bool(self.system.folds)
        for channel in range(n * n):
            self.arena.put("target", channel // n, channel)
            # Nothing arrives from an empty channel.
            self.arena.put("heads", 0, channel, 0)
        # Pointer 0: nothing happens.
        self.append((0,))
        d[a.DROP] = self._fault("drop")
        self._fault("duplicate")
        for answers in range(n + 1):
            for lost in range(answers + 1):
                masks = [
                    sum(1 << x for x in heard)
                    for heard in combinations(range(answers), answers - lost)
                ]
                self.arena.put("choices", self.append((len(masks), *masks)), answers, lost)

    def append(self, numbers: Sequence[int]) -> int:
        """Add a list to `ops`; where it begins."""
        at = self.reserve(len(numbers))
        self.ops.flat[at : at + len(numbers)] = array("q", numbers)
        return at

    def reserve(self, places: int) -> int:
        """Room for so many numbers in `ops`; where it begins."""
        at = self._ops_used
        self._ops_used = at + places
        if self._ops_used > len(self.ops):
            larger = Block("int64", len(self.ops) + max(len(self.ops), places))
            self.ops = self.ops.copy_to(larger)
        return at

    def give_back(self, end: int) -> None:
        """What was reserved last is needed up to here only."""
        self._ops_used = end

    def _fault(self, name: str) -> int:
        """Where the effect stands that changes no local state and sends nothing."""
        ops = (1, self.names(name), -1, 0)
        if ops not in self._pointers:
            self._pointers[ops] = self.append(ops)
        return self._pointers[ops]

    def get(self, kind: int, x: int, y: int) -> int:
        """The value that the map has for this key, or -1."""
        return self.entry(a.memo_key(kind, x, y))

    def entry(self, key: int) -> int:
        """The same, of a key as the map has it."""
        return self._entries.get(key, -1)

    def put(self, kind: int, x: int, y: int, value: int) -> None:
        """Enter a value under a key that is not in the map."""
        if x >> HALF or y >> HALF:
            raise TableLimitError("there are more different views or answers than the tables hold")
        self.enter(a.memo_key(kind, x, y), value)

    def enter(self, key: int, value: int) -> None:
        """The same, of a key as the map has it."""
        if len(self._entries) * 2 >= len(self.memo):
            larger = Block("int64", 2 * len(self.memo), 2)
            a.memo_move(self.memo, larger)
            self.memo = larger
        a.memo_put(self.memo, key, value)
        self._entries[key] = value
