"""Numbers for everything that a state is made of, in the order in which it is met."""

from typing import Any

from checker.errors import UsageError


class TableLimitError(UsageError):
    """Something outgrew the tables: the reference explorer has no such limit."""


class Numbers:
    """Numbers of objects that are interned elsewhere, so that `is` is equality."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._numbers: dict[int, int] = {}

    def __call__(self, item: Any) -> int:
        found = self._numbers.setdefault(id(item), len(self.items))
        if found == len(self.items):
            self.items.append(item)
        return found


class Values:
    """Numbers of values, equal ones having the same."""

    def __init__(self, *first: Any) -> None:
        self.items: list[Any] = []
        self._numbers: dict[Any, int] = {}
        for item in first:
            self(item)

    def __call__(self, item: Any) -> int:
        found = self._numbers.setdefault(item, len(self.items))
        if found == len(self.items):
            self.items.append(item)
        return found
