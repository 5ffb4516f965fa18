"""Progress on stderr: a live line on a terminal, a plain line now and then elsewhere."""

from time import monotonic
from types import TracebackType

import click
from rich.console import Console
from rich.status import Status

from checker.reference import Counts

#: Seconds between plain lines.
PLAIN = 30.0


class Ticker:
    """Tells how far a search has come; silent while it is short."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status: Status | None = None
        self._begun = self._last = monotonic()

    def __enter__(self) -> "Ticker":
        if self._console.is_terminal:
            self._status = self._console.status("searching")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status:
            self._status.stop()

    def tick(self, counts: Counts) -> None:
        """Take note of the counts."""
        now = monotonic()
        rate = counts.distinct / max(now - self._begun, 1e-9)
        line = (
            f"depth {counts.depth}, {counts.distinct:,} states, {counts.transitions:,} transitions,"
            f" {counts.frontier:,} waiting, {rate:,.0f} states/s"
        )
        if self._status:
            self._status.update(line)
        elif now - self._last >= PLAIN:
            self._last = now
            click.echo(line, err=True)
