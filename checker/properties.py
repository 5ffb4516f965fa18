"""The kinds of properties, and the watch that a search keeps on them.

A property is a function over views. It returns True, or False, or a string that says why it is
broken and names the processes. Its docstring is the sentence that is printed when it breaks, with
the source in square brackets at the end.
"""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import cache
from inspect import getdoc
from typing import Any, Literal, Protocol

import attrs

from checker.errors import ModelError
from checker.running import raised_at
from checker.system import Fold

Kind = Literal["invariant", "step", "at_rest", "reachable"]


@attrs.frozen(eq=False)
class Property:
    """A promise over views.

    kind: invariant (every state), step (every transition: before, after), at_rest (every state where
        nothing more can happen), reachable (some state: the guard against vacuity).
    about: a reachable property that says when there is something to speak of; where a search ends
        without meeting it (for at_rest: in a state at rest), the verdict is "vacuous".
    folds: the histories that the function takes behind the views.
    healed: at_rest only: asked only where nothing is blocked.
    """

    name: str
    kind: Kind
    function: Callable[..., bool | str]
    sentence: str
    source: str
    about: "Property | None" = None
    folds: tuple[Fold, ...] = ()
    healed: bool = False


Decorator = Callable[[Callable[..., bool | str]], Property]


def _property(
    kind: Kind,
    function: Callable[..., bool | str],
    about: Property | None = None,
    folds: Iterable[Fold] = (),
    healed: bool = False,
) -> Property:
    doc = " ".join((getdoc(function) or "").split())
    if not doc:
        raise ModelError(
            f"property {function.__name__} has no docstring: say in one sentence what it promises,"
            " with its source in square brackets"
        )
    match = re.fullmatch(r"(.*?)\s*\[([^\]]*)\]", doc)
    sentence, source = match.groups() if match else (doc, "")
    name = function.__name__
    return Property(name, kind, function, sentence, source, about, tuple(folds), healed)


def invariant(*, about: Property | None = None, folds: Iterable[Fold] = ()) -> Decorator:
    """Must hold in every reachable state: (views, *histories)."""
    return lambda function: _property("invariant", function, about, folds)


def step(*, about: Property | None = None) -> Decorator:
    """Must hold on every transition: (views before, views after)."""
    return lambda function: _property("step", function, about)


def at_rest(
    *, about: Property | None = None, folds: Iterable[Fold] = (), healed: bool = False
) -> Decorator:
    """Must hold in every reachable state where nothing more can happen: (views, *histories).

    healed: asked only where no partition is in place.
    """
    return lambda function: _property("at_rest", function, about, folds, healed)


def reachable(*, folds: Iterable[Fold] = ()) -> Decorator:
    """Must hold in some reachable state: (views, *histories)."""
    return lambda function: _property("reachable", function, folds=folds)


def history(initial: Any) -> Callable[[Callable[[Any, Any, Any], Any]], Fold]:
    """A fold over what can be seen: (seen, view before or None, view after) -> seen."""
    return lambda update: Fold(update.__name__, initial, update)


def folds_of(properties: Iterable[Property]) -> tuple[Fold, ...]:
    """The histories that these properties need, each once."""
    found: dict[Fold, None] = {}
    for prop in properties:
        found.update(dict.fromkeys(prop.folds))
        if prop.about is not None:
            found.update(dict.fromkeys(prop.about.folds))
    return tuple(found)


class Verdict(StrEnum):
    """What a check says of one property. The order is that of how bad it is."""

    HOLDS = "holds"
    VACUOUS = "vacuous"
    UNDETERMINED = "undetermined"
    VIOLATED = "violated"


class Observed(Protocol):
    """What a watch needs of a transition system."""

    def at_rest(self, state: Any) -> bool:
        """Whether nothing more can happen."""

    def undisturbed(self, state: Any) -> bool:
        """Whether no partition is in place."""

    def views(self, state: Any) -> tuple[Any, ...]:
        """What properties see."""


