"""The benchmarks: what is read of other tools, and what is made of it."""

import shutil
import sys
from pathlib import Path

import pytest
from attrs import evolve

from benchmarks import measuring, report
from benchmarks.floors import floors
from benchmarks.measuring import Row, measure
from benchmarks.memory_probe import arithmetic, dependent, independent, table_of
from benchmarks.readings import Reading
from benchmarks.running import Ran, run
from benchmarks.sizes import GROWTH, LARGE, QUICK, Size, raft, two_phase
from benchmarks.tools import (
    REFERENCE,
    SPIN_BREADTH,
    SPIN_DEPTH,
    TABLE,
    TABLE_2,
    TABLE_SYMMETRY,
    TABLE_TWICE,
    TWICE,
    Counts,
    Splitbrain,
    Tlc,
    ToolError,
)

PAN = """
State-vector 36 byte, depth reached 16, errors: {errors}
    82093 states, stored
   305080 states, matched
   387173 transitions (= stored+matched)
        0 atomic steps
"""
TLC = """Finished computing initial states: 1 distinct state generated at 2026-11-24 02:51:11.
Progress(9) at 2026-11-24 02:51:14: 35,722 states generated, 12,700 distinct states found
387173 states generated, 82093 distinct states found, 0 states left on queue.
"""


def ended(out: str = "", err: str = "", code: int = 0) -> Ran:
    return Ran(code, 1.0, 1.0, 1_000_000, out, err)


def row(tool: str, seconds: float, peak: int = 1_000, distinct: int = 4_144_275) -> Row:
    size = raft(5, 2)
    counts = Counts(distinct)
    return Row(tool, size, size.distinct, counts, seconds, seconds, peak, rounds=(seconds,))


def test_spin_counts_the_way_to_the_initial_state() -> None:
    assert SPIN_DEPTH.read(ended(PAN.format(errors=0))) == Counts(82_093, 387_172)


def test_spin_writes_large_counts_with_an_exponent() -> None:
    text = PAN.format(errors=0).replace("82093", "1.0311203e+08")
    assert SPIN_DEPTH.read(ended(text)).distinct == 103_112_030


@pytest.mark.parametrize("out", ["", PAN.format(errors=1)])
def test_spin_that_found_an_error_or_did_not_end(out: str) -> None:
    with pytest.raises(ToolError):
        SPIN_DEPTH.read(ended(out))


def test_tlc_counts_the_initial_state_among_the_generated() -> None:
    assert Tlc(None).read(ended(TLC)) == Counts(82_093, 387_172)


@pytest.mark.parametrize(("out", "code"), [(TLC, 12), ("Parsing failed", 0)])
def test_tlc_that_failed(out: str, code: int) -> None:
    with pytest.raises(ToolError):
        Tlc(None).read(ended(out, code=code))


def test_splitbrain_that_failed_says_why() -> None:
    with pytest.raises(ToolError, match="no such model"):
        TABLE.read(ended(err="searching\nno such model\n", code=2))


def test_counts_of_two_phase_commit_follow_from_its_formula() -> None:
    assert [two_phase(n).distinct for n in (3, 7, 8)] == [288, 296_448, 1_745_408]


def test_every_size_has_orbits_to_compare_with() -> None:
    assert all(size.orbits for size in (*LARGE, *QUICK))
    assert raft(3, 5) in GROWTH


def test_a_missing_tool_is_a_row_that_says_so(tmp_path: Path) -> None:
    (found,) = measure(raft(3, 1), [Tlc(tmp_path / "none.jar")], 1, lambda text: None)
    assert found.note.startswith("not installed") and not found.failed and not found.wrong
    assert found.note in report.comparison([found]).rows[0][0]


@pytest.mark.parametrize(("enough", "runs"), [(1e-6, 1), (300, 3)])
def test_what_takes_long_is_measured_once(
    monkeypatch: pytest.MonkeyPatch, enough: float, runs: int
) -> None:
    monkeypatch.setattr(measuring, "ENOUGH", enough)
    told: list[str] = []
    (found,) = measure(raft(3, 1), [REFERENCE], 3, told.append)
    assert (len(told), len(found.rounds)) == (1 + runs, runs)
    assert found.seconds == min(found.rounds)


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert SPIN_BREADTH.missing() == "not installed: spin, gcc"


def test_a_wrong_count_is_red_and_has_no_part_in_the_floors() -> None:
    rows = [row(TABLE.name, 1.0), row(SPIN_DEPTH.name, 9.0, distinct=4)]
    assert [r.wrong for r in rows] == [False, True]
    grid = report.comparison(rows)
    assert grid.styles == ("", "red")
    assert grid.rows[1][1] == "4 (not 4,144,275)"
    assert floors(rows)[0].reached is None


def test_ratios_are_to_one_worker_of_the_table_engine() -> None:
    grid = report.comparison([row(TABLE.name, 2.0), row(SPIN_DEPTH.name, 3.0, peak=4_000)])
    assert [cells[-2:] for cells in grid.rows] == [("1.00", "1.00"), ("1.50", "4.00")]


