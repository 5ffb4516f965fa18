"""A model as a user writes it, its catalogue, and the command line run inside this process."""

import json
from pathlib import Path
from typing import Any

import pytest

from checker.cli.main import run

MODEL = '''\
"""Token: whoever holds the token leads.

A ring of nodes; the holder passes the token on.
"""

from typing import Literal

from attrs import evolve, frozen

from checker import Id, Outcome, Outcomes, Protocol, Send, timeout, upon
from properties.election import a_leader_is_elected, one_leader, terms_never_fall
from properties.views import View


@frozen
class Token:
    pass


@frozen
class Node:
    id: Id
    holds: bool = False
    passed: int = 0


@frozen
class Ring(Protocol):
    #: Keep the token although it is passed on: two processes lead.
    keep: bool = False
    #: Who holds the token first; "nobody": nothing ever happens.
    start: Literal["n1", "nobody"] = "n1"
    #: How often each node passes the token on: the bound that keeps every run finite.
    rounds: int = 1

    properties = (one_leader, terms_never_fall, a_leader_is_elected)

    def promises(self):
        return (one_leader,)

    def initial(self, id: Id) -> Node:
        return Node(id, holds=str(id) == self.start)

    @timeout(when=lambda s: s.holds, limit=lambda self, s: s.passed < self.rounds)
    def pass_on(self, s: Node) -> Outcomes:
        after = Id("n", s.id.number % self.nodes + 1)
        s = evolve(s, holds=self.keep, passed=s.passed + 1)
        return Outcome(s, [Send(after, Token())], note="holds the token")

    @upon(Token)
    def token(self, s: Node, msg: Token, src: Id) -> Outcomes:
        return Outcome(evolve(s, holds=True))

    def view(self, s: Node) -> View:
        return View(id=s.id, leads=s.holds, term=1)
'''

#: The ring of three: the token is passed on and arrives three times, and nothing else happens.
CATALOGUE = """\
# The catalogue of the ring.

[[scope]]
name = "three"
story = "The token goes round."  # and round
distinct = 7
transitions = 6
depth = 6

[[bug]]
name = "RING-1"
title = "Two hold the token"
property = "one_leader"
set = {keep = true}
control = {keep = false}
depth = 2
control_distinct = 7
control_transitions = 6
source = "a made-up ticket, 17"
story = "Who passes the token on keeps it."
"""


def write_model(folder: Path, *changes: tuple[str, str], name: str = "ring.py") -> str:
    """Write the model, some of its text replaced; the name under which it is checked."""
    text = MODEL
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / name).write_text(text)
    return f"{folder / name}:Ring"


def write_catalogue(folder: Path, *changes: tuple[str, str]) -> None:
    """Write the catalogue beside the model, some of its text replaced."""
    text = CATALOGUE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "ring.toml").write_text(text)


class Command:
    """The command line, run in this process: the exit code, and what was printed where."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *args: Any) -> int:
        self._capsys.readouterr()
        code = run([str(arg) for arg in args])
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.err or "--debug" in args
        return code

    def json(self, *args: Any) -> dict[str, Any]:
        """The object that --json prints; its exit code is that of the command."""
        code = self(*args, "--json")
        found: dict[str, Any] = json.loads(self.out)
        assert found["exit_code"] == code
        return found
