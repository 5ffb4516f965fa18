"""Symmetry reduction: states that differ by a renaming of interchangeable processes count once.

The key of a state is the exact minimum, over all permutations that the protocol claims, of its image
in interned numbers, so the number of keys is the number of orbits. The claim is earned: `verify`
checks on everything that the search asked of the model that handlers, views, histories and
properties commute with renaming.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, permutations, product
from typing import Any, TypeVar

from checker.errors import ModelError, UnsoundError
from checker.network import Envelope
from checker.properties import Watch
from checker.running import NOTHING, Effect, place
from checker.system import ClusterState, System
from checker.values import Id, Renaming, rename

K = TypeVar("K")
V = TypeVar("V")


class Symmetry:
    """The canonical form of the states of one system."""

    def __init__(self, system: System) -> None:
        """Raises UnsoundError where the protocol claims no symmetry, and ModelError where its claim
        makes no sense."""
        groups = system.protocol.symmetric()
        name = type(system.protocol).__name__
        if not groups:
            raise UnsoundError(
                f"{name} does not claim that any processes are interchangeable (in most such models"
                " ids are compared): run it with --no-symmetry"
            )
        named = [id for group in groups for id in group]
        if wrong := [id for id in named if id not in system.ids or named.count(id) > 1]:
            raise ModelError(
                f"{place(system.protocol.symmetric)}: symmetric() names {wrong[0]}, which is no"
                f" process of this cluster, or stands there twice: each of"
                f" {', '.join(map(str, system.ids))} belongs to one group at the most"
            )
        self.system = system
        self._number = system.handling.value.number
        self._value = system.handling.value
        self.renamings: tuple[Renaming, ...] = tuple(_renamings(groups))
        at = {id: i for i, id in enumerate(system.ids)}
        #: For each permutation, the place to which each process moves.
        self.moves = [
            tuple([at[names.get(id, id)] for id in system.ids]) for names in self.renamings
        ]
        #: Each permutation that is no generator as (the generator that comes last, all that comes
        #: before it), those before it first.
        generators, self.products = _generated(
            self.moves, [[at[id] for id in group] for group in groups]
        )
        #: The permutations of which all are products, by number.
        self.named = {p: Named(system, self.renamings[p]) for p in generators}
        self._tables: list[dict[int, int]] = [{} for _ in self.renamings]
        self._fifo = system.network.kind == "fifo"

    def key(self, state: ClusterState) -> tuple[Any, ...]:
        """The same for two states just if one is a renaming of the other."""
        number = self._number
        locals_ = [number(local) for local in state.locals]
        flight = [number(envelope) for envelope in state.flight]
        rest = number((state.world.down, state.world.paused, state.world.blocked))
        history = number(state.history)
        images = []
        for at, table in enumerate(self._tables):
            image = [0] * len(locals_)
            for target, local in zip(self.moves[at], locals_, strict=True):
                renamed = table.get(local)
                image[target] = self._renamed(at, local) if renamed is None else renamed
            images.append(image)
        # Only the permutations that make the local states least can make the whole least.
        first = min(images)
        candidates = [at for at, image in enumerate(images) if image == first]
        least = min(
            (
                self._renamed(at, rest),
                self._renamed(at, history),
                sorted(
                    [self._renamed(at, envelope) for envelope in flight],
                    key=self._channel if self._fifo else None,
                ),
            )
            for at in candidates
        )
        return (state.world.budget, *first, least[0], least[1], *least[2])

    def _channel(self, number: int) -> tuple[Id, Id]:
        envelope = self._value[number]
        return envelope.dst, envelope.src

    def _renamed(self, at: int, number: int) -> int:
        found = self._tables[at].get(number)
        if found is None:
            found = self._number(rename(self._value[number], self.renamings[at]))
            self._tables[at][number] = found
        return found

    def verify(self, watch: Watch) -> None:
        """Raises UnsoundError, with the instance, where the model does not commute with renaming.

        Checked is everything that the search asked of handlers, limits, views, histories and
        properties, and all that it becomes by renaming, so every state of the orbits that it met.
        That all this commutes with the generators is enough: what is renamed is itself checked.
        """
        system, generators = self.system, tuple(self.named.values())
        for by in generators:
            for id in system.ids:
                image = rename(frozenset(system.handling.initial(id)), by.names)
                if frozenset(system.handling.initial(by.names.get(id, id))) != image:
                    self._refuse(f"the initial state of {id}", by.names)
        images: list[tuple[Named, Callable[[int], Any]]] = [(by, by.image.get) for by in generators]
        for question in system.handling.questions:
            # What is asked of renamed arguments is added to what is kept.
            again, kept = question.again, question.kept
            for key, found in _growing(kept):
                word = found[-1]
                plain = word is NOTHING or word is True or word is False
                for by, image in images:
                    there = kept.get(tuple(map(image, key)))
                    given = again(*map(by, found[:-1])) if there is None else there[-1]
                    if not ((plain and given is word) or by.commutes(word, given)):
                        shown = ", ".join(map(str, found[:-1]))
                        self._refuse(f"{question.what}, with {shown},", by.names)
        for prop, words in watch.kept.items():
            views = 2 if prop.kind == "step" else 1
            for args, said in _growing(words):
                for by in generators:
                    seen = map(by.in_place, args[:views])
                    if (watch.ask(prop, *seen, *map(by, args[views:])) is True) != (said is True):
                        self._refuse(f"property {prop.name}, on {list(args)},", by.names)

    def _refuse(self, what: str, names: Renaming) -> None:
        swapped = ", ".join(f"{a} as {b}" for a, b in names.items() if a != b)
        raise UnsoundError(
            f"{type(self.system.protocol).__name__} claims that processes are interchangeable, but"
            f" {what} does not commute with naming {swapped}: ids may not be compared or singled out"
            " where symmetry is claimed. Drop the claim, or run with --no-symmetry"
        )


def _growing(kept: dict[K, V]) -> Iterator[tuple[K, V]]:
    """All that is in a dict, which grows meanwhile."""
    done = 0
    while more := list(islice(kept.items(), done, None)):
        done += len(more)
        yield from more


class Named:
    """One renaming of everything; what is interned is renamed once."""

    def __init__(self, system: System, names: Renaming) -> None:
        self.names = names
        self._value = system.handling.value
        self._swap = all(names.get(image, image) == id for id, image in names.items())
        self._done: dict[int, tuple[Any, Any]] = {}
        #: The `id()` of what has been renamed, and of what it has become.
        self.image: dict[int, int] = {}
        origins = {names.get(id, id): at for at, id in enumerate(system.ids)}
        self._origins = [origins[id] for id in system.ids]

    def __call__(self, value: Any) -> Any:
        """The value, interned, with its processes renamed."""
        found = self._done.get(id(value))
        if found is not None:
            return found[1]
        image = self._value(rename(value, self.names), inspected=True)
        self._keep(value, image)
        if self._swap:
            # What is renamed twice is what it was.
            self._keep(image, value)
        return image

    def _keep(self, value: Any, image: Any) -> None:
        # The value is held on to, so that nothing else gets its id.
        self._done[id(value)] = (value, image)
        self.image[id(value)] = id(image)

    def in_place(self, views: tuple[Any, ...]) -> tuple[Any, ...]:
        """The views renamed, each at the place of the renamed process."""
        return tuple([self(views[at]) for at in self._origins])

    def commutes(self, word: Any, given: Any) -> bool:
        """Whether the word of a model, renamed, is the one given on renamed arguments: of effects the
        same ones, with sends in an order that does not depend on ids."""
        if word is NOTHING or isinstance(word, bool):
            return bool(word == given)
        if not isinstance(word, tuple) or word[0].__class__ is not Effect:
            return bool(self(word) == given)
        if len(word) == 1 == len(given):
            return self._same(word[0], given[0])
        return len(word) == len(given) and all(
            any(self._same(effect, other) for other in given) for effect in word
        )

    def _same(self, effect: Effect, there: Effect) -> bool:
        """Whether one effect, renamed, is the other."""
        if self(effect.local) is not there.local:
            return False
        sends = tuple(map(self, effect.sends))
        return (tuple(sorted(sends, key=_destination)) if sends[1:] else sends) == there.sends


def _destination(envelope: Envelope) -> Id:
    return envelope.dst


def _generated(
    moves: Sequence[tuple[int, ...]], groups: Sequence[Sequence[int]]
) -> tuple[tuple[int, ...], dict[int, tuple[int, int]]]:
    """Which permutations generate all: of each group, a swap and a round; and the others as products,
    in an order in which every one follows that before it."""
    numbers = {move: p for p, move in enumerate(moves)}
    generators = []
    for group in groups:
        for images in (
            ((group[1], group[0], *group[2:]), (*group[1:], group[0])) if group[1:] else ()
        ):
            there = dict(zip(group, images, strict=True))
            generators.append(numbers[tuple([there.get(place, place) for place in moves[0]])])
    generators = list(dict.fromkeys(generators))
    products: dict[int, tuple[int, int]] = {}
    found = [0]
    for p in found:
        for g in generators:
            product_ = numbers[tuple(map(moves[g].__getitem__, moves[p]))]
            if product_ != 0 and product_ not in products:
                products[product_] = (g, p)
                found.append(product_)
    return tuple(generators), products


def _renamings(groups: tuple[tuple[Id, ...], ...]) -> Iterator[Renaming]:
    """Every combination of permutations of the groups, the identity first."""
    for images in product(*(permutations(group) for group in groups)):
        yield {
            id: image
            for group, permuted in zip(groups, images, strict=True)
            for id, image in zip(group, permuted, strict=True)
        }
