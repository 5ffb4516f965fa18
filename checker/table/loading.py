"""Compiled kernels into memory: from an object file to the address of a function.

LLVM has a linker for this, but to load LLVM takes longer than many a search, and 50 MB. What LLVM makes
of kernels for x86-64 is plain enough to be placed here: code and constants, and in them some absolute
addresses. Whatever else an object file asks for is refused, and LLVM's own linker does it.

The layout of object files: System V Application Binary Interface, "Object Files"; AMD64 supplement.
"""

import ctypes
import mmap
import os
from functools import cache
from struct import Struct, error
from typing import Any, NamedTuple

_HEADER = Struct("<7s9xHHIQQQIHHHHHH")
_SECTION = Struct("<IIQQQQIIQQ")
_SYMBOL = Struct("<IBBHQQ")
_RELOCATION = Struct("<QIIq")
_ADDRESS = Struct("<Q")

#: 64 bits, little-endian, version 1; an object file; for x86-64.
_PLAIN = (b"\x7fELF\x02\x01\x01", 1, 62)
#: Kinds of sections.
_CODE_OR_DATA, _SYMBOLS, _RELOCATIONS, _OTHER_RELOCATIONS = 1, 2, 4, 9
#: What is told of a section: it can be written to, it has a place in memory, it is code.
_WRITABLE, _PLACED, _EXECUTABLE = 1, 2, 4
#: A symbol of another library; the kinds of symbols that are an address and nothing else.
_ELSEWHERE, _PLAIN_SYMBOLS = 0, (0, 1, 2, 3)
#: The address of a symbol, and a number added to it, in 64 bits.
_ABSOLUTE = 1


class RefusedError(Exception):
    """The object file asks for what is not done here, or is none; which, is said."""


class _Section(NamedTuple):
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int

    def of(self, code: bytes) -> bytes:
        """What is in it."""
        found = code[self.offset : self.offset + self.size]
        if len(found) != self.size:
            raise RefusedError("a section ends behind the file")
        return found


class _Symbol(NamedTuple):
    name: bytes
    kind: int
    section: int
    value: int


def load(code: bytes, name: str) -> int:
    """The address of a function of an object file, which stays in memory for good."""
    try:
        return place(code, name)
    except RefusedError:
        return _linked(code, name)


def place(code: bytes, name: str) -> int:
    """The same without LLVM. Raises RefusedError."""
    if os.name != "posix":
        raise RefusedError("memory is had in another way")
    try:
        return _place(code, name)
    except (error, ValueError, OverflowError, IndexError) as problem:
        raise RefusedError(f"no object file: {problem}") from problem
    except OSError as problem:
        raise RefusedError(f"no memory: {problem}") from problem


def _place(code: bytes, name: str) -> int:
    sections = _sections(code)
    # Where each section begins, from the beginning of all.
    begins: dict[int, int] = {}
    size = 0
    for number, section in enumerate(sections):
        if section.flags & _PLACED and section.size:
            if section.kind != _CODE_OR_DATA or section.flags & _WRITABLE:
                raise RefusedError(f"section of kind {section.kind}, flags {section.flags:#x}")
            alignment = max(section.alignment, 1)
            if mmap.PAGESIZE % alignment:
                raise RefusedError(f"section aligned to {alignment}")
            begins[number] = -(-size // alignment) * alignment
            size = begins[number] + section.size
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for number, begin in begins.items():
        memory[begin : begin + sections[number].size] = sections[number].of(code)
    symbols = _symbols(code, sections)
    for section in sections:
        if section.kind in (_RELOCATIONS, _OTHER_RELOCATIONS) and section.info in begins:
            if section.kind != _RELOCATIONS:
                raise RefusedError("relocations without addends")
            room = sections[section.info].size - _ADDRESS.size
            for at, kind, number, addend in _RELOCATION.iter_unpack(section.of(code)):
                if kind != _ABSOLUTE or at > room:
                    raise RefusedError(f"relocation of kind {kind} at {at}")
                value = _address(symbols[number], begins, base) + addend
                _ADDRESS.pack_into(memory, begins[section.info] + at, value)
    for symbol in symbols:
        if symbol.name == name.encode() and symbol.section in begins:
            section = sections[symbol.section]
            if section.flags & _EXECUTABLE and symbol.value < section.size:
                _make_executable(base, size)
                _placed.append(memory)
                return _address(symbol, begins, base)
    raise RefusedError(f"no function {name}")


def _sections(code: bytes) -> list[_Section]:
    """The sections of an object file for this processor."""
    magic, kind, machine, *_, at, _, _, _, _, size, count, _ = _HEADER.unpack_from(code)
    if (magic, kind, machine) != _PLAIN or os.uname().machine != "x86_64" or size != _SECTION.size:
        raise RefusedError("an object file for something else")
    found = []
    for number in range(count):
        entry = _SECTION.unpack_from(code, at + number * size)
        _, kind, flags, _, offset, length, link, info, alignment, _ = entry
        found.append(_Section(kind, flags, offset, length, link, info, alignment))
    return found


def _symbols(code: bytes, sections: list[_Section]) -> list[_Symbol]:
    """The symbols of an object file, in its order."""
    (table,) = (section for section in sections if section.kind == _SYMBOLS)
    names = sections[table.link].of(code)
    return [
        _Symbol(names[at : names.index(b"\0", at)], info & 15, section, value)
        for at, info, _, section, value, _ in _SYMBOL.iter_unpack(table.of(code))
    ]


def _address(symbol: _Symbol, begins: dict[int, int], base: int) -> int:
    """Where a symbol is in memory."""
    if symbol.kind not in _PLAIN_SYMBOLS:
        raise RefusedError(f"symbol of kind {symbol.kind}")
    if symbol.section in begins:
        return base + begins[symbol.section] + symbol.value
    if symbol.section != _ELSEWHERE:
        raise RefusedError(f"symbol in section {symbol.section}")
    try:
        # What code of the C library it needs, as memset, is found in this process.
        found: Any = getattr(ctypes.CDLL(None), symbol.name.decode())
    except AttributeError as problem:
        raise RefusedError(str(problem)) from problem
    return ctypes.cast(found, ctypes.c_void_p).value or 0


def _make_executable(base: int, size: int) -> None:
    """From here on memory is read and run, and no longer written to."""
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    if protect(base, size, mmap.PROT_READ | mmap.PROT_EXEC):
        raise OSError(ctypes.get_errno(), "memory may not be run")


#: What has been placed and linked, which must stay.
_placed: list[Any] = []


@cache
def _linker() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.create_lljit_compiler()


def _linked(code: bytes, name: str) -> int:
    """The address of a function of an object file, by LLVM's linker."""
    import llvmlite.binding as llvm

    library = llvm.JITLibraryBuilder().add_current_process().add_object_img(code)
    library.export_symbol(name)
    # A library of LLVM's has a name of its own.
    made = library.link(_linker(), f"kernel{len(_placed)}")
    _placed.append(made)
    return int(made[name])
