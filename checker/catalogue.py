"""The catalogue of a model: scopes with exact counts, and bugs as data (`models/NAME.toml`).

A `[[scope]]` row states what a complete search of the correct model counts; a `[[bug]]` row breaks
one rule and states which property fails, after how many steps, and that the control holds.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_origin

import attrs
import tomlkit

from checker.checking import Plan, chosen, world
from checker.errors import SplitbrainError, UsageError
from checker.registry import Model, did_you_mean

R = TypeVar("R", "Scope", "Bug")


#: What a key holds in TOML, as Python has it and in words, by the type of its field.
_TOML: dict[Any, tuple[type, str]] = {
    str: (str, "a string"),
    int: (int, "an integer"),
    bool: (bool, "true or false"),
    tuple: (list, "an array"),
    Mapping: (dict, "a table"),
}


class CatalogueError(SplitbrainError):
    """A catalogue file cannot be read, or a row has an unknown or missing key."""

    exit_code = 30


@attrs.frozen(kw_only=True)
class Scope:
    """A complete search and its counts.

    set: knobs. world: what differs from the model's default environment. properties: those checked
    (the promised ones if empty). slow: left out of a run unless it is asked for.
    """

    name: str
    story: str
    set: Mapping[str, Any] = attrs.field(factory=dict)
    world: Mapping[str, Any] = attrs.field(factory=dict)
    properties: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    symmetry: bool = False
    verdict: str = "holds"
    distinct: int = 0
    transitions: int = 0
    depth: int = 0
    slow: bool = False


@attrs.frozen(kw_only=True)
class Bug:
    """A documented bug: the rule that is broken, what fails, and the control that holds.

    set: the knobs of the broken run; control: those set otherwise in the control. depth: the least
    number of steps to the violation. control_distinct, control_transitions: the control's counts.
    source: where the bug is documented. story: what happens, for people.
    """

    name: str
    title: str
    property: str
    source: str
    story: str
    control: Mapping[str, Any]
    set: Mapping[str, Any] = attrs.field(factory=dict)
    world: Mapping[str, Any] = attrs.field(factory=dict)
    depth: int = 0
    control_distinct: int = 0
    control_transitions: int = 0
    slow: bool = False


@attrs.frozen
class Catalogue:
    """The rows of one model."""

    model: Model
    path: Path
    scopes: tuple[Scope, ...]
    bugs: tuple[Bug, ...]

    @property
    def rows(self) -> tuple[Scope | Bug, ...]:
        """All rows, the scopes first."""
        return (*self.scopes, *self.bugs)

    def stored_trace(self, bug: Bug) -> Path:
        """Where the counterexample of a bug is kept."""
        return self.path.parent / "counterexamples" / f"{bug.name}.json"


def read(model: Model) -> Catalogue:
    """The catalogue beside the model's file. Raises CatalogueError."""
    path = model.catalogue
    if path is None:
        raise UsageError(f"{model.name} has no catalogue: it stands beside the model as NAME.toml")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: {error}") from error
    if unknown := set(document) - {"scope", "bug"}:
        name = min(unknown)
        raise CatalogueError(
            f"{path}: unknown table {name!r}{did_you_mean(name, ['scope', 'bug'])}:"
            " a catalogue has [[scope]] and [[bug]]"
        )
    scopes = tuple(_row(path, Scope, row) for row in _tables(path, document, "scope"))
    bugs = tuple(_row(path, Bug, row) for row in _tables(path, document, "bug"))
    found = Catalogue(model, path, scopes, bugs)
    names = [row.name for row in found.rows]
    for name in names:
        if names.count(name) > 1:
            raise CatalogueError(f"{path}: two rows are called {name!r}: names must differ")
    return found


def _tables(path: Path, document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    tables = document.get(name, [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise CatalogueError(f"{path}: write each {name} as a table of its own, under [[{name}]]")
    return tables


def _row(path: Path, kind: type[R], row: Mapping[str, Any]) -> R:
    fields = attrs.fields_dict(kind)
    where = f"{path}: {kind.__name__.lower()} {row.get('name', '(without a name)')}"
    for key in row:
        if key not in fields:
            raise CatalogueError(f"{where}: unknown key {key!r}{did_you_mean(key, fields)}")
        # bool is an int to Python, but `depth = true` is a slip.
        kind_of_value, name_of_kind = _TOML[get_origin(fields[key].type) or fields[key].type]
        if type(row[key]) is not kind_of_value:
            raise CatalogueError(f"{where}: {key} must be {name_of_kind}, not {row[key]!r}")
    for name, field in fields.items():
        if field.default is attrs.NOTHING and not row.get(name):
            raise CatalogueError(f"{where}: {name} is missing or empty")
    return kind(**row)


def plan_of_scope(model: Model, scope: Scope) -> Plan:
    """The search that the row speaks of."""
    protocol = model.build(scope.set)
    return Plan(
        model,
        protocol,
        world(type(protocol).environment, scope.world),
        chosen(protocol, scope.properties),
        symmetry=scope.symmetry,
        exhaust=True,
    )


def plan_of_bug(model: Model, bug: Bug, control: bool = False) -> Plan:
    """The broken run of a bug, or its control: the same scope with the correct rule."""
    protocol = model.build({**bug.set, **bug.control} if control else bug.set)
    environment = world(type(protocol).environment, bug.world)
    return Plan(model, protocol, environment, chosen(protocol, [bug.property]), exhaust=control)


def rewrite(catalogue: Catalogue, numbers: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of the catalogue file with these keys of these rows set, all else as it stands."""
    document = tomlkit.parse(catalogue.path.read_text(encoding="utf-8"))
    for table in ("scope", "bug"):
        for row in document.get(table, []):
            for key, value in numbers.get(row["name"], {}).items():
                row[key] = value
    return tomlkit.dumps(document)
