"""Finding models, and making an algorithm of one with the knobs that the user set.

Installed models are found through the entry-point group `splitbrain.models`; a model of the user's
is named `path/to/file.py:Class`.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from checker.errors import ModelError, SplitbrainError, UsageError
from checker.protocol import SETTING, Protocol

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "splitbrain.models"
#: What the names of the modules of users' files begin with.
_USER = "splitbrain_user_"


@attrs.frozen
class Knob:
    """A field of a model. setting: its full name in the real system, or ""."""

    name: str
    type: Any
    default: Any
    model: type[Protocol]
    setting: str
    #: The model judges values itself, so its own message is given for a bad one.
    judged: bool = False

    @property
    def doc(self) -> str:
        """The comment above it."""
        return _docs(self.model).get(self.name, "")

    def options(self) -> tuple[Any, ...]:
        """The types of a union, or the only one."""
        return get_args(self.type) if get_origin(self.type) in (Union, UnionType) else (self.type,)

    def choices(self) -> tuple[str, ...]:
        """The values, as a user writes them, where these can be counted; else ()."""
        found: list[str] = []
        for option in self.options():
            if option is NoneType:
                found.append("none")
            elif get_origin(option) is Literal:
                found += map(str, get_args(option))
            elif isinstance(option, type) and issubclass(option, Enum):
                found += (member.name.lower() for member in option)
            else:
                return ()
        return tuple(found)

    def type_name(self) -> str:
        """The type as a user writes values of it."""
        if choices := self.choices():
            return " | ".join(choices)
        return " | ".join(
            "none" if o is NoneType else getattr(o, "__name__", str(o)) for o in self.options()
        )


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
        try:
            hints = get_type_hints(self.protocol)
        except NameError as error:
            raise ModelError(
                f"{inspect.getfile(self.protocol)}: the type of a knob is not known: {error}"
            ) from error
        return tuple(
            Knob(
                f.name,
                hints.get(f.name, Any),
                f.default,
                self.protocol,
                f.metadata.get(SETTING, ""),
                f.validator is not None,
            )
            for f in attrs.fields(self.protocol)
        )

    def build(self, values: Mapping[str, Any]) -> Protocol:
        """The algorithm with these knobs, each by its name, its setting's or the last part of that.

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
        knobs = self.knobs()
        found = [k for k in knobs if name in (k.name, k.setting) and name] or [
            k for k in knobs if k.setting and k.setting.rpartition(".")[2] == name
        ]
        if len(found) == 1:
            return found[0]
        if found:
            settings = " or ".join(k.setting for k in found)
            raise UsageError(f"{name} is the last part of several settings: write {settings}")
        names = [n for k in knobs for n in (k.name, k.setting, k.setting.rpartition(".")[2]) if n]
        raise UsageError(
            f"{self.name} has no knob or setting {name!r}{did_you_mean(name, names)};"
            f" it has {', '.join(k.name for k in knobs)}"
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean "x"?` for the known name nearest to this one, or nothing."""
    # Only what is misspelt needs it.
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (did you mean "{near[0]}"?)' if near else ""


def installed() -> tuple[Model, ...]:
    """All installed models, by name. One that cannot be loaded is an error that names it."""
    return tuple(_load(entry) for entry in _entries().values())


def _entries() -> dict[str, "EntryPoint"]:
    # A model named by its file is found without it.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


def _load(entry: "EntryPoint") -> Model:
    try:
        return Model(entry.name, _checked(entry.load()))
    except Exception as error:
        raise ModelError(
            f"the installed model {entry.name} ({entry.value}) cannot be loaded:"
            f" {type(error).__name__}: {error}"
        ) from error


def find(name: str) -> Model:
    """The model of this name, installed or `path/to/file.py:Class`. Raises UsageError."""
    path, colon, cls = name.rpartition(":")
    if colon and path.endswith(".py"):
        return Model(name, _from_file(Path(path), cls))
    if name.endswith(".py"):
        classes = _protocols_in(_module(Path(name)))
        options = ", ".join(f"{name}:{c.__name__}" for c in classes) or f"{name}:CLASS"
        raise UsageError(f"{name} is a file: name the model's class too, as in {options}")
    entries = _entries()
    if name not in entries:
        raise UsageError(
            f"no model is called {name!r}{did_you_mean(name, entries)}; installed are"
            f" {', '.join(entries) or 'none'}; a model of your own is path/to/file.py:Class"
        )
    return _load(entries[name])


def _from_file(path: Path, name: str) -> type[Protocol]:
    module = _module(path)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, Protocol) and found is not Protocol):
        classes = [c.__name__ for c in _protocols_in(module)]
        raise UsageError(
            f"{path} has no model {name!r}{did_you_mean(name, classes)}: a model is a subclass of"
            f" checker.Protocol; the file has {', '.join(classes) or 'none'}"
        )
    return _checked(found)


def _checked(cls: type[Protocol]) -> type[Protocol]:
    """Raises ModelError where the decorator is missing, so that its fields would be no knobs, or where
    what is no knob would be one."""
    if "__attrs_attrs__" not in vars(cls):
        raise ModelError(
            f"{_where(cls)}: {cls.__name__} is not decorated: write @attrs.frozen above the class"
        )
    for name in ("properties", "environment"):
        if any(field.name == name for field in attrs.fields(cls)):
            raise ModelError(
                f"{_where(cls)}: {cls.__name__}.{name} has an annotation, which makes it a knob:"
                f" write {name} = ... without one"
            )
    return cls


def _where(cls: type[Protocol]) -> str:
    return f"{inspect.getfile(cls)}:{inspect.getsourcelines(cls)[1]}"


def _protocols_in(module: ModuleType) -> list[type[Protocol]]:
    return [
        c
        for c in vars(module).values()
        if isinstance(c, type) and issubclass(c, Protocol) and c.__module__ == module.__name__
    ]


#: The modules of users' files, by path, each with the text that it was made of.
_modules: dict[Path, tuple[bytes, ModuleType]] = {}


def _module(path: Path) -> ModuleType:
    """The module of a user's file, made once; what stands beside it can be imported."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    whole = path.resolve()
    known = _modules.get(whole)
    if known is not None and known[0] == text:
        return known[1]
    name = f"{_USER}{path.stem}"
    # Two files of one name are two modules; a file that was edited takes the place of the old one.
    if any(m.__name__ == name for where, (_, m) in _modules.items() if where != whole):
        name += f"_{len(_modules)}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    sys.path.insert(0, str(whole.parent))
    try:
        exec(compile(text, str(path), "exec"), vars(module))
    except SyntaxError as error:
        raise ModelError(f"{error.filename}:{error.lineno}: {error.msg}") from error
    except ModelError as error:
        raise ModelError(f"{_place_in(path, error)}: {error}") from error
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise ModelError(f"{_place_in(path, error)}: the file cannot be loaded: {what}") from error
    finally:
        sys.path.remove(str(whole.parent))
    _modules[whole] = (text, module)
    return module


def _place_in(path: Path, error: BaseException) -> str:
    """File and line of the innermost frame in the file."""
    # Needed only where something has failed.
    from traceback import extract_tb

    lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def blamed(error: BaseException) -> str:
    """File and line in a model from which the error comes; "" if it comes from our own code.

    Libraries in between are passed over: they fail on what they were given.
    """
    # Needed only where something has failed.
    from traceback import walk_tb

    models = {entry.module for entry in _entries().values()}
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in ("checker", "traces"):
            return ""
        if name.startswith(_USER) or name in models:
            return f"{frame.f_code.co_filename}:{line}"
    return ""


@cache
def _docs(protocol: type) -> dict[str, str]:
    """The `#:` comments above the fields of a class and its bases."""
    # Only what is shown to a reader needs it.
    from textwrap import dedent

    found: dict[str, str] = {}
    for cls in reversed(protocol.__mro__):
        try:
            source = dedent(inspect.getsource(cls))
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
    if NoneType in knob.options() and text.lower() in ("none", "null", ""):
        return None
    for option in knob.options():
        if option is bool and text.lower() in ("true", "yes", "on", "false", "no", "off"):
            return text.lower() in ("true", "yes", "on")
        if option is int and re.fullmatch("[+-]?[0-9]+", text):
            return int(text)
        if option is str:
            return text
        if get_origin(option) is Literal and text in map(str, get_args(option)):
            return next(v for v in get_args(option) if str(v) == text)
        if isinstance(option, type) and issubclass(option, Enum):
            for member in option:
                if text.lower() in (member.name.lower(), str(member.value).lower()):
                    return member
    if knob.judged:
        return text
    raise _not_a_value(knob, text)


def _check_type(knob: Knob, value: Any) -> None:
    """Raises UsageError unless the value is of the knob's type, or the model judges it itself."""
    if knob.judged:
        return
    for option in knob.options():
        if get_origin(option) is Literal:
            if any(value == v and type(value) is type(v) for v in get_args(option)):
                return
        elif not isinstance(option, type) or (
            isinstance(value, option) and (option is bool or type(value) is not bool)
        ):
            return
    raise _not_a_value(knob, value)


def _not_a_value(knob: Knob, value: Any) -> UsageError:
    if choices := knob.choices():
        wanted = f"is none of {', '.join(choices)}{did_you_mean(str(value), choices)}"
    else:
        names = {"int": "a whole number", "bool": "true or false", "str": "a text"}
        kinds = (names.get(name, name) for name in knob.type_name().split(" | "))
        wanted = f"is not {' or '.join(kinds)}"
    return UsageError(f"{knob.name}: {value!r} {wanted}")
