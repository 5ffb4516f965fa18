"""Write-back storage: what a process has written is in memory at once, on disk only after a flush.

Only a process whose disk lags is wrapped, so that equal states stay equal, and where writes go
through nothing is.
"""

from typing import Any

import attrs

from checker.protocol import Handler
from checker.values import wiped

#: What brings memory and disk together. It may happen whenever the two differ.
FLUSH = Handler("timeout", "flush")


@attrs.frozen
class Unflushed:
    """A process whose durable fields differ between memory and disk.

    disk: the local state that a crash would leave behind.
    """

    memory: Any
    disk: Any

    @property
    def id(self) -> Any:
        """The process's own id, as any local state has it."""
        return self.memory.id


def memory(local: Any) -> Any:
    """The local state as the process itself knows it."""
    return local.memory if isinstance(local, Unflushed) else local


def crashed(local: Any) -> Any:
    """What is left after a crash: what the disk has."""
    return local.disk if isinstance(local, Unflushed) else wiped(local)


def written(before: Any, after: Any) -> Any:
    """The process once it has gone on to the local state `after`, the disk being as it was."""
    disk = crashed(before)
    return after if wiped(after) == disk else Unflushed(after, disk)


def lag(local: Any) -> dict[str, Any]:
    """The durable fields that differ, with the values that the disk still has."""
    if not isinstance(local, Unflushed):
        return {}
    names = [f.name for f in attrs.fields(type(local.disk))]
    now = wiped(local.memory)
    return {n: getattr(local.disk, n) for n in names if getattr(local.disk, n) != getattr(now, n)}
