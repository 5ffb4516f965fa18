"""One check: a model in a world, some properties, a search, and a verdict for each property."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from checker.engines import Engine, Task, search
from checker.environment import CUTS, Budget, Environment
from checker.errors import ModelError, UsageError
from checker.keeping import Keep
from checker.properties import Property, Verdict, Watch, folds_of
from checker.protocol import Handler, Protocol
from checker.reference import Exploration, Limits, Progress, Run, Search
from checker.registry import Model, did_you_mean
from checker.symmetry import Symmetry
from checker.system import System
from traces.plain import plain

EXIT = {Verdict.HOLDS: 0, Verdict.VACUOUS: 21, Verdict.UNDETERMINED: 20, Verdict.VIOLATED: 12}
INTERRUPTED = "interrupted"


@attrs.frozen
class Plan:
    """What is to be checked, and how."""

    model: Model
    protocol: Protocol
    environment: Environment
    properties: tuple[Property, ...]
    search: Search = "bfs"
    symmetry: bool = False
    seed: int = 0
    limits: Limits = attrs.field(factory=Limits)
    #: Go on after every property is decided, so that the counts are those of the whole scope.
    exhaust: bool = False
    engine: Engine = "auto"
    #: Threads of the table engine.
    workers: int = 1
    keep: Keep | None = None

    def system(self) -> System:
        """The transition system, with the histories that the properties need."""
        resting = any(p.kind == "at_rest" for p in self.properties)
        return System(self.protocol, self.environment, folds_of(self.properties), resting)

    def knobs(self) -> dict[str, Any]:
        """The knobs of the algorithm as plain data; `nodes` belongs to the scope."""
        fields = attrs.fields(type(self.protocol))
        return {f.name: plain(getattr(self.protocol, f.name)) for f in fields if f.name != "nodes"}

    def scope(self) -> dict[str, Any]:
        """The bounds of the run, by name: processes, rules of the world, budgets."""
        environment = attrs.asdict(self.environment, recurse=False)
        budget = attrs.asdict(environment.pop("budget"))
        environment["cuts"] = list(environment["cuts"]) if budget["partitions"] else []
        return {"nodes": self.protocol.nodes, **environment, **budget}


@attrs.frozen
class Result:
    """The word on one property. run: what breaks it, or for a reachable one what reaches it."""

    property: Property
    verdict: Verdict
    reason: str
    run: Run | None


@attrs.frozen
class Report:
    """What a check found. `verdict` is the worst of the results."""

    plan: Plan
    system: System
    exploration: Exploration
    results: tuple[Result, ...]
    #: The engine that had the last word, and how many threads it ran.
    engine: Engine
    workers: int = 1

    @property
    def verdict(self) -> Verdict:
        """The worst of the properties'; without any, whether the scope was explored completely."""
        if not self.results:
            return Verdict.HOLDS if self.exploration.complete else Verdict.UNDETERMINED
        order = list(Verdict)
        return max((r.verdict for r in self.results), key=order.index)

    @property
    def handlers(self) -> tuple[list[str], list[str]]:
        """The model's handlers, by the names of their actions: those that fired, and the rest."""
        names = dict.fromkeys(map(_action_name, self.system.handling.table))
        coverage = self.exploration.counts.coverage
        fired = [name for name in names if coverage[name]]
        return fired, [name for name in names if not coverage[name]]

    @property
    def exit_code(self) -> int:
        """The exit code that says so."""
        return 130 if self.exploration.stopped == INTERRUPTED else EXIT[self.verdict]


