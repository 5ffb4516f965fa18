"""What a start does without: a small search takes less time than many a library takes to load."""

import json
import os
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


#: The command, and how many threads there are at its end.
COUNTED = """\
import os, sys
from checker.cli.main import main
end = os._exit
def told(code):
    print(len(os.listdir("/proc/self/task")), file=sys.stderr, flush=True)
    end(code)
os._exit = told
main()
"""


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="psutil and LLVM are needed elsewhere",
)
@pytest.mark.parametrize("engine", ["reference", "table", "auto"])
def test_a_search_that_holds_loads_only_what_it_needs(tmp_path: Path, engine: str) -> None:
    model = write_model(tmp_path)
    modules = loaded("check", model, "--engine", engine, "--workers", "1", "--json")
    assert "checker.checking" in modules and not modules & SPARED


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted by files of Linux")
def test_one_worker_is_the_only_thread(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTED, "check", write_model(tmp_path)]
    command += ["--engine", "table", "--workers", "1", "--json"]
    environ = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert done.stderr.splitlines()[-1] == "1"
