"""The state graph of a transition system, as a networkx graph, and the files it is written to."""

import json
from collections import deque
from collections.abc import Callable

import attrs
import graphviz
import networkx as nx

from checker.errors import UsageError
from checker.recording import Recorder
from checker.system import ClusterState, System
from traces.plain import short

#: A drawing of more states than this tells nobody anything.
LARGEST_DRAWING = 200


def state_graph(system: System, largest: int) -> "nx.MultiDiGraph[int]":
    """All reachable states and the transitions between them.

    Nodes are numbered in breadth-first order, with attributes `initial`, one per process (its local
    state), `network`, `world` (who is down, what is cut off, which budget is left, what an observer
    has seen); edges carry `action` and `process`. Raises UsageError above `largest` states.
    """
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    recorder = Recorder(system, system.folds)
    numbers: dict[ClusterState, int] = {}
    frontier: deque[ClusterState] = deque()

    def enter(state: ClusterState, initial: bool) -> int:
        if state not in numbers:
            if len(numbers) >= largest:
                raise UsageError(
                    f"the graph has more than {largest:,} states: raise --max-states, or make the"
                    " scope smaller"
                )
            numbers[state] = len(numbers)
            graph.add_node(numbers[state], initial=initial, **_attributes(recorder, state))
            frontier.append(state)
        return numbers[state]

    for state in system.initial_states():
        enter(state, True)
    while frontier:
        before = frontier.popleft()
        for action, after in system.successors(before):
            where = str(action.process) if action.process else ""
            graph.add_edge(numbers[before], enter(after, False), action=action.name, process=where)
    return graph


def _attributes(recorder: Recorder, state: ClusterState) -> dict[str, str]:
    written = recorder.state(state)
    budget = attrs.asdict(recorder.system.environment.budget)
    given = {f"budget.{name}": f"{name} left" for name, most in budget.items() if most}
    given |= {fold.name: fold.name for fold in recorder.system.folds}
    attributes = {
        lane: ", ".join(f"{name} {short(value)}" for name, value in fields.items())
        for lane, fields in written.processes.items()
    }
    attributes["network"] = "; ".join(
        f"{e.src} to {e.dst}: {short(e.message)}" for e in written.network
    )
    down = [f"{lane} down" for lane in written.down] + [f"{p} paused" for p in written.paused]
    cut = [f"{a} to {b} blocked" for a, b in written.blocked]
    rest = [f"{name}: {short(written.extra[key])}" for key, name in given.items()]
    attributes["world"] = "; ".join([*down, *cut, *rest])
    return attributes


def _drawn(graph: "nx.MultiDiGraph[int]") -> bytes:
    """The graph as Graphviz source: each state's fields in its box, each action on its arrow."""
    source = graphviz.Digraph(
        "states",
        node_attr={"shape": "box", "fontname": "Helvetica"},
        edge_attr={"fontname": "Helvetica"},
    )
    for node, attributes in graph.nodes(data=True):
        fields = {name: value for name, value in attributes.items() if name != "initial"}
        lines = [f"{name}: {value}" for name, value in fields.items() if value]
        label = "".join(graphviz.escape(line) + r"\l" for line in [f"state {node}", *lines])
        source.node(str(node), label, penwidth="2" if attributes["initial"] else "1")
    for before, after, attributes in graph.edges(data=True):
        label = f"{attributes['process']} {attributes['action']}".strip()
        source.edge(str(before), str(after), graphviz.escape(label))
    return str(source.source).encode()


def _graphml(graph: "nx.MultiDiGraph[int]") -> bytes:
    return "\n".join(nx.generate_graphml(graph)).encode()


def _json(graph: "nx.MultiDiGraph[int]") -> bytes:
    return json.dumps(nx.node_link_data(graph, edges="edges"), indent=1).encode()


#: How a graph is written, by the ending of the file's name.
WRITERS: dict[str, Callable[["nx.MultiDiGraph[int]"], bytes]] = {
    ".dot": _drawn,
    ".gv": _drawn,
    ".graphml": _graphml,
    ".json": _json,
}
