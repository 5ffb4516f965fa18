"""What a start does without: a small search takes less time than many a library takes to load."""

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from cli_samples import write_model

#: Runs the command, then names the modules that this loaded.
STARTED = """\
import sys
from checker.cli.main import run
assert run(sys.argv[1:]) == 0
print(*sys.modules, file=sys.stderr)
"""
#: What draws, what finds installed models, what is asked where the kernel tells nothing of memory, what
#: writes counterexamples, what compiles and links.
SPARED = {
    "rich", "importlib.metadata", "psutil", "checker.recording", "traces.trace", "numba",
    "llvmlite.binding", "hashlib", "subprocess", "tempfile", "yaml", "networkx", "graphviz",
}  # fmt: skip


def loaded(*args: str) -> set[str]:
    """The modules that a command loads which ends well and prints an object."""
    command = [sys.executable, "-c", STARTED, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["verdict"] == "holds"
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="psutil and LLVM are needed elsewhere",
)
@pytest.mark.parametrize("engine", ["reference", "table", "auto"])
def test_a_search_that_holds_loads_only_what_it_needs(tmp_path: Path, engine: str) -> None:
    model = write_model(tmp_path)
    modules = loaded("check", model, "--engine", engine, "--workers", "1", "--json")
    assert "checker.checking" in modules and not modules & SPARED
