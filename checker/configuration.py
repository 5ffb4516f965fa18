"""Configuration files of real systems: where each setting was read, and what a model makes of it.

`read_yaml` turns a file into a `Document`: every setting under its full dotted name, whichever way
it was nested, with its file and line. A model that can be checked from such files turns documents
into a `Configuration`. This file knows the settings of no system.

Values stay the text that stands in the file, as the real systems keep them, so that `no`, `09300`
or a date is not turned into something else by YAML's own typing. `integer`, `boolean` and `items`
read the text as a type and name the place where it does not fit.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from attrs import field, frozen

from checker.errors import ConfigurationError

#: More settings than any real file has; aliases of aliases can unfold to billions.
MOST_SETTINGS = 10_000

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@frozen
class Place:
    """Where a setting stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@frozen
class Setting:
    """A setting under its full dotted name.

    value: its text after substitution, a tuple of texts for a list, None where nothing is given.
    """

    name: str
    value: str | tuple[str, ...] | None
    place: Place

    @property
    def text(self) -> str:
        """The value as it is shown to the user."""
        if self.value is None:
            return ""
        return self.value if isinstance(self.value, str) else f"[{', '.join(self.value)}]"


@frozen
class Document:
    """One file, flattened."""

    file: str
    settings: Mapping[str, Setting]


@frozen
class Assumed:
    """A value that no file gives, and why this one was taken."""

    name: str
    value: Any
    why: str


@frozen
class Unmodelled:
    """A setting that the model does not look at, and why it need not or cannot."""

    setting: Setting
    why: str


