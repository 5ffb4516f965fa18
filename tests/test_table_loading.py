"""Object files into memory: placed here where that is plain, else by LLVM; broken ones are refused."""

import ctypes
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from checker.table import compiling, loading
from checker.table.loading import RefusedError, load, place

pytestmark = pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="LLVM's linker does it here"
)

#: A constant, a function of the C library, and one of our own.
SOURCE = """
declare i64 @labs(i64)
declare i64 @of_no_library(i64)

define double @scaled(double %x) nounwind {
    %y = fmul double %x, 2.5
    ret double %y
}

define i64 @distance(i64 %x, i64 %y) noinline nounwind {
    %d = sub i64 %x, %y
    %a = call i64 @labs(i64 %d)
    ret i64 %a
}

define i64 @around(i64 %x, i64 %y) nounwind {
    %d = call i64 @distance(i64 %x, i64 %y)
    %r = mul i64 %d, 2
    ret i64 %r
}
"""
#: Memory that is written to.
WRITING = """
@times = internal global i64 40
define i64 @count() nounwind {
    %n = load i64, TYPE @times
    %m = add i64 %n, 1
    store i64 %m, TYPE @times
    ret i64 %m
}
"""
#: Tables for whoever looks for a handler of exceptions.
RAISING = SOURCE.replace("nounwind", "")
LACKING = SOURCE.replace("call i64 @labs", "call i64 @of_no_library")


def compiled(source: str, code_model: str = "large") -> bytes:
    """The object file of a module."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(opt=2, reloc="static", codemodel=code_model)
    pointer = "ptr" if llvm.llvm_version_info >= (15, 0, 0) else "i64*"
    made: bytes = machine.emit_object(llvm.parse_assembly(source.replace("TYPE", pointer)))
    return made


@pytest.mark.parametrize("how", [place, loading._linked], ids=["here", "LLVM"])
def test_functions_find_their_constants_each_other_and_the_c_library(
    how: Callable[[bytes, str], int],
) -> None:
    code = compiled(SOURCE)
    scaled = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(how(code, "scaled"))
    assert scaled(3.0) == 7.5
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
    assert kind(how(code, "around"))(2, 2**40) == 2 * (2**40 - 2)


@pytest.mark.parametrize("share", compiling.SHARES)
def test_every_kernel_is_placed_here(share: tuple[str, ...]) -> None:
    if not compiling.compiled():
        compiling.compile_all()
    for kernel in share:
        name, code = compiling._file(kernel).read_bytes().split(b"\n", 1)
        assert place(code, name.decode())


@pytest.mark.parametrize(
    ("source", "code_model", "name", "why"),
    [
        (SOURCE, "small", "around", "relocation of kind"),
        (WRITING, "large", "count", "section of kind"),
        (RAISING, "large", "around", "section of kind"),
        (LACKING, "large", "around", "of_no_library"),
        (SOURCE, "large", "nothing", "no function nothing"),
        (SOURCE, "large", "labs", "no function labs"),
    ],
    ids=["near", "writing", "raising", "no such symbol", "no such function", "elsewhere"],
)
def test_what_is_not_plain_is_refused(source: str, code_model: str, name: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        place(compiled(source, code_model), name)


def test_what_is_refused_is_linked_by_llvm() -> None:
    count = ctypes.CFUNCTYPE(ctypes.c_int64)(load(compiled(WRITING), "count"))
    assert [count(), count(), count()] == [41, 42, 43]


def test_half_a_file_is_refused() -> None:
    code = compiled(SOURCE)
    placed = len(loading._placed)
    for size in range(len(code)):
        with pytest.raises(RefusedError):
            place(code[:size], "around")
    assert len(loading._placed) == placed


def test_a_section_that_ends_behind_the_file_is_refused() -> None:
    code = bytearray(compiled(SOURCE))
    begin, entry = int.from_bytes(code[40:48], "little"), 64
    for at in range(begin, len(code), entry):
        flags, size = code[at + 8], code[at + 32 : at + 40]
        # What is code, and is not empty.
        if flags & 4 and any(size):
            code[at + 32 : at + 40] = len(code).to_bytes(8, "little")
    with pytest.raises(RefusedError, match="a section ends behind the file"):
        place(bytes(code), "around")


def test_other_files_are_refused() -> None:
    code = compiled(SOURCE)
    other_processor = code[:18] + b"\xb7\x00" + code[20:]
    a_program = Path(sys.executable).read_bytes()
    for other in (other_processor, a_program, b"\n" * 5000, b"\x7fELF\x02\x01\x01" * 800):
        with pytest.raises(RefusedError):
            place(other, "around")


def test_code_cannot_be_written_to() -> None:
    start = f"{place(compiled(SOURCE), 'around'):x}".rjust(12, "0")[:-3]
    lines = Path("/proc/self/maps").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{start}000-"))
    assert line.split()[1] == "r-xp"
