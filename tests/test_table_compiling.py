"""Kernels on disk: compiled by other processes, kept until a source changes, loaded and called."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from table_arrays import array_of

from checker.errors import SplitbrainError
from checker.table import arrays, compiling
from checker.table.blocks import Block
from checker.table.kernels import Kernel


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory for compiled code, of one kernel only."""
    monkeypatch.setattr(compiling, "_directory", lambda: tmp_path)
    monkeypatch.setattr(compiling, "SHARES", (("arrays.memo_put",),))
    return tmp_path


def test_what_is_not_on_disk_is_compiled_and_what_is_stale_thrown_away(place: Path) -> None:
    stale, foreign = place / "arrays.memo_put-0123456789abcdef.o", place / "arrays.npy"
    stale.touch()
    foreign.touch()
    assert not compiling.compiled()
    compiling.compile_all()
    assert compiling.compiled()
    left = {file.name for file in place.iterdir()}
    assert len(left) == 2 and foreign.name in left and stale.name not in left


@pytest.mark.parametrize("source", ["visiting.py", "sharing.py", "translating.py"])
def test_a_changed_source_makes_other_files(
    monkeypatch: pytest.MonkeyPatch, place: Path, source: str
) -> None:
    before = compiling._file("arrays.memo_put")
    read = Path.read_bytes

    def edited(path: Path) -> bytes:
        return read(path) + b"#" * (path.name == source)

    monkeypatch.setattr(Path, "read_bytes", edited)
    compiling._made_from.cache_clear()
    try:
        assert compiling._file("arrays.memo_put") != before
    finally:
        monkeypatch.undo()
        compiling._made_from.cache_clear()


CPUINFO = """\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 106
model name\t: Intel(R) Xeon(R)
stepping\t: 6
cpu MHz\t\t: {mhz}
flags\t\t: fpu avx2 {flags}
power management:

processor\t: 1
vendor_id\t: GenuineIntel
"""


def test_processors_that_differ_in_what_they_can_are_told_apart(tmp_path: Path) -> None:
    def told(text: str) -> tuple[str, ...]:
        (tmp_path / "cpuinfo").write_text(text)
        return compiling.processor(tmp_path / "cpuinfo")

    one = told(CPUINFO.format(mhz=2000, flags="avx512f"))
    assert one == told(CPUINFO.format(mhz=3100, flags="avx512f"))
    assert one != told(CPUINFO.format(mhz=2000, flags=""))
    assert one != told(CPUINFO.format(mhz=2000, flags="avx512f").replace("106", "107"))


@pytest.mark.parametrize(
    "text",
    ["", "Features\t: fp asimd\n", CPUINFO.partition("flags")[0], CPUINFO.partition("power")[0],
     CPUINFO.replace("flags", "flags" * 1000), "\xff"],
    ids=["nothing", "another processor", "no flags", "cut off", "longer than a page", "no text"],
)  # fmt: skip
def test_what_the_kernel_does_not_say_of_the_processor_llvm_does(tmp_path: Path, text: str) -> None:
    (tmp_path / "cpuinfo").write_bytes(text.encode("latin-1"))
    name, features = compiling.processor(tmp_path / "cpuinfo")
    assert name == llvm.get_host_cpu_name() and "," in features


def test_another_processor_has_other_files(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    before = compiling._file("arrays.memo_put")
    monkeypatch.setattr(compiling, "processor", lambda: ("another",))
    compiling._made_from.cache_clear()
    try:
        assert compiling._file("arrays.memo_put") != before
    finally:
        monkeypatch.undo()
        compiling._made_from.cache_clear()


def test_what_cannot_be_compiled_is_told(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(compiling, "SHARES", (("arrays.no_such_kernel",),))
    with pytest.raises(SplitbrainError, match=r"could not be compiled(.|\n)*no_such_kernel"):
        compiling.compile_all()
    assert not list(place.iterdir())


def test_every_kernel_that_python_calls_is_compiled_beforehand() -> None:
    """Otherwise the first call would compile it, one after the other, and nobody be told."""
    import checker.table

    modules = [import_module(f"checker.table.{found.name}")
               for found in iter_modules(checker.table.__path__)]  # fmt: skip
    found = {value.name for module in modules for value in vars(module).values()
             if isinstance(value, Kernel)}  # fmt: skip
    assert found == {kernel for share in compiling.SHARES for kernel in share}


def test_a_kernel_is_given_arrays_as_they_are() -> None:
    memo = Block("int64", 8, 2)
    for key in (5, 13, 2**62 - 1):
        arrays.memo_put(memo, key, -key)
    found = array_of(memo)
    assert sorted(map(tuple, found[found[:, 0] != 0].tolist())) == [
        (5, -5), (13, -13), (2**62 - 1, 1 - 2**62)
    ]  # fmt: skip
    assert [arrays.memo_get(found, key) for key in (5, 13, 2**62 - 1, 6)] == [
        -5,
        -13,
        1 - 2**62,
        -1,
    ]


@pytest.mark.parametrize(
    "memo",
    [Block("int32", 8, 2), Block("int64", 16), np.zeros((8, 2), dtype=np.int64), []],
    ids=["type", "axes", "not a block", "no array"],
)
def test_what_is_no_such_array_is_refused(memo: Any) -> None:
    put = Kernel(arrays.memo_put.function)
    with pytest.raises(TypeError, match=r"arrays.memo_put: memo must be \('int64', 2\)"):
        put(memo, 1, 1)
