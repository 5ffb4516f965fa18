"""What a checkpoint is kept for: where it lies, and which search it belongs to."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from checker.checking import Plan
from checker.errors import UsageError
from checker.keeping import Keep


def keep(plan: Plan, checkpoint: Path | None, resume: Path | None) -> Keep | None:
    """What the search is to keep, and where it goes on from. Raises UsageError."""
    if checkpoint is None and resume is None:
        return None
    if plan.engine == "reference" or plan.search != "bfs":
        raise UsageError(
            "checkpoints are kept by breadth-first searches of the table engine: leave out"
            " --engine reference and --search, or --checkpoint and --resume"
        )
    if checkpoint and resume and checkpoint.resolve() != resume.resolve():
        raise UsageError(
            f"--resume goes on keeping checkpoints in {resume}: leave out --checkpoint"
        )
    if resume and not (resume / Keep.FILE).is_file():
        raise UsageError(f"{resume}: there is no checkpoint ({Keep.FILE}) in this directory")
    directory = resume or checkpoint
    assert directory is not None
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{directory}: no directory can be made here: {error.strerror}") from error
    return Keep(directory, identity(plan), resume=resume is not None)


def identity(plan: Plan) -> Mapping[str, Any]:
    """All that two searches must have in common for one to go on where the other was."""
    # Only a search that keeps checkpoints needs these two.
    from importlib.metadata import version

    files = {inspect.getfile(cls) for cls in type(plan.protocol).__mro__ if _own(cls)}
    files |= {inspect.getfile(p.function) for p in plan.properties}
    return {
        "splitbrain": version("splitbrain"),
        "model": plan.model.name,
        "sources": {Path(file).name: _digest(file) for file in sorted(files)},
        "knobs": {name: str(value) for name, value in plan.knobs().items()},
        "scope": {name: str(value) for name, value in plan.scope().items()},
        "properties": [p.name for p in plan.properties],
        "symmetry": plan.symmetry,
        "depth": plan.limits.depth,
    }


def _own(cls: type) -> bool:
    return attrs.has(cls) and cls.__module__ != "checker.protocol"


def _digest(file: str) -> str:
    import hashlib

    return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
