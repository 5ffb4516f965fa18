"""Reading parsed JSON with errors that say where in the file something is wrong."""

import re
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from traces.errors import TraceError
from traces.plain import LARGEST_NUMBER

_CONTAINERS = ("#tup", "#set", "#map", "#bigint")


@frozen
class Node:
    """A value in a file, and the way to it."""

    file: str
    where: str
    value: Any

    def wrong(self, what: str) -> TraceError:
        """The error to raise for this value."""
        place = f"{self.where}: " if self.where else ""
        return TraceError(f"{self.file}: {place}{what}")

    def at(self, key: str) -> "Node":
        """A field that must be there."""
        child = self.maybe(key)
        if child is None:
            raise self.wrong(f'has no "{key}"')
        return child

    def maybe(self, key: str) -> "Node | None":
        """A field that may be missing."""
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object")
        if key not in self.value:
            return None
        return Node(self.file, f"{self.where}.{key}".lstrip("."), self.value[key])

    def items(self) -> tuple["Node", ...]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("must be a list")
        return tuple(
            Node(self.file, f"{self.where}[{index}]", item) for index, item in enumerate(self.value)
        )

    def string(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.wrong("must be a string")
        return self.value

    def strings(self) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(item.string() for item in self.items())

    def name(self, lanes: Sequence[str]) -> str:
        """The name of a process."""
        if self.string() not in lanes:
            raise self.wrong(f"{self.value} is no process; they are {', '.join(lanes)}")
        return self.string()

    def names(self, lanes: Sequence[str]) -> tuple[str, ...]:
        """A list of names of processes."""
        return tuple(item.name(lanes) for item in self.items())

    def pair(self, lanes: Sequence[str]) -> tuple[str, str]:
        """A list of two names of processes."""
        names = self.names(lanes)
        if len(names) != 2:
            raise self.wrong("must be a pair of processes")
        return names[0], names[1]

    def inside_set(self) -> "Node":
        """The list inside a set."""
        return self.at("#set")

    def inside_tuple(self) -> "Node":
        """The list inside a tuple."""
        return self.at("#tup")

    def mapping(self, lanes: Sequence[str]) -> list[tuple[str, "Node"]]:
        """The pairs of a map whose keys are processes."""
        pairs = []
        for item in self.at("#map").items():
            parts = item.items()
            if len(parts) != 2:
                raise item.wrong("must be a pair of a key and a value")
            pairs.append((parts[0].name(lanes), parts[1]))
        return pairs

    def record(self) -> dict[str, Any]:
        """An object whose fields hold plain data."""
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object")
        for key in self.value:
            if key.startswith("#"):
                raise self.wrong(f'must be a record, not a "{key}"')
            self.at(key).check()
        return dict(self.value)

    def check(self) -> None:
        """Refuse what is not plain data in the encoding of the format."""
        value = self.value
        if isinstance(value, (bool, str)):
            return
        if isinstance(value, int):
            if abs(value) > LARGEST_NUMBER:
                raise self.wrong('a number this large must be written as {"#bigint": "..."}')
            return
        if isinstance(value, list):
            for item in self.items():
                item.check()
            return
        if not isinstance(value, dict):
            raise self.wrong(f"{value!r} has no meaning in the Informal Trace Format")
        special = next((key for key in value if key.startswith("#")), None)
        if special is None:
            self.record()
        elif special not in _CONTAINERS or len(value) > 1:
            raise self.wrong(f'"{special}" is not understood')
        elif special == "#bigint":
            if not re.fullmatch("-?[0-9]+", self.at(special).string()):
                raise self.wrong('"#bigint" must hold the digits of a number')
        else:
            self.at(special).check_list(pairs=special == "#map")

    def check_list(self, *, pairs: bool) -> None:
        """Refuse a list whose items are not plain data, or (for a map) not pairs of it."""
        for item in self.items():
            item.check()
            if pairs and len(item.items()) != 2:
                raise item.wrong("must be a pair of a key and a value")
