"""Write a trace to a file; the ending of the name decides the format."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import graphviz

from traces.dot import graph, to_dot
from traces.drawing import draw
from traces.errors import TraceError
from traces.itf import dump
from traces.svg import to_svg
from traces.table import table_text
from traces.trace import Trace


def render(trace: Trace, path: Path | str) -> None:
    """Write `trace` to `path`: the whole file, or none."""
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in _WRITERS:
        raise TraceError(
            f"{target}: cannot tell the format from the ending {ending or '(none)'}; "
            f"the endings are {', '.join(_WRITERS)}"
        )
    _write(target, _WRITERS[ending](trace, target))


def _graphviz(trace: Trace, target: Path) -> bytes:
    kind = target.suffix.lower().removeprefix(".")
    picture = draw(trace)
    try:
        # -n2: every node and every line already has its place.
        image: bytes = graph(picture).pipe(format=kind, neato_no_op=2, quiet=True)
    except graphviz.ExecutableNotFound:
        if kind == "svg":
            return to_svg(picture).encode()
        raise TraceError(
            f"{target}: .{kind} needs Graphviz, and its programs `dot` and `neato` are not "
            "on the PATH; install Graphviz, or write .svg, which works without it"
        ) from None
    except graphviz.CalledProcessError as error:
        message = (error.stderr or b"").decode(errors="replace").strip()
        raise TraceError(
            f"{target}: Graphviz failed with status {error.returncode}: {message}"
        ) from error
    return image


_WRITERS: dict[str, Callable[[Trace, Path], bytes]] = {
    ".svg": _graphviz,
    ".png": _graphviz,
    ".pdf": _graphviz,
    ".dot": lambda trace, _: to_dot(draw(trace)).encode(),
    ".gv": lambda trace, _: to_dot(draw(trace)).encode(),
    ".txt": lambda trace, _: table_text(trace).encode(errors="replace"),
    ".json": lambda trace, _: dump(trace).encode(),
}


def _write(target: Path, content: bytes) -> None:
    """Put the content in place in one move, so that nobody ever sees half a file."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = file.name
            file.write(content)
        # A temporary file is private; the result gets the rights of any new file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except OSError as error:
        raise TraceError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
