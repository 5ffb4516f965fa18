"""Finding models, and making an algorithm of one with the knobs that the user set.

Installed models are found through the entry-point group `splitbrain.models`; a model of the user's
is named `path/to/file.py:Class`.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from checker.errors import ModelError, SplitbrainError, UsageError
from checker.protocol import SETTING, Protocol

GROUP = "splitbrain.models"


@attrs.frozen
class Knob:
    """A field of a model. setting: its full name in the real system, or "". doc: its `#:` comment."""

    name: str
    type: Any
    default: Any
    doc: str
    setting: str

    def type_name(self) -> str:
        """The type as a user writes values of it."""
        if get_origin(self.type) is Literal:
            return " | ".join(map(str, get_args(self.type)))
        if get_origin(self.type) in (Union, UnionType):
            return " | ".join("none" if a is NoneType else a.__name__ for a in get_args(self.type))
        if isinstance(self.type, type) and issubclass(self.type, Enum):
            return " | ".join(member.name.lower() for member in self.type)
        return getattr(self.type, "__name__", str(self.type))


@attrs.frozen
class Model:
    """A model that can be checked. name: as it is named on the command line."""

    name: str
    protocol: type[Protocol]

    @property
    def story(self) -> str:
        """The docstring of the file in which the model stands."""
        return inspect.getdoc(sys.modules[self.protocol.__module__]) or ""

    @property
    def catalogue(self) -> Path | None:
        """The catalogue beside the model's file, if there is one."""
        path = Path(inspect.getfile(self.protocol)).with_suffix(".toml")
        return path if path.exists() else None

    def knobs(self) -> tuple[Knob, ...]:
        """The knobs, in the order of definition."""
        hints, docs = get_type_hints(self.protocol), _docs(self.protocol)
        return tuple(
            Knob(
                f.name,
                hints[f.name],
                f.default,
                docs.get(f.name, ""),
                f.metadata.get(SETTING, ""),
            )
            for f in attrs.fields(self.protocol)
        )

    def build(self, values: Mapping[str, Any]) -> Protocol:
        """The algorithm with these knobs; a name is a knob's, a setting's full name or its last part.

        Values may be texts, as on the command line. Raises UsageError.
        """
        chosen: dict[str, Any] = {}
        for name, value in values.items():
            knob = self.knob(name)
            chosen[knob.name] = _parsed(knob, value) if isinstance(value, str) else value
            _check_type(knob, chosen[knob.name])
        try:
            return self.protocol(**chosen)
        except SplitbrainError:
            raise
        except (ValueError, TypeError) as error:
            raise UsageError(f"{self.name}: {error}") from error

    def knob(self, name: str) -> Knob:
        """The knob of this name, of this setting, or of a setting whose last part this is."""
        knobs = {knob.name: knob for knob in self.knobs()}
        names = {}
        for knob in knobs.values():
            names[knob.setting.rpartition(".")[2]] = knob
            names[knob.setting] = knob
        names |= knobs
        names.pop("", None)
        if name not in names:
            raise UsageError(
                f"{self.name} has no knob or setting {name!r}{did_you_mean(name, names)};"
                f" it has {', '.join(knobs)}"
            )
        return names[name]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean "x"?` for the known name nearest to this one, or nothing."""
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (did you mean "{near[0]}"?)' if near else ""


def installed() -> tuple[Model, ...]:
    """All installed models, by name. One that cannot be loaded is an error that names its package."""
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            found.append(Model(entry.name, entry.load()))
        except Exception as error:
            raise ModelError(
                f"the installed model {entry.name} ({entry.value}) cannot be loaded:"
                f" {type(error).__name__}: {error}"
            ) from error
    return tuple(found)


def find(name: str) -> Model:
    """The model of this name, installed or `path/to/file.py:Class`. Raises UsageError."""
    path, colon, cls = name.rpartition(":")
    if colon and path.endswith(".py"):
        return Model(name, _from_file(Path(path), cls))
    if name.endswith(".py"):
        classes = _protocols_in(_loaded(Path(name)))
        options = ", ".join(f"{name}:{c.__name__}" for c in classes) or f"{name}:CLASS"
        raise UsageError(f"{name} is a file: name the model's class too, as in {options}")
    models = {model.name: model for model in installed()}
    if name not in models:
        raise UsageError(
            f"no model is called {name!r}{did_you_mean(name, models)}; installed are"
            f" {', '.join(models) or 'none'}; a model of your own is path/to/file.py:Class"
        )
    return models[name]


def _from_file(path: Path, name: str) -> type[Protocol]:
    module = _loaded(path)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Protocol) and attrs.has(found)):
        classes = [c.__name__ for c in _protocols_in(module)]
        raise UsageError(
            f"{path} has no model {name!r}{did_you_mean(name, classes)}: a model is a class with"
            f" attrs.frozen and base checker.Protocol; it has {', '.join(classes) or 'none'}"
        )
    return found


def _protocols_in(module: Any) -> list[type[Protocol]]:
    return [
        c
        for c in vars(module).values()
        if isinstance(c, type) and issubclass(c, Protocol) and c.__module__ == module.__name__
    ]


def _loaded(path: Path) -> Any:
    """The module of a user's file; files beside it can be imported, as when it is run."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    name = f"splitbrain_user_{path.stem}"
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise ModelError(f"{path}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.parent.resolve()))
    return module


def _docs(protocol: type) -> dict[str, str]:
    """The `#:` comments above the fields of a class and its bases."""
    found: dict[str, str] = {}
    for cls in reversed(protocol.__mro__):
        try:
            source = textwrap.dedent(inspect.getsource(cls))
        except (OSError, TypeError):
            continue
        lines = source.splitlines()
        body = ast.parse(source).body[0]
        for node in getattr(body, "body", ()):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                above: list[str] = []
                at = node.lineno - 2
                while at >= 0 and lines[at].strip().startswith("#:"):
                    above.insert(0, lines[at].strip()[2:].strip())
                    at -= 1
                if above:
                    found[node.target.id] = " ".join(above)
    return found


def _parsed(knob: Knob, text: str) -> Any:
    """The value that a text on the command line stands for."""
    kind = knob.type
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if NoneType in options and text.lower() in ("none", "null", ""):
        return None
    for option in options:
        if option is bool and text.lower() in ("true", "yes", "on", "false", "no", "off"):
            return text.lower() in ("true", "yes", "on")
        if option is int and text.lstrip("+-").isdigit():
            return int(text)
        if option is str:
            return text
        if get_origin(option) is Literal and text in map(str, get_args(option)):
            return next(v for v in get_args(option) if str(v) == text)
        if isinstance(option, type) and issubclass(option, Enum):
            for member in option:
                if text.lower() in (member.name.lower(), str(member.value).lower()):
                    return member
    raise _not_a_value(knob, text)


def _check_type(knob: Knob, value: Any) -> None:
    """Raises UsageError unless the value is of the knob's type."""
    kind = knob.type
    options = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    for option in options:
        if get_origin(option) is Literal:
            if value in get_args(option):
                return
        elif not isinstance(option, type) or (type(value) is bool) == (option is bool) and isinstance(
            value, option
        ):
            return
    raise _not_a_value(knob, value)


def _not_a_value(knob: Knob, value: Any) -> UsageError:
    choices = [str(v) for v in get_args(knob.type)] if get_origin(knob.type) is Literal else []
    return UsageError(
        f"{knob.name}: {value!r} is not a value of type {knob.type_name()}"
        f"{did_you_mean(str(value), choices)}"
    )
