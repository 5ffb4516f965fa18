"""Writes the catalogue into the README: `python docs/readme.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from checker.catalogue import read  # noqa: E402
from checker.registry import installed  # noqa: E402

BEGIN, END = "<!-- catalogue -->", "<!-- /catalogue -->"


def table() -> str:
    """The catalogues of all installed models as a Markdown table."""
    lines = ["| bug | model | steps | property that fails | what happens |", "| --- " * 5 + "|"]
    for model in installed():
        if model.catalogue is not None:
            for bug in read(model).bugs:
                cells = (bug.name, model.name, str(bug.depth), f"`{bug.property}`", bug.title)
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def rewritten(readme: str) -> str:
    """The README's text with the table of today."""
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