def test_a_ratio_is_the_median_of_those_within_a_round() -> None:
    # The machine is half as fast in the second round; in the third something else ran for a while.
    one = evolve(row(TABLE.name, 4.0), rounds=(4.0, 8.0, 4.0))
    two = evolve(row(TABLE_2.name, 2.5), rounds=(2.5, 5.0, 9.0))
    spin = [
        evolve(row(SPIN_DEPTH.name, 8.0), rounds=(8.0, 20.0, 12.0)),
        evolve(row(SPIN_BREADTH.name, 8.0), rounds=(9.0, 8.0, 12.0)),
    ]
    assert [floor.reached for floor in floors([one, two, *spin])][:2] == [2.0, 1.6]
    assert report.comparison([one, two]).rows[1][-2] == "0.62"
    # What ran once is compared with what ran with it.
    assert floors([one, row(SPIN_DEPTH.name, 8.0)])[0].reached == 2.0


def test_floors() -> None:
    found = floors(
        [
            row(TABLE.name, 10.0, peak=900),
            row(TABLE_2.name, 5.0),
            evolve(row(TABLE_SYMMETRY.name, 2.0, distinct=39_352), expected=39_352),
            row(REFERENCE.name, 400.0),
            row(SPIN_DEPTH.name, 20.0, peak=1_800),
            row(SPIN_BREADTH.name, 15.0, peak=2_700),
            row(Tlc(None).name, 110.0),
        ]
    )
    assert [floor.reached for floor in found] == pytest.approx([1.5, 2.0, 22.0, 40.0, 2.0, 5.0])
    assert [floor.met for floor in found] == [True, True, True, False, True, False]


def test_a_floor_without_its_runs_is_not_measured() -> None:
    found = floors([row(TABLE.name, 10.0)])
    assert {floor.met for floor in found} == {None}
    assert {cells[-1] for cells in report.demands(found).rows} == {"not measured"}


def test_two_workers_are_compared_with_two_searches_at_once() -> None:
    grid = report.scaling(
        [[row(TABLE.name, 4.0), row(TABLE_2.name, 2.5), row(TABLE_TWICE.name, 5.0)]]
    )
    assert grid.rows[0][1:] == ("1.60", "1.60", "100%")
    assert report.scaling([[row(TABLE.name, 4.0)]]).rows == ()


@pytest.mark.parametrize("failing", ["", "! "], ids=["the one in the background", "the other"])
def test_twice_at_once_fails_if_one_does(tmp_path: Path, failing: str) -> None:
    # What the one in the background says, goes nowhere.
    script = f"if {failing}[ /dev/stdout -ef /dev/null ]; then exit 3; fi; echo told >> log"
    ran = run(["sh", "-c", TWICE, "sh", "sh", "-c", script], tmp_path)
    assert ran.code == 3
    assert (tmp_path / "log").read_text() == "told\n"


def test_twice_at_once_says_what_one_finds(tmp_path: Path) -> None:
    ran = run(["sh", "-c", TWICE, "sh", "sh", "-c", "echo told >> log; echo told"], tmp_path)
    assert (ran.code, ran.out) == (0, "told\n")
    assert (tmp_path / "log").read_text() == "told\ntold\n"


def test_growth_tells_what_a_further_state_costs() -> None:
    rows = [row(TABLE.name, 1.0, peak=1_000, distinct=10), row(TABLE.name, 1.0, 3_000, 110)]
    assert [cells[-1] for cells in report.growth(rows).rows] == ["", "20"]


def test_the_page_has_every_table() -> None:
    grid = report.comparison([row(TABLE.name, 2.0)])
    page = report.page([("Python", "3.11")], "python -m benchmarks", [grid])
    assert "| Python | 3.11 |" in page
    assert "| splitbrain table, 1 worker | 4,144,275 |" in page


def test_the_probe_visits_every_word_once() -> None:
    table = table_of(1 << 10)
    assert sorted(table) == list(range(1 << 10))
    assert dependent.py_func(table, 7, 1 << 10) == 7
    assert dependent.py_func(table, 7, 1 << 9) != 7
    assert independent.py_func(table, 7, 1 << 10) == sum(table)
    # Four rows of places that each come round to where they began.
    assert arithmetic.py_func(table, 7, 1 << 12) == 7 + 8 + 9 + 10
    assert arithmetic.py_func(table, 7, 4) == sum(table[7:11])


def test_the_probe_says_what_a_second_thread_brings() -> None:
    readings = [Reading("arithmetic", 1, 2e9), Reading("arithmetic", 2, 3e9)]
    assert [cells[-1] for cells in report.reads(readings).rows] == ["1.00", "1.50"]


def test_a_process_is_measured_with_its_memory(tmp_path: Path) -> None:
    ran = run([sys.executable, "-c", "print(len(bytearray(300_000_000)))"], tmp_path)
    assert (ran.code, ran.out) == (0, "300000000\n")
    assert 300_000_000 < ran.peak < 400_000_000
    assert ran.cpu > 0 and ran.seconds > 0


def test_a_real_run_of_the_reference_explorer_and_of_spin() -> None:
    compared = [Splitbrain("reference"), Splitbrain("reference", symmetry=True)]
    size = raft(3, 2)
    rows = measure(size, compared, 1, lambda text: None)
    assert rows[0].counts == Counts(size.distinct, size.transitions)
    assert [r.distinct for r in rows] == [2_855, 505]


@pytest.mark.skipif(not (shutil.which("spin") and shutil.which("gcc")), reason="no SPIN here")
@pytest.mark.parametrize("size", [raft(3, 2), two_phase(3)])
def test_the_promela_models_have_our_state_spaces(size: Size) -> None:
    rows = measure(size, [SPIN_DEPTH, SPIN_BREADTH], 1, lambda text: None)
    assert {r.counts for r in rows} == {Counts(size.distinct, size.transitions)}
