"""The checkers that are compared: how each is made ready, started, and read."""

import json
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Protocol

import psutil
from attrs import field, frozen

from benchmarks.running import Ran, run
from benchmarks.sizes import Size

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = HERE / "peers"
#: For the shell: runs its arguments twice at once, and ends as the one that failed, if one did.
TWICE = '"$@" >/dev/null & other=$!; "$@"; code=$?; wait $other && exit $code'


class ToolError(Exception):
    """A tool that is there, and failed."""


@frozen
class Counts:
    """What a tool says that it found."""

    distinct: int
    transitions: int | None = None


class Tool(Protocol):
    """A checker with its options."""

    @property
    def name(self) -> str:
        """As the tables have it; no two tools share one."""

    def missing(self) -> str:
        """Why it cannot be run here; empty where it can."""

    def expected(self, size: Size) -> int | None:
        """The number of distinct states that it must find, where that is known."""

    def prepare(self, size: Size, place: Path) -> list[str]:
        """Do what is not measured, in a directory of its own; the command to measure, run there."""

    def read(self, ran: Ran) -> Counts:
        """What it found. Raises ToolError where it did not come to its end."""


@frozen
class Splitbrain:
    """This checker: its command line in a new process."""

    engine: str
    workers: int | None = None
    symmetry: bool = False
    #: Two such searches side by side, which have nothing to do with each other.
    twice: bool = False

    @property
    def name(self) -> str:
        """The engine and its options."""
        crew = f", {self.workers} worker{'s' * (self.workers > 1)}" if self.workers else ""
        options = f"{', symmetry' * self.symmetry}{', twice at once' * self.twice}"
        return f"splitbrain {self.engine}{crew}{options}"

    def missing(self) -> str:
        """One worker is what a version without --workers has."""
        lacks = (self.workers or 1) > 1 and "--workers" not in _options()
        return "this version has no --workers" if lacks else ""

    def expected(self, size: Size) -> int | None:
        """Orbits under symmetry."""
        return size.orbits if self.symmetry else size.distinct

    def prepare(self, size: Size, place: Path) -> list[str]:
        """Compiled code is on disk before it is measured: a short search puts it there."""
        model = HERE / "models" / size.model
        command = [*_command(), "check", str(model), *size.options, "--property", size.property]
        command += ["--engine", self.engine, "--json"]
        if self.symmetry:
            command.append("--symmetry")
        if self.workers and "--workers" in _options():
            command += ["--workers", str(self.workers)]
        if self.engine == "table":
            run([*command, "--max-states", "2000"], place)
        return ["sh", "-c", TWICE, "sh", *command] if self.twice else command

    def read(self, ran: Ran) -> Counts:
        """The JSON of `check`."""
        if ran.code:
            raise ToolError(_last_line(ran.err) or f"exit code {ran.code}")
        found = json.loads(ran.out)
        return Counts(found["distinct"], found["transitions"])


@frozen
class Spin:
    """SPIN with its exact store; the model is translated and compiled before it is measured."""

    breadth_first: bool

    @property
    def name(self) -> str:
        """The order of the search."""
        return f"SPIN, {'breadth' if self.breadth_first else 'depth'} first"

    def missing(self) -> str:
        """It needs the C compiler too."""
        absent = [program for program in ("spin", "gcc") if shutil.which(program) is None]
        return f"not installed: {', '.join(absent)}" if absent else ""

    def expected(self, size: Size) -> int | None:
        """Every state."""
        return size.distinct

    def prepare(self, size: Size, place: Path) -> list[str]:
        """One process leaves nothing to the partial order reduction: it is left out (NOREDUCE)."""
        memory = psutil.virtual_memory().available // 2**20
        compiler = ["gcc", "-O2", "-w", "-DSAFETY", "-DNOREDUCE", f"-DMEMLIM={memory}"]
        if self.breadth_first:
            compiler.append("-DBFS")
        for command in (
            ["spin", "-a", *size.defines, str(PEERS / size.promela)],
            [*compiler, "-o", "pan", "pan.c"],
        ):
            ran = run(command, place)
            if ran.code:
                raise ToolError(_last_line(ran.out + ran.err))
        return [str(place / "pan"), "-m100000"]

    def read(self, ran: Ran) -> Counts:
        """The report of pan, which counts the way to the initial state as a transition."""
        stored = re.search(r"^\s*([\d.e+]+) states, stored", ran.out, re.MULTILINE)
        taken = re.search(r"^\s*([\d.e+]+) transitions", ran.out, re.MULTILINE)
        errors = re.search(r"errors: (\d+)", ran.out)
        if not (stored and taken and errors) or int(errors[1]):
            raise ToolError(_last_line(ran.err) or "pan found an error, or did not end")
        return Counts(int(float(stored[1])), int(float(taken[1])) - 1)


@frozen
class Tlc:
    """TLC with two workers."""

    #: tla2tools.jar, if the user has one.
    jar: Path | None
    name: str = field(default="TLC, 2 workers", init=False)

    def missing(self) -> str:
        """The jar is the user's to give."""
        if self.jar is None:
            return "not installed: name tla2tools.jar with --tlc or TLC_JAR"
        if not self.jar.is_file():
            return f"not installed: there is no file {self.jar}"
        return "" if shutil.which("java") else "not installed: java"

    def expected(self, size: Size) -> int | None:
        """Every state."""
        return size.distinct

    def prepare(self, size: Size, place: Path) -> list[str]:
        """TLC writes beside the module: it gets a copy."""
        shutil.copy(PEERS / f"{size.module}.tla", place)
        lines = ["INIT Init", "NEXT Next", f"INVARIANT {size.invariant}", "CONSTANTS"]
        text = "\n".join([*lines, *size.constants, ""])
        (place / f"{size.module}.cfg").write_text(text, encoding="utf-8")
        java = ["java", "-XX:+UseParallelGC", "-cp", str(self.jar), "tlc2.TLC"]
        return [*java, "-deadlock", "-workers", "2", size.module]

    def read(self, ran: Ran) -> Counts:
        """The last line of figures; what is generated includes the initial state."""
        figures = re.findall(
            r"^(\d+) states generated, (\d+) distinct states found", ran.out, re.MULTILINE
        )
        if ran.code or not figures:
            raise ToolError(_last_line(ran.out + ran.err) or f"exit code {ran.code}")
        generated, distinct = figures[-1]
        return Counts(int(distinct), int(generated) - 1)


#: The rows to which floors.py and the ratios refer.
TABLE = Splitbrain("table", workers=1)
TABLE_2 = Splitbrain("table", workers=2)
TABLE_TWICE = Splitbrain("table", workers=1, twice=True)
TABLE_SYMMETRY = Splitbrain("table", workers=1, symmetry=True)
REFERENCE = Splitbrain("reference")
SPIN_DEPTH, SPIN_BREADTH = Spin(breadth_first=False), Spin(breadth_first=True)


def tools(jar: Path | None, reference: bool) -> list[Tool]:
    """All that are compared, in the order of the table."""
    return [
        TABLE,
        TABLE_2,
        TABLE_TWICE,
        TABLE_SYMMETRY,
        Splitbrain("table", workers=2, symmetry=True),
        Splitbrain("auto"),
        *([REFERENCE] if reference else []),
        SPIN_DEPTH,
        SPIN_BREADTH,
        Tlc(jar),
    ]


def _command() -> list[str]:
    """The command line of the checkout, wherever the process is started."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
    return [sys.executable, "-c", f"{start}; from checker.cli.main import main; main()"]


@cache
def _options() -> str:
    """The help of `check`, which names its options."""
    return run([*_command(), "check", "--help"], ROOT).out


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
