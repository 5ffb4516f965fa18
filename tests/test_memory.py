"""Memory as the kernel's files tell it, beside what psutil says."""

from pathlib import Path

import numpy as np
import psutil
import pytest

from checker.memory import available, peak, resident

MEGABYTE = 1 << 20


@pytest.mark.parametrize("statm", ["/proc/self/statm", "/nowhere"])
def test_what_is_held_is_what_psutil_says(statm: str) -> None:
    before = resident(Path(statm))
    assert abs(before - psutil.Process().memory_info().rss) < 4 * MEGABYTE
    block = np.ones(64 * MEGABYTE, dtype=np.int8)
    assert 60 * MEGABYTE < resident(Path(statm)) - before < 80 * MEGABYTE
    assert peak() > before + len(block) - 4 * MEGABYTE


@pytest.mark.parametrize("meminfo", ["/proc/meminfo", "/nowhere"])
def test_what_is_free_is_what_psutil_says(meminfo: str) -> None:
    # Others take and give back memory meanwhile.
    assert available(Path(meminfo)) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_what_the_kernel_says_is_read(tmp_path: Path) -> None:
    told = tmp_path / "meminfo"
    told.write_text(
        "MemTotal: 9000 kB\nMemFree: 10 kB\nMemAvailable: 7000 kB\nHugePages_Total: 0\n"
    )
    assert available(told) == 7000 << 10


@pytest.mark.parametrize(
    "text",
    ["", "MemTotal: 9000 kB\n", "MemTotal: 9000 kB\nMemAvailable: 9001 kB\n", "no figures", "a: b\n",
     "MemTotal: 9000 kB\nMemAvailable: 0 kB\n", "MemTotal: many\nMemAvailable: few\n",
     "MemTotal:\nMemAvailable:\n"],
    ids=["empty", "old", "more than all", "no figures", "others", "nothing", "words", "blank"],
)  # fmt: skip
def test_what_the_kernel_does_not_say_psutil_does(tmp_path: Path, text: str) -> None:
    told = tmp_path / "meminfo"
    told.write_text(text)
    assert available(told) > 9001 << 10


@pytest.mark.parametrize("text", ["", "12", "x y z"])
def test_where_no_size_is_told_psutil_tells_it(tmp_path: Path, text: str) -> None:
    told = tmp_path / "statm"
    told.write_text(text)
    assert resident(told) > 20 * MEGABYTE
