"""Write a trace to a file; the ending of the name decides the format."""

from collections.abc import Callable
from pathlib import Path
from shutil import which

import graphviz

from traces.dot import graph, to_dot
from traces.drawing import draw
from traces.errors import TraceError
from traces.files import write_whole
from traces.itf import dump
from traces.svg import to_svg
from traces.table import table_text
from traces.trace import Trace


def render(trace: Trace, path: Path | str) -> None:
    """Write `trace` to `path`: the whole file, or none."""
    writable(path)
    target = Path(path)
    write_whole(target, _WRITERS[target.suffix.lower()](trace, target))


def writable(path: Path | str) -> None:
    """Raise TraceError unless a trace can be written under this name: to ask before a search."""
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in _WRITERS:
        raise TraceError(
            f"{target}: cannot tell the format from the ending {ending or '(none)'}; "
            f"the endings are {', '.join(_WRITERS)}"
        )
    if not target.parent.is_dir():
        raise TraceError(f"{target}: there is no directory {target.parent}")
    if ending in (".png", ".pdf") and which("dot") is None:
        raise _without_graphviz(target)


def _graphviz(trace: Trace, target: Path) -> bytes:
    kind = target.suffix.lower().removeprefix(".")
    picture = draw(trace)
    try:
        # -n2: every node and every line already has its place.
        image: bytes = graph(picture).pipe(format=kind, neato_no_op=2, quiet=True)
    except graphviz.ExecutableNotFound:
        if kind == "svg":
            return to_svg(picture).encode()
        raise _without_graphviz(target) from None
    except graphviz.CalledProcessError as error:
        message = (error.stderr or b"").decode(errors="replace").strip()
        raise TraceError(
            f"{target}: Graphviz failed with status {error.returncode}: {message}"
        ) from error
    except OSError as error:
        # It ended before it had read what was piped to it.
        raise TraceError(f"{target}: Graphviz failed: {error}") from error
    return image


def _without_graphviz(target: Path) -> TraceError:
    return TraceError(
        f"{target}: {target.suffix} needs Graphviz, and its programs `dot` and `neato` are not "
        "on the PATH; install Graphviz, or write .svg, which works without it"
    )


_WRITERS: dict[str, Callable[[Trace, Path], bytes]] = {
    ".svg": _graphviz,
    ".png": _graphviz,
    ".pdf": _graphviz,
    ".dot": lambda trace, _: to_dot(draw(trace)).encode(),
    ".gv": lambda trace, _: to_dot(draw(trace)).encode(),
    ".txt": lambda trace, _: table_text(trace).encode(errors="replace"),
    ".json": lambda trace, _: dump(trace).encode(),
}
