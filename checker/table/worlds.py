"""Filling in what may happen to messages and to the world; no model is asked."""

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from checker.faults import World, partitions
from checker.system import System
from checker.table import arrays as a
from checker.table.tables import Tables


class WorldTables(Tables):
    """Tables of the network and of the world."""

    def __init__(self, system: System, permutations: int = 0) -> None:
        super().__init__(system, permutations)
        #: What is yet to be written: table, entry, place.
        self._later: list[tuple[str, int, tuple[int, ...]]] = []
        self._cuts = partitions(self.ids, system.environment.cuts)

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
        self._later.append(("pushes", self.contents[c](self._sorted(c, (*old, *new))), (c, q, g)))

    def renamed_content(self, c: int, q: int, to: int, named: Callable[[Any], Any]) -> int:
        """The number of a channel's content once its messages are renamed, in channel `to`."""
        items = self.messages[c].items
        renamed = [self._message(to, named(items[m])) for m in self.contents[c].items[q]]
        return self.contents[to](self._sorted(to, renamed))

    def _content(self, c: int, q: int) -> None:
        content = self.contents[c].items[q]
        heads = content[:1] if self.kind == "fifo" else tuple(dict.fromkeys(content))
        numbers = [len(heads)]
        for m in heads:
            at = content.index(m)
            rest = doubled = q
            if self.kind != "set":
                rest = self.contents[c](content[:at] + content[at + 1 :])
                if self.system.environment.budget.duplicates:
                    doubled = self.contents[c]((*content[:at], m, *content[at:]))
            numbers += [m, rest, doubled]
        bits = {a.bit_of(m) for m in heads}
        self._later.append(("heads", sum(bits), (c, q)))
        self._later.append(("contents", self.append(numbers), (c, q)))

    # -- the world -------------------------------------------------------------------------

    def _world(self, w: int) -> None:
        self.make_room()
        if self.arena.get("known", w):
            return
        world: World = self.worlds.items[w]
        dead = world.dead()
        reach = world.reach(self.ids)
        # Numbers first: giving one may make the arrays larger.
        steps = self._world_steps(world)
        moves = [n for name, after in self._moves(world) for n in (self._fault(name), after)]
        moves_at = self.append((len(moves) // 2, *moves))
        self.make_room()
        put = self.arena.put
        put("requested", steps["requests"], w)
        put("suspected", steps["suspicions"], w)
        put("doubled", steps["duplicates"], w)
        for i, id in enumerate(self.ids):
            put("stepping", world.steps(id), w, i)
            put("down", id in world.down, w, i)
            put("dead", id in dead, w, i)
            put("crashed", steps["crash", i], w, i)
            put("restarted", steps["restart", i], w, i)
            for j, peer in enumerate(self.ids):
                open_ = (peer, id) not in world.blocked and world.steps(id)
                put("opened", open_, w, i * self.n + j)
        for what, table in ((1, reach.heard), (2, reach.silent)):
            for id, peers in table:
                for peer in peers:
                    put("reach", what, w, self.place[id], self.place[peer])
        for k in range(1, world.budget.drops + 1):
            put("lost", steps["drops", k], w, k)
        put("graves", bool(dead), w)
        put("calm", not (world.blocked or world.paused), w)
        put("paused", bool(world.paused), w)
        put("moves", moves_at, w)
        able = [step for kind, step in steps.items() if kind not in ("requests", "suspicions")]
        put("faulty", bool(moves) or max(able, default=-1) >= 0, w)
        put("known", 1, w)

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
