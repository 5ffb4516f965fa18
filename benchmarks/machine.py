"""What the figures were measured on, and with which versions."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.tools import ROOT


def facts(jar: Path | None) -> list[tuple[str, str]]:
    """Name and value of each fact."""
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    java = ["java", "-cp", str(jar), "tlc2.TLC", "-h"] if jar else ["java", "-version"]
    return [
        ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("load before", load),
        ("system", platform.platform(terse=True)),
        ("splitbrain", _said(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], r"\w+")),
        ("Python", platform.python_version()),
        ("numba", version("numba")),
        ("SPIN", _said(["spin", "-V"], r"Version ([\w. ]+\w)")),
        ("gcc", _said(["gcc", "--version"], r"(\d+\.\d+\.\d+)")),
        ("Java", _said(["java", "-version"], r'version "(.+?)"')),
        ("TLC", _said(java, r"TLC2? Version ([\d.]+)") if jar else "not installed"),
    ]


def _processor() -> str:
    """Linux does not tell Python."""
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.exists() else ""
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _said(command: Sequence[str], pattern: str) -> str:
    """What a program says of its version."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        return "not installed"
    found = re.search(pattern, ran.stdout + ran.stderr)
    return found[found.re.groups] if found else "unknown"