class Watch:
    """Evaluates properties as a search meets states and transitions.

    `decided` maps the name of a property to the reason why it is broken (or, for a reachable one, to
    "" once it was reached).
    """

    def __init__(
        self, system: Observed, properties: Iterable[Property], folds: tuple[Fold, ...] = ()
    ) -> None:
        """folds: those of the system, whose histories stand in the states in this order."""
        self.system = system
        self.properties = tuple(properties)
        self.decided: dict[str, str] = {}
        self.spoken: set[str] = set()
        self._open = [p for p in self.properties if p.kind != "step"]
        self._steps = [p for p in self.properties if p.kind == "step"]
        self._silent = [p for p in self.properties if p.about is not None]
        self._at = {fold: i for i, fold in enumerate(folds)}
        #: What was asked of each property, and its word.
        self.kept: dict[Property, dict[tuple[Any, ...], bool | str]] = {}

    def enter(self, state: Any) -> list[str]:
        """The names of the properties that this state decides."""
        if not (self._open or self._silent):
            return []
        views = self.system.views(state)
        resting = cache(lambda: self.system.at_rest(state))

        def asked(prop: Property) -> bool:
            if prop.kind != "at_rest":
                return True
            return (not prop.healed or self.system.undisturbed(state)) and resting()

        found = []
        for prop in self._open:
            result = self._evaluate(prop, views, state)
            if (result is True) == (prop.kind == "reachable") and asked(prop):
                self.decided[prop.name] = result if isinstance(result, str) else ""
                found.append(prop.name)
        if found:
            self._open = [p for p in self._open if p.name not in self.decided]
        for prop in self._silent:
            assert prop.about is not None
            if self._evaluate(prop.about, views, state) is True and asked(prop):
                self.spoken.add(prop.name)
        self._silent = [p for p in self._silent if p.name not in self.spoken]
        return found

    def step(self, before: Any, after: Any) -> list[str]:
        """The names of the step properties that this transition breaks."""
        found = []
        for prop in self._steps:
            old, new = self.system.views(before), self.system.views(after)
            result = True if old == new else self.ask(prop, old, new)
            if result is not True:
                self.decided[prop.name] = result if isinstance(result, str) else ""
                found.append(prop.name)
        if found:
            self._steps = [p for p in self._steps if p.name not in self.decided]
        return found

    @property
    def all_decided(self) -> bool:
        """Whether no state could tell more."""
        return bool(self.properties) and not (self._open or self._steps)

    def verdict(self, prop: Property, complete: bool) -> Verdict:
        """What can be said of the property after a search."""
        if prop.kind == "reachable":
            if prop.name in self.decided:
                return Verdict.HOLDS
            return Verdict.VACUOUS if complete else Verdict.UNDETERMINED
        if prop.name in self.decided:
            return Verdict.VIOLATED
        if not complete:
            return Verdict.UNDETERMINED
        silent = prop.about is not None and prop.name not in self.spoken
        return Verdict.VACUOUS if silent else Verdict.HOLDS

    def word(self, prop: Property, state: Any, before: Any = None) -> bool | str:
        """The property's word on one state (for a step, on the transition into it)."""
        if prop.kind == "step":
            return self.ask(prop, self.system.views(before), self.system.views(state))
        return self._evaluate(prop, self.system.views(state), state)

    def _evaluate(self, prop: Property, views: tuple[Any, ...], state: Any) -> bool | str:
        return self.ask(prop, views, *(state.history[self._at[fold]] for fold in prop.folds))

    def ask(self, prop: Property, *args: Any) -> bool | str:
        """The property's word on these views (two tuples of them for a step) and histories."""
        kept = self.kept.setdefault(prop, {})
        found = kept.get(args)
        if found is None:
            found = kept[args] = self._run(prop, *args)
        return found

    def _run(self, prop: Property, *args: Any) -> bool | str:
        try:
            result = prop.function(*args)
        except Exception as error:
            raise ModelError(
                f"{raised_at(error, prop.function)}: property {prop.name} raised"
                f" {type(error).__name__}: {error}\n  called with {args}"
            ) from error
        if not isinstance(result, bool | str) or result == "":
            raise ModelError(
                f"property {prop.name} returned {result!r}: return True, False, or a string that says"
                " why it is broken"
            )
        return result
