"""Compiled kernels on disk: how they get there, and whether they are.

They are compiled by processes of their own (checker.table.translating), in which the same sources are
imported with the compiler behind the decorators. A file holds one kernel: the name under which its
code is entered, a line, then an object file as a linker would take it. It is kept under a name that
changes with everything that it was made from.
"""

import os
import sys
from contextlib import suppress
from functools import cache
from importlib.util import source_hash
from pathlib import Path
from threading import Lock

import llvmlite

from checker.errors import SplitbrainError
from checker.table.loading import load

#: The kernels that Python calls, so parted that two processes take about as long.
SHARES = (
    ("breadth.unfold", "depth.descend", "depth.push", "arrays.memo_put", "arrays.memo_move",
     "arena.spread", "arena.write_deliveries", "arena.write_timers"),
    (
        "looking.look_over", "looking.steps_over", "walks.walk", "visiting.meet",
        "visiting.hashed", "visiting.regrow", "visiting.enter_moved", "visiting.enter_all",
        "breadth.settle", "breadth.tally", "breadth.whole", "jobs.noted",
        "orbits.canonical_all", "orbits.write_images", "orbits.write_least", "orbits.write_origins",
        "rows.move_rows",
    ),
)  # fmt: skip

#: What else compiled code depends on, besides the sources that import `checker.table.kernels`.
OTHERS = ("kernels", "blocks")


@cache
def _made_from() -> str:
    """Stands for all that compiled code depends on: sources, compiler, processor."""
    told = []
    for source in sorted(Path(__file__).parent.glob("*.py")):
        text = source.read_bytes()
        if b"kernels import" in text or b"import kernels" in text or source.stem in OTHERS:
            told.append(text)
    # Each version of numba has its own of llvmlite.
    versions = (llvmlite.__version__, sys.implementation.cache_tag)
    told.append(repr((*versions, processor())).encode())
    # The hash by which Python tells sources apart: what hashlib has takes longer to load.
    return source_hash(b"\0".join(told)).hex()


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """What tells processors apart that cannot run each other's code. cpuinfo: where the kernel says
    so, if it does."""
    with suppress(OSError, ValueError), cpuinfo.open("rb", buffering=0) as file:
        # The first processor stands for all; a page is more than it takes.
        first, whole, _ = file.read(4096).decode().partition("\n\n")
        lines = (line.partition(":") for line in first.splitlines())
        told = {key.strip(): value.strip() for key, _, value in lines}
        # x86 alone says here all that it can.
        if whole and "flags" in told:
            kinds = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags")
            return tuple(told.get(kind, "") for kind in kinds)
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@cache
def _directory() -> Path:
    """Where compiled code is kept: beside the sources or, where those cannot be written, among what
    the user's programs keep."""
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "splitbrain"
    for directory in (Path(__file__).parent / "__pycache__", kept):
        with suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True)
            if os.access(directory, os.W_OK):
                return directory
    # Needed hardly ever, and with what it loads itself it takes a while.
    from tempfile import gettempdir

    return Path(gettempdir())


def _name(kernel: str) -> str:
    return f"{kernel}-{_made_from()}.o"


def _file(kernel: str) -> Path:
    return _directory() / _name(kernel)


def _missing() -> list[list[str]]:
    """The kernels that are not on disk, in shares."""
    shares = [[kernel for kernel in share if not _file(kernel).exists()] for share in SHARES]
    return [share for share in shares if share]


def compiled() -> bool:
    """Whether all kernels are on disk."""
    return not _missing()


def compile_all() -> None:
    """Compile what is not on disk yet, and throw away what other sources have left there."""
    # A search whose code is on disk does without.
    import subprocess

    command = [sys.executable, "-m", "checker.table.translating", str(_directory())]
    # This package may be in no place where another process would look for it.
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    shares = [
        subprocess.Popen([*command, *share], stderr=subprocess.PIPE, text=True, env=env)
        for share in _missing()
    ]
    try:
        told = [share.communicate()[1] for share in shares]
    finally:
        for share in shares:
            share.kill()
    for share, error in zip(shares, told, strict=True):
        if share.returncode:
            raise SplitbrainError(f"the search could not be compiled:\n{error}")
    for stale in _directory().glob("*.*-*.o"):
        if not stale.stem.endswith(_made_from()):
            stale.unlink(missing_ok=True)


#: Where kernels have been loaded to. Workers may come to the same one at once.
_loaded: dict[str, int] = {}
_loading = Lock()


def address(kernel: str) -> int:
    """Where the code of a kernel is in memory; it is loaded, and before that compiled, if need be."""
    with _loading:
        if kernel not in _loaded:
            if not _file(kernel).exists():
                compile_all()
            name, code = _file(kernel).read_bytes().split(b"\n", 1)
            _loaded[kernel] = load(code, name.decode())
        return _loaded[kernel]


def write(directory: Path, kernel: str, name: str, code: bytes) -> None:
    """Put a kernel on disk, whole or not at all. name: under which its code is entered."""
    file = directory / _name(kernel)
    aside = file.with_suffix(f".{os.getpid()}.part")
    try:
        aside.write_bytes(name.encode() + b"\n" + code)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
