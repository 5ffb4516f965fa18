"""How much memory this process holds, has held, and may still take, in bytes.

Where the kernel says so in a file, as on Linux, it is read there: to load psutil takes longer than many
a search.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

_STATM = Path("/proc/self/statm")
_MEMINFO = Path("/proc/meminfo")


def resident(statm: Path = _STATM) -> int:
    """What this process holds now. statm: where the kernel says so, if it does."""
    with suppress(OSError, ValueError, IndexError):
        return int(statm.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import psutil

    return psutil.Process().memory_info().rss


def available(meminfo: Path = _MEMINFO) -> int:
    """What may be taken before the system swaps. meminfo: where the kernel says so, if it does."""
    with suppress(OSError, ValueError, KeyError, IndexError):
        told = dict(line.split(b":", 1) for line in meminfo.read_bytes().splitlines())
        sizes = {name: int(told[name].split()[0]) << 10 for name in (b"MemTotal", b"MemAvailable")}
        # In a container that is told the figures of its host, the two do not belong together.
        if 0 < sizes[b"MemAvailable"] <= sizes[b"MemTotal"]:
            return sizes[b"MemAvailable"]
    import psutil

    return psutil.virtual_memory().available


def peak() -> int:
    """The most that this process has held."""
    # Windows alone has no getrusage; psutil knows its peak.
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