def world(base: Environment | None, changes: Mapping[str, Any]) -> Environment:
    """An environment with some of its rules or budgets changed, by name. Raises UsageError."""
    base = base or Environment()
    if not isinstance(base, Environment):
        raise ModelError(f"a model's environment is {base!r}: write environment = Environment(...)")
    rules: dict[str, Any] = {}
    budget: dict[str, int] = {}
    kinds = {f.name: f.type for f in attrs.fields(attrs.resolve_types(Environment))}
    budgets = [f.name for f in attrs.fields(Budget)]
    for name, value in changes.items():
        if name in budgets:
            if type(value) is not int or value < 0:
                raise UsageError(f"{name}: {value!r} is not a number of times (0, 1, 2 ...)")
            budget[name] = value
        elif name == "cuts":
            rules[name] = tuple(value)
            if unknown := [shape for shape in value if shape not in CUTS]:
                hint = did_you_mean(str(unknown[0]), CUTS)
                raise UsageError(f"cuts: {unknown[0]!r} is none of {', '.join(CUTS)}{hint}")
        elif name in kinds and name != "budget":
            options = getattr(kinds[name], "__args__", ())
            if value not in options:
                hint = did_you_mean(str(value), options)
                raise UsageError(f"{name}: {value!r} is none of {', '.join(options)}{hint}")
            rules[name] = value
        else:
            known = [*kinds, *budgets]
            raise UsageError(f"a world has no {name!r}{did_you_mean(name, known)}")
    return attrs.evolve(base, budget=attrs.evolve(base.budget, **budget), **rules)


def chosen(
    protocol: Protocol, names: Sequence[str], which: Literal["promised", "all"] = "promised"
) -> tuple[Property, ...]:
    """The properties of these names, or if there are none those promised, or all."""
    offered = (*protocol.properties, *protocol.promises())
    for prop in offered:
        if not isinstance(prop, Property):
            raise ModelError(
                f"{type(protocol).__name__} lists {prop!r} as a property: decorate the function, as"
                " with @invariant()"
            )
    known = {p.name: p for p in offered}
    if not names:
        return tuple(protocol.promises() if which == "promised" else known.values())
    for name in names:
        if name not in known:
            raise UsageError(
                f"{type(protocol).__name__} has no property {name!r}{did_you_mean(name, known)};"
                f" it has {', '.join(known) or 'none'}"
            )
    return tuple(known[name] for name in dict.fromkeys(names))


def check(plan: Plan, progress: Progress | None = None) -> Report:
    """Search, and say what can be said of each property.

    Raises UnsoundError where symmetry was asked for and the model does not bear it out.
    """
    system = plan.system()
    symmetry = Symmetry(system) if plan.symmetry else None
    task = Task(
        system=system,
        properties=plan.properties,
        search=plan.search,
        seed=plan.seed,
        limits=plan.limits,
        symmetry=symmetry,
        progress=progress,
        stop_when_decided=not plan.exhaust,
        coverage=tuple(_action_name(handler) for handler in system.handling.table),
        workers=plan.workers,
        keep=plan.keep,
    )
    found = search(task, plan.engine)
    exploration, watch = found.exploration, found.watch
    if symmetry:
        exploration.counts.phase = "checking symmetry"
        if progress is not None:
            progress(exploration.counts)
        symmetry.verify(watch)
    results = []
    for prop in plan.properties:
        run = exploration.runs.get(prop.name)
        verdict = watch.verdict(prop, exploration.complete)
        reason = _reason(watch, prop, run) if verdict is Verdict.VIOLATED else ""
        if verdict is Verdict.VACUOUS:
            reason = _silence(prop)
        elif verdict is Verdict.UNDETERMINED:
            reason = exploration.stopped
        results.append(Result(prop, verdict, reason, run))
    return Report(plan, system, exploration, tuple(results), found.engine, found.workers)


def _action_name(handler: Handler) -> str:
    """The name of the actions that the handler makes."""
    if handler.message is not None:
        return handler.message.__name__
    return handler.name if handler.kind in ("timeout", "poll", "request") else handler.kind


def _reason(watch: Watch, prop: Property, run: Run | None) -> str:
    """Why the property is broken at the end of the run, in the names of that run."""
    assert run is not None
    before = run[-2][1] if len(run) > 1 else None
    word = watch.word(prop, run[-1][1], before)
    return word if isinstance(word, str) else ""


def _silence(prop: Property) -> str:
    if prop.about is None:
        return "no reachable state is like this"
    where = " at rest" if prop.kind == "at_rest" else ""
    return f"it says nothing here, for never{where}: {prop.about.sentence}"
