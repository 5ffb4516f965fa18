"""Rule 6: the order of successors is fixed, so the same run gives the same trace everywhere."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from toys import N1, N2, Note, Post, Sender, after, explored, world

from checker import Id, Outcome, Outcomes, Send, timeout, upon
from checker.properties import reachable
from checker.reference import Search
from checker.system import Action, System
from checker.values import order_key


def test_successors_come_in_the_order_of_kind_process_and_content() -> None:
    environment = world(
        cuts=("symmetric", "one-way"),
        crashes=1,
        drops=1,
        duplicates=1,
        partitions=1,
        pauses=1,
    )
    system = System(Sender(messages=3), environment)
    state = after(system, "send n1", "send n1")
    moves = [(a.kind, str(a.process), a.envelope and a.envelope.message.number, a.pairs)
             for a, _ in system.successors(state)]  # fmt: skip
    both, forth, back = ((N1, N2), (N2, N1)), ((N1, N2),), ((N2, N1),)
    assert moves == [
        ("deliver", "n2", 1, ()),
        ("deliver", "n2", 2, ()),
        ("timeout", "n1", None, ()),
        ("crash", "n1", None, ()),
        ("crash", "n2", None, ()),
        ("drop", "None", 1, ()),
        ("duplicate", "None", 1, ()),
        ("drop", "None", 2, ()),
        ("duplicate", "None", 2, ()),
        ("cut", "None", None, both),
        ("cut", "None", None, forth),
        ("cut", "None", None, back),
        ("pause", "n1", None, ()),
        ("pause", "n2", None, ()),
    ]


def test_an_action_tells_what_happened() -> None:
    system = System(Sender(), world())
    (start,) = system.initial_states()
    ((sent, state),) = system.successors(start)
    (envelope,) = state.flight
    assert sent == Action("timeout", "send", N1, sends=(envelope,))
    delivered, _ = system.successors(state)[0]
    assert delivered == Action("deliver", "Note", N2, envelope=envelope)


@frozen
class Gossip(Sender):
    """Sets everywhere: choices, sends and messages are built by iterating over frozensets."""

    nodes: int = 3

    @timeout(limit=lambda self, s: s.sent < 1)
    def send(self, s: Post) -> Outcomes:
        names = frozenset(f"name {i}" for i in range(3))
        sends = frozenset(Send(id, Note(s.id.number)) for id in self.others(s))
        return tuple(Outcome(evolve(s, sent=1, last=int(name[-1])), sends) for name in names)

    @upon(Note)
    def note(self, s: Post, msg: Note, src: Id) -> Outcomes:
        return tuple(Outcome(evolve(s, last=last)) for last in frozenset({msg.number, s.last}))


@reachable()
def all_have_two(views: Any) -> bool:
    """Everybody has the number 2 last."""
    return all(s.last == 2 for s in views)


def printed() -> str:
    """Everything about a search whose order could depend on hashing; sets are printed sorted."""
    lines = []
    searches: tuple[Search, ...] = ("bfs", "dfs")
    for search in searches:
        environment = world(crashes=1, restarts=1, partitions=1)
        exploration, _ = explored(Gossip(nodes=2), environment, (all_have_two,), search)
        lines.append(str(exploration.counts))
        for action, state in exploration.runs["all_have_two"]:
            content = (state.locals, state.flight, state.world)
            lines.append(f"{action} -> {order_key(content)}")
    system = System(Gossip(nodes=5), world())
    (start,) = system.initial_states()
    lines.append(str(system.successors(start)))
    return "\n".join(lines)


def test_the_same_run_under_every_hash_seed() -> None:
    """Rule 6: the same counts, runs and order of successors."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", "import test_order; print(test_order.printed())"],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    (output,) = outputs
    assert "sends=(Envelope(" in output and output.count("Counts(") == 2
