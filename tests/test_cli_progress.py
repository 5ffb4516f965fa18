"""What is told of a search while it runs: a live line on a terminal, plain lines elsewhere."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from checker.cli.progress import LIVE, PLAIN, Ticker, short
from checker.reference import Counts

FAR = Counts(distinct=4_144_275, transitions=25_028_915, depth=18, frontier=123_456)


class Clock:
    """Stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Told:
    """A ticker with a console of ours, on a terminal so wide or, without a width, on none."""

    def __init__(self, width: int | None = None) -> None:
        self.clock = Clock()
        self.shown = StringIO()
        console = Console(file=self.shown, force_terminal=width is not None, width=width or 80)
        self.ticker = Ticker(console, self.clock, lambda: 345 << 20)

    def tick(self, after: float, counts: Counts) -> None:
        self.clock.now += after
        self.ticker.tick(counts)

    def line(self) -> str:
        """The live line."""
        status: Any = self.ticker._status
        return str(status.status)


def counts(distinct: int, transitions: int, **more: Any) -> Counts:
    return Counts(distinct, transitions, depth=7, frontier=1234, **more)


def test_a_plain_line_every_thirty_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    with told.ticker:
        told.tick(PLAIN - 0.1, counts(1, 1))
        assert capsys.readouterr().err == ""
        told.tick(0.1, counts(60_000, 240_000))
        assert capsys.readouterr().err == (
            "searching, depth 7, 60,000 states, 240,000 generated, 1,234 waiting,"
            " 599,990/s, 2,000/s overall, 345 MB, 25% new\n"
        )
        told.tick(PLAIN - 0.1, counts(70_000, 300_000))
        assert capsys.readouterr().err == ""
        told.tick(0.1, counts(70_000, 300_000))
        assert capsys.readouterr().err.count("\n") == 1
    assert told.shown.getvalue() == ""


def test_a_short_search_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    with told.ticker:
        for phase in ("compiling", "searching", "checking symmetry", "writing"):
            told.tick(7, counts(10, 10, phase=phase))
    assert capsys.readouterr().err == ""


def test_a_phase_that_may_last_is_told_of_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    with told.ticker:
        told.tick(PLAIN, counts(10, 10))
        assert capsys.readouterr().err.startswith("searching, depth 7")
        told.tick(1, counts(10, 10, phase="filling tables"))
        told.tick(1, counts(10, 10))
        assert capsys.readouterr().err == ""
        told.tick(1, counts(10, 10, phase="checking symmetry"))
        assert capsys.readouterr().err.startswith("checking symmetry, depth 7")
        told.tick(1, counts(10, 10, phase="checking symmetry"))
        assert capsys.readouterr().err == ""


def test_before_anything_is_found_there_is_only_the_phase(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = Told()
    told.tick(PLAIN, Counts(phase="compiling"))
    assert capsys.readouterr().err == "compiling\n"


def test_lately_is_the_last_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """1000 states/s and all of them new for 45 s, then 100 states/s of 1000 generated."""
    told = Told()
    for second in range(1, 31):
        told.tick(1, counts(1000 * second, 1000 * second))
    assert "1,000/s, 1,000/s overall, 345 MB, 100% new" in capsys.readouterr().err
    for second in range(31, 61):
        new = 1000 * min(second, 45) + 100 * max(0, second - 45)
        told.tick(1, counts(new, 1000 * second))
    assert " 100/s, 775/s overall, 345 MB, 10% new" in capsys.readouterr().err


def test_a_search_that_begins_anew_is_not_slower_than_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """When the table engine takes over, it counts from 0."""
    told = Told()
    told.tick(25, counts(20_000, 80_000))
    told.tick(1, counts(100, 400))
    told.tick(4, counts(50_100, 200_400))
    assert "12,500/s, 1,670/s overall, 345 MB, 25% new" in capsys.readouterr().err


def test_walks_are_told_in_place_of_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    told.tick(PLAIN, counts(100, 200, walks=1017))
    line = capsys.readouterr().err
    assert "walk 1,017," in line and "waiting" not in line


def test_where_nothing_was_generated_nothing_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    told.tick(PLAIN, counts(1, 0))
    assert capsys.readouterr().err.endswith(" 0% new\n")


#: What is left out, one after the other, as the terminal gets narrower.
WIDTHS = {
    107: "searching, depth 18, 4.14M states, 25M generated, 123k waiting, 2.07M/s, 1.04M/s overall,"
    " 345 MB, 17% new",
    106: "searching, depth 18, 4.14M states, 25M generated, 123k waiting, 2.07M/s, 345 MB, 17% new",
    89: "searching, depth 18, 4.14M states, 123k waiting, 2.07M/s, 345 MB, 17% new",
    75: "searching, depth 18, 4.14M states, 123k waiting, 2.07M/s, 345 MB, 17% new",
    74: "searching, depth 18, 4.14M states, 123k waiting, 2.07M/s, 17% new",
    60: "searching, depth 18, 4.14M states, 2.07M/s, 17% new",
    50: "searching, depth 18, 4.14M states, 2.07M/s",
    40: "searching, 4.14M states, 2.07M/s",
    30: "searching, 4.14M states",
    14: "4.14M states",
    9: "4.14M s",
}


@pytest.mark.parametrize(("width", "line"), WIDTHS.items())
def test_a_live_line_leaves_out_what_does_not_fit(width: int, line: str) -> None:
    told = Told(width)
    with told.ticker:
        told.tick(2, counts(1, 0))
        told.tick(2, FAR)
        assert told.line() == line


@pytest.mark.parametrize("width", [9, 30, 79, 80, 120])
@pytest.mark.parametrize("phase", ["searching", "filling tables", "checking symmetry"])
def test_a_live_line_never_wraps(width: int, phase: str) -> None:
    """With the largest numbers there are, too: one line, which is no wider than the terminal."""
    told = Told(width)
    console = told.ticker._console
    with told.ticker:
        told.tick(1, counts(1, 1))
        told.tick(1, Counts(999_400_000, 999_400_000_000, 99_999, 999_400_000, phase=phase))
        status: Any = told.ticker._status
        lines = console.render_lines(status.renderable, pad=False)
    assert len(lines) == 1
    assert sum(segment.cell_length for segment in lines[0]) <= width


def test_a_live_line_changes_ten_times_a_second() -> None:
    told = Told(120)
    with told.ticker:
        told.tick(LIVE, counts(1, 1))
        assert "1 states" in told.line()
        told.tick(LIVE / 2, counts(2, 2))
        assert "1 states" in told.line()
        told.tick(LIVE, counts(3, 3))
        assert "3 states" in told.line()
        told.tick(0, counts(3, 3, phase="filling tables"))
        assert told.line().startswith("searching")
        told.tick(0, counts(3, 3, phase="writing"))
        assert told.line().startswith("writing")


def test_a_live_line_is_gone_at_the_end() -> None:
    told = Told(80)
    with told.ticker:
        told.tick(1, FAR)
    assert told.shown.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *[(0, "0"), (7, "7"), (999, "999"), (1000, "1k"), (12_345, "12.3k"), (999_499, "999k")],
        *[(999_500, "1M"), (4_144_275, "4.14M"), (25_028_915, "25M"), (10**9, "1G")],
        (3 * 10**12, "3T"),
    ],
)
def test_short_numbers(number: int, text: str) -> None:
    assert short(number) == text
