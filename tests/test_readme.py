"""The README says what is true."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_catalogue_is_that_of_the_toml_files() -> None:
    rewritten = runpy.run_path(str(ROOT / "docs" / "readme.py"))["rewritten"]
    assert rewritten(README) == README, "run: python docs/readme.py"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = [
        line for line in README.splitlines() if line.startswith('python -m pip install ".[')
    ]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace(" --quiet", "")
    assert f"\n{command}\n" in ci


def test_the_picture_is_there() -> None:
    (line,) = [line for line in README.splitlines() if line.startswith("![")]
    picture = ROOT / line.partition("](")[2].rstrip(")")
    assert "n3" in picture.read_text(encoding="utf-8")
