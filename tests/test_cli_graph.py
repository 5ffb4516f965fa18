"""`splitbrain graph`: the state graph, written and read back by the libraries that users have."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from cli_samples import Command

RAFT = ("benchmarks/models/raft_election.py:RaftElection", "--set", "max_term=1")
#: Known from the TLA+ and Promela twins of the model: 3 servers, 1 term.
STATES, TRANSITIONS = 123, 294


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def test_graphml_is_read_back(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "raft.graphml"
    assert command("graph", *RAFT, "--out", file) == 0
    assert command.out == f"{STATES} states, {TRANSITIONS} transitions: {file}\n"
    graph = nx.read_graphml(file, force_multigraph=True)
    assert (len(graph), graph.number_of_edges()) == (STATES, TRANSITIONS)
    assert [n for n, initial in graph.nodes(data="initial") if initial] == ["0"]
    assert max(nx.single_source_shortest_path_length(graph, "0").values()) == 6
    assert "term 0" in graph.nodes["0"]["n1"]
    assert {a for _, _, a in graph.edges(data="action")} == {
        *("election_timeout", "RequestVote", "Vote", "become_leader", "restart"),
    }


def test_json_is_read_back(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "raft.json"
    assert command("graph", *RAFT, "--out", file) == 0
    document: Any = json.loads(file.read_text())
    graph = nx.node_link_graph(document, edges="edges")
    assert graph.is_directed() and graph.is_multigraph()
    assert (len(graph), graph.number_of_edges()) == (STATES, TRANSITIONS)


def test_dot_has_a_box_per_state(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "raft.dot"
    assert command("graph", *RAFT, "--out", file) == 0
    text = file.read_text()
    assert text.count(" -> ") == TRANSITIONS
    assert sum('label="state ' in line for line in text.splitlines()) == STATES
    assert command.err == ""
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tcanon", file], check=True, capture_output=True, timeout=60)


def test_states_that_differ_in_budget_or_history_are_told_apart(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "bully.json"
    options = ("--nodes", "2", "--property", "one_vote_per_term", "--out", file)
    assert command("graph", "bully", *options) == 0
    states = [
        json.dumps({k: v for k, v in node.items() if k not in ("id", "initial")}, sort_keys=True)
        for node in json.loads(file.read_text())["nodes"]
    ]
    assert len(set(states)) == len(states)
    assert "partitions left: 1" in states[0] and "partitions left: 0" in "".join(states)
    assert "votes_given: " in states[0]


def test_a_graph_too_large_to_be_read_says_so(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "bully.dot"
    assert command("graph", "bully", "--out", file) == 0
    assert "too many to be read as a picture" in command.err
    assert file.exists()
