"""How kernels are compiled: without the interpreter's lock, and kept on disk.

No kernel allocates anything, so none counts references to its arrays (`_nrt`): counting takes a third
of the time of a search, and workers that count on the same arrays wait for each other.
"""

from typing import Any

from numba import njit

_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "_nrt": False}

#: A kernel, or a part of one.
kernel: Any = njit(**_OPTIONS)
#: A part that is spelled out where it is used.
inlined: Any = njit(**_OPTIONS, inline="always")