@frozen
class Configuration:
    """What a model makes of its files.

    knobs: the model's fields by name, only those that a file gives.
    nodes: the number of voting processes; None if the files do not tell.
    read: the settings that were used.
    """

    knobs: Mapping[str, Any]
    nodes: int | None
    read: tuple[Setting, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    unmodelled: tuple[Unmodelled, ...] = ()
    warnings: tuple[str, ...] = ()


def read_yaml(path: str | Path, environ: Mapping[str, str]) -> Document:
    """Read a YAML file of settings and substitute `${NAME}` and `${NAME:default}`.

    A name is looked up in `environ`, then among the file's own settings, as Elasticsearch does.
    """
    file = str(path)
    try:
        return _document(file, _text(file), environ)
    except RecursionError:
        raise ConfigurationError(f"{file}: nested too deeply to be a file of settings") from None


def merge(
    documents: Sequence[Document], shared: Mapping[str, Callable[[Setting], object]]
) -> dict[str, Setting]:
    """The settings that all files must agree on, each as it stands in the first file that has it.

    shared: full name -> how to read the setting; what is read must be equal in every file that
        gives it. Settings that are not named may differ from node to node and are left out.
    """
    merged: dict[str, Setting] = {}
    for document in documents:
        for name, read in shared.items():
            setting = document.settings.get(name)
            if setting is None:
                continue
            first = merged.setdefault(name, setting)
            if read(first) != read(setting):
                raise ConfigurationError(
                    f"{name} is {first.text} at {first.place} but {setting.text} at "
                    f"{setting.place}; it must be the same in every file"
                )
    return merged


def integer(setting: Setting) -> int:
    """The value as a whole number in decimal."""
    if isinstance(setting.value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", setting.value.strip()):
        return int(setting.value)
    raise _mistyped(setting, "a whole number, such as 2")


def boolean(setting: Setting) -> bool:
    """The value as true or false, in any of the spellings of YAML 1.1."""
    text = setting.value.strip().lower() if isinstance(setting.value, str) else ""
    if text in TRUE or text in FALSE:
        return text in TRUE
    raise _mistyped(setting, "true or false")


def items(setting: Setting) -> tuple[str, ...]:
    """The value as a list: a YAML list, or one text with commas. It may be empty."""
    if setting.value is None:
        raise _mistyped(setting, "a list or a text with commas")
    if isinstance(setting.value, str):
        return tuple(part.strip() for part in setting.value.split(",") if part.strip())
    return tuple(part.strip() for part in setting.value)


def _mistyped(setting: Setting, expected: str) -> ConfigurationError:
    if setting.value is None:
        found = "has no value"
    elif isinstance(setting.value, tuple):
        found = f"is the list {setting.text}"
    else:
        found = f"is {setting.value!r}"
    return ConfigurationError(f"{setting.place}: {setting.name} {found}; it should be {expected}")


def _text(file: str) -> str:
    try:
        data = Path(file).read_bytes()
    except IsADirectoryError:
        raise ConfigurationError(f"{file} is a directory; name the file in it") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(f"{file} cannot be read: {reason}") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{Place(file, line)}: not UTF-8 (byte 0x{data[error.start]:02x}); "
            f"save the file as UTF-8"
        ) from None


def _document(file: str, text: str, environ: Mapping[str, str]) -> Document:
    root = _compose(file, text)
    if root is None or _is_null(root):
        return Document(file, {})
    if not isinstance(root, yaml.MappingNode):
        raise ConfigurationError(
            f"{Place(file, _line(root))}: the file should consist of settings (name: value), "
            f"not of a {'list' if isinstance(root, yaml.SequenceNode) else 'single value'}"
        )
    raw: dict[str, tuple[Place, yaml.Node]] = {}
    for name, place, node in _flatten(file, "", root, ()):
        if name in raw:
            raise ConfigurationError(
                f"{name} is given twice, at {raw[name][0]} and at {place}; leave one of them"
            )
        raw[name] = place, node
        if len(raw) > MOST_SETTINGS:
            raise ConfigurationError(f"{file}: more than {MOST_SETTINGS} settings")
    names = {
        name: node.value
        for name, (_, node) in raw.items()
        if isinstance(node, yaml.ScalarNode) and not _is_null(node)
    }
    settings = {
        name: Setting(name, _value(name, place, node, names, environ), place)
        for name, (place, node) in raw.items()
    }
    return Document(file, settings)


def _compose(file: str, text: str) -> yaml.Node | None:
    try:
        nodes = list(yaml.compose_all(text, yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        said = ", ".join(part for part in (error.context, error.problem) if part)
        if mark and text[: mark.index + 1].endswith("${"):
            said += "; inside brackets ${NAME} stands in quotes"
        raise ConfigurationError(f"{where}: not valid YAML: {said}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        raise ConfigurationError(
            f"{file}:{line}:{column}: not valid YAML: the character "
            f"U+{ord(text[error.position]):04X} is not allowed"
        ) from None
    if len(nodes) > 1:
        raise ConfigurationError(
            f"{Place(file, _line(nodes[1]))}: a second YAML document begins here; one file holds "
            f"the settings of one node, so give each node its own file"
        )
    return nodes[0] if nodes else None


def _flatten(
    file: str, prefix: str, node: yaml.Node, above: tuple[yaml.Node, ...]
) -> Iterator[tuple[str, Place, yaml.Node]]:
    """Full name, place and node of every scalar and of every list of scalars below `node`.

    An empty mapping counts as a setting without a value, so that whatever aliases unfold to is
    counted against `MOST_SETTINGS`.
    """
    entries: list[tuple[yaml.Node, yaml.Node]]
    if isinstance(node, yaml.SequenceNode):  # elements that are not plain values, by their number
        entries = [
            (yaml.ScalarNode("", str(number), one.start_mark, one.end_mark), one)
            for number, one in enumerate(node.value)
        ]
    else:
        entries = node.value
    for key, value in entries:
        place = Place(file, _line(key))
        if not isinstance(key, yaml.ScalarNode) or _is_null(key):
            raise ConfigurationError(f"{place}: the name of a setting should be a plain text")
        if key.tag == "tag:yaml.org,2002:merge":
            raise ConfigurationError(
                f"{place}: merge keys (<<) are not read; write the settings out"
            )
        name = prefix + key.value
        if any(value is one for one in (*above, node)):
            raise ConfigurationError(f"{place}: {name} contains itself through an alias")
        plain = isinstance(value, yaml.SequenceNode) and all(
            isinstance(one, yaml.ScalarNode) for one in value.value
        )
        if plain or isinstance(value, yaml.ScalarNode) or not value.value:
            yield name, place, value
        else:
            yield from _flatten(file, f"{name}.", value, (*above, node))


def _value(
    name: str,
    place: Place,
    node: yaml.Node,
    names: Mapping[str, str],
    environ: Mapping[str, str],
) -> str | tuple[str, ...] | None:
    if isinstance(node, yaml.ScalarNode):
        return None if _is_null(node) else _Substitution(name, place, names, environ).of(node.value)
    if isinstance(node, yaml.MappingNode):
        return None
    texts = []
    for one in node.value:
        here = Place(place.file, _line(one))
        if _is_null(one):
            raise ConfigurationError(f"{here}: an element of {name} has no value")
        texts.append(_Substitution(name, here, names, environ).of(one.value))
    return tuple(texts)


@frozen
class _Substitution:
    """Replaces `${NAME}` and `${NAME:default}` in the value of one setting."""

    setting: str
    place: Place
    names: Mapping[str, str]
    environ: Mapping[str, str]
    #: The names being replaced, outermost first: one that needs itself has no value.
    open: tuple[str, ...] = field(default=())

    def of(self, text: str) -> str:
        done, rest = "", text
        while (start := rest.find("${")) >= 0:
            end = _closing(rest, start + 2)
            if end is None:  # plain text then, as in Elasticsearch
                break
            done += rest[:start] + self._replace(self.of(rest[start + 2 : end]))
            rest = rest[end + 1 :]
        return done + rest

    def _replace(self, inner: str) -> str:
        name, colon, default = inner.partition(":")
        if name in self.open:
            raise ConfigurationError(
                f"{self.place}: {self.setting} refers to itself through ${{{name}}}"
            )
        value = self.environ.get(name, self.names.get(name))
        if value is not None:
            deeper = _Substitution(
                self.setting, self.place, self.names, self.environ, (*self.open, name)
            )
            return deeper.of(value)
        if colon:
            return default
        raise ConfigurationError(
            f"{self.place}: {self.setting} needs the environment variable {name}, which is not "
            f"set; set it, or write ${{{name}:default}}"
        )


def _closing(text: str, start: int) -> int | None:
    """The index of the brace that closes a `${` whose inside begins at `start`."""
    depth, index = 1, start
    while index < len(text):
        if text.startswith("${", index):
            depth, index = depth + 1, index + 2
            continue
        if text[index] == "}":
            depth -= 1
            if not depth:
                return index
        index += 1
    return None


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
