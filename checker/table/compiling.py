"""Compiled code on disk: whether it is there, and that none of it is stale."""

from pathlib import Path

from checker.table.breadth import unfold


def compiled(kernel: str = "breadth.unfold") -> bool:
    """Whether a kernel, module.function, is on disk.

    What is older than any source of this package is thrown away: the compiler looks only at the file
    in which a function stands, and not at those from which it takes others.
    """
    cache = Path(unfold._cache.cache_path)  # type: ignore[attr-defined]
    newest = max(source.stat().st_mtime for source in Path(__file__).parent.glob("*.py"))
    found = False
    for index in cache.glob("*.nbi"):
        if index.stat().st_mtime < newest:
            for file in cache.glob(f"{index.stem}*.nb?"):
                file.unlink(missing_ok=True)
        elif index.name.startswith(f"{kernel}-"):
            found = True
    return found
