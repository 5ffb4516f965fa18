"""Options that several commands share: which model, with what knobs, in what world."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from checker.checking import Plan, chosen, world
from checker.environment import CUTS
from checker.errors import UsageError
from checker.reference import WALKS, Limits
from checker.registry import Model, find

if TYPE_CHECKING:
    from checker.configuration import Configuration

F = TypeVar("F", bound=Callable[..., Any])

BUDGETS = {
    "crashes": "Crashes of processes.",
    "restarts": "Restarts of crashed processes.",
    "partitions": "Cuts of the network; each may heal.",
    "drops": "Messages lost.",
    "duplicates": "Messages delivered twice.",
    "pauses": "Processes that stand still for a while.",
    "suspicions": "False suspicions of the failure detector.",
    "requests": "Client requests.",
}


def model_options(function: F) -> F:
    """The options that select an algorithm and its world."""
    options = [
        click.argument("model"),
        click.option("--config", multiple=True, metavar="FILE", help="A file of real settings."),
        click.option("--nodes", type=click.IntRange(1), metavar="N", help="Number of processes."),
        click.option(
            "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A knob or setting."
        ),
        click.option("--timing", metavar="KIND", help="asynchronous or synchronous."),
        click.option("--detector", metavar="KIND", help="none, perfect or eventually-perfect."),
        click.option("--network", metavar="KIND", help="bag, set or fifo."),
        click.option("--storage", metavar="KIND", help="write-through or write-back."),
        click.option("--cuts", metavar="SHAPES", help=f"Shapes of partitions: {', '.join(CUTS)}."),
        *(
            click.option(f"--{name}", type=click.IntRange(0), metavar="N", help=text)
            for name, text in BUDGETS.items()
        ),
        click.option(
            "--property", "properties", multiple=True, metavar="NAME", help="Only this property."
        ),
        click.option("--all-properties", is_flag=True, help="Also those not promised."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


class Chosen(NamedTuple):
    """A plan, and where each knob's value came from (by the knob's name)."""

    plan: Plan
    configuration: "Configuration | None"
    origins: Mapping[str, str]


def choose(
    model: str,
    config: Sequence[str],
    nodes: int | None,
    settings: Sequence[str],
    properties: Sequence[str],
    all_properties: bool,
    **changes: Any,
) -> Chosen:
    """The plan that the options ask for. Raises UsageError, ConfigurationError."""
    found = find(model)
    configuration = _configured(found, config)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if configuration is not None:
        values.update(configuration.knobs)
        places = {setting.name: str(setting.place) for setting in configuration.read}
        assumed = {a.name: f"assumed: {a.why}" for a in configuration.assumed}
        for knob in found.knobs():
            source = places.get(knob.setting) or assumed.get(knob.setting or knob.name)
            if source:
                origins[knob.name] = source
        if configuration.nodes is not None:
            values["nodes"] = configuration.nodes
            origins["nodes"] = "the hosts of the configuration"
    given = _given(found, settings, nodes)
    values |= {knob: value for knob, (value, _) in given.items()}
    origins |= {knob: option for knob, (_, option) in given.items()}
    protocol = found.build(values)
    rules = {name: value for name, value in changes.items() if value is not None}
    if "cuts" in rules:
        rules["cuts"] = [part.strip() for part in rules["cuts"].split(",")]
    plan = Plan(
        found,
        protocol,
        world(type(protocol).environment, rules),
        chosen(protocol, properties, "all" if all_properties else "promised"),
    )
    return Chosen(plan, configuration, origins)


def limits(
    max_states: int | None,
    depth: int | None,
    time_limit: float | None,
    memory: int | None,
    walks: int | None = None,
) -> Limits:
    """The limits of a search, as options give them."""
    return Limits(max_states, depth, time_limit, memory, walks or WALKS)


def _configured(model: Model, files: Sequence[str]) -> "Configuration | None":
    if not files:
        return None
    configure = model.protocol.configure
    if configure is None:
        raise UsageError(f"{model.name} reads no configuration files: leave out --config")
    from checker.configuration import read_yaml

    read: Configuration = configure([read_yaml(file, os.environ) for file in files])
    return read


def _given(model: Model, settings: Sequence[str], nodes: int | None) -> dict[str, tuple[str, str]]:
    """The value of each knob on the command line, and the option that gives it."""
    found = {} if nodes is None else {"nodes": (str(nodes), "--nodes")}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {text}: write it as NAME=VALUE")
        knob = model.knob(name).name
        before, option = found.setdefault(knob, (value, "--set"))
        if before != value:
            raise UsageError(f"{knob} is given twice: {before} by {option} and {value} by --set")
    return found


def writable_place(file: str) -> None:
    """Raises UsageError unless a file can be put there: asked before a long search, not after."""
    place = Path(file).parent
    if not place.is_dir():
        raise UsageError(f"{file}: there is no directory {place}")
    if not os.access(place, os.W_OK):
        raise UsageError(f"{file}: nothing may be written in the directory {place}")
