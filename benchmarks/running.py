"""One process, from start to end: how long it took, and the most memory that it held."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen
from time import perf_counter

from attrs import frozen


@frozen
class Ran:
    """A process that has ended."""

    code: int
    seconds: float
    #: Seconds of processor time, by all its threads: where one thread took less than the seconds that
    #: passed, it had to wait, and the machine was not quiet.
    cpu: float
    #: Resident memory at its peak, in bytes; never less than that of this program when it started it.
    peak: int
    out: str
    err: str


def run(command: Sequence[str], where: Path) -> Ran:
    """Run a command in a directory, alone, and wait for it."""
    # Python keeps its own compiled code too, as it does unless it is told not to.
    env = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = perf_counter()
        process = Popen(command, cwd=where, stdout=out, stderr=err, env=env)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = perf_counter() - begun
        # It was waited for above, behind the back of the object.
        process.returncode = os.waitstatus_to_exitcode(status)
        # The kernel counts kilobytes, that of macOS bytes.
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        out.seek(0)
        err.seek(0)
        texts = [stream.read().decode(errors="replace") for stream in (out, err)]
        cpu = usage.ru_utime + usage.ru_stime
        return Ran(process.returncode, seconds, cpu, peak, *texts)
