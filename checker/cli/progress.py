"""Progress on stderr: a live line on a terminal, a plain line now and then elsewhere."""

import os
import sys
from collections import deque
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

import click

from checker.memory import resident
from checker.reference import Counts

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

#: Seconds between plain lines, and between changes of a live one.
PLAIN, LIVE = 30.0, 0.1
#: Seconds that count as lately, and how far apart what is remembered of them is.
LATELY, APART = 10.0, 1.0
#: A search goes to and fro between these phases all the time; another one may last, and is told of.
SWIFT = ("searching", "filling tables")
#: The columns of the sign that turns before a live line.
SIGN = 2


class Moment(NamedTuple):
    """How far a search had come at a time."""

    time: float
    distinct: int
    transitions: int


class Ticker:
    """Tells how far a search has come; silent while it is short."""

    def __init__(
        self,
        console: "Console | None" = None,
        clock: Callable[[], float] = monotonic,
        memory: Callable[[], int] = resident,
    ) -> None:
        self._console = console or _terminal()
        self._clock = clock
        self._memory = memory
        self._status: Status | None = None
        self._begun = self._last = clock()
        self._phase = SWIFT[0]
        self._moments: deque[Moment] = deque()

    def __enter__(self) -> "Ticker":
        if self._console and self._console.is_terminal:
            self._status = self._console.status(self._phase)
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
        """Take note of the counts; cheap, so that a search may call it as often as it likes."""
        now = self._clock()
        changed, self._phase = counts.phase != self._phase, counts.phase
        lasts = changed and counts.phase not in SWIFT
        if self._status and (lasts or now - self._last >= LIVE):
            self._last = now
            self._status.update(self._line(counts, now, self._status.console.width - SIGN))
        elif now - self._last >= PLAIN or (lasts and now - self._begun >= PLAIN):
            self._last = now
            click.echo(_joined(self._parts(counts, now, "{:,}".format)), err=True)
        else:
            self._remember(counts, now)

    def _remember(self, counts: Counts, now: float) -> None:
        """Keep what tells how fast the search has been lately."""
        moments = self._moments
        # The table engine begins anew.
        if moments and counts.transitions < moments[-1].transitions:
            moments.clear()
        if not moments or now - moments[-1].time >= APART:
            moments.append(Moment(now, counts.distinct, counts.transitions))
        while len(moments) > 1 and now - moments[1].time >= LATELY:
            moments.popleft()

    def _parts(
        self, counts: Counts, now: float, number: Callable[[int], str]
    ) -> list[tuple[int, str]]:
        """What there is to tell, in order, and how readily each part is left out."""
        self._remember(counts, now)
        if not counts.distinct:
            return [(0, counts.phase)]
        then = self._moments[0]
        new, generated = counts.distinct - then.distinct, counts.transitions - then.transitions
        lately = round(new / (now - then.time)) if now > then.time else 0
        overall = round(counts.distinct / max(now - self._begun, 1e-9))
        left = f"{number(counts.frontier)} waiting"
        return [
            (1, counts.phase),
            (3, f"depth {counts.depth}"),
            (0, f"{number(counts.distinct)} states"),
            (7, f"{number(counts.transitions)} generated"),
            (5, f"walk {number(counts.walks)}" if counts.walks else left),
            (2, f"{number(lately)}/s"),
            (8, f"{number(overall)}/s overall"),
            (6, f"{number(self._memory() >> 20)} MB"),
            (4, f"{new / generated:.0%} new" if generated else "0% new"),
        ]

    def _line(self, counts: Counts, now: float, width: int) -> str:
        """As much of it as fits into so wide a line."""
        parts = self._parts(counts, now, short)
        while len(_joined(parts)) > width and len(parts) > 1:
            parts.remove(max(parts))
        return _joined(parts)[:width]


def _terminal() -> "Console | None":
    """The terminal that stderr may be; None where rich, which takes long to load, would say that it is
    none."""
    told = {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()
    if not told and not sys.stderr.isatty():
        return None
    from rich.console import Console

    return Console(stderr=True)


def _joined(parts: list[tuple[int, str]]) -> str:
    return ", ".join(text for _, text in parts)


def short(number: int) -> str:
    """A number in at most five characters: 12345 as 12.3k."""
    size = float(number)
    for unit in ("", "k", "M", "G"):
        if size < 999.5:
            return f"{size:.3g}{unit}"
        size /= 1000
    return f"{size:.3g}T"
