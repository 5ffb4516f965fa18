"""The rules of Zen discovery, each by one handler: a local state and an event in, what follows out."""

import os
import subprocess
import sys
from itertools import product
from typing import Any

import pytest
from attrs import evolve

from checker.catalogue import Bug, plan_of_bug, plan_of_scope, read
from checker.checking import check
from checker.environment import Budget
from checker.errors import UsageError
from checker.properties import Verdict, Watch, folds_of
from checker.protocol import Outcome, Send, handlers
from checker.recording import record, replayed
from checker.reference import Explorer
from checker.registry import find
from checker.system import System
from checker.values import Id
from models.elasticsearch import Elasticsearch, Join, StartJoin, Vote
from models.elasticsearch_publishing import (
    SWITCHES,
    VERSIONS,
    Ack,
    Cluster,
    Commit,
    Node,
    Publication,
    Publish,
    RejoinRequest,
)

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
ALL = frozenset({N1, N2, N3})
UPDATE = (N1, 1, 4)
NEW = Cluster(4, N1, 1, ALL)


def zen(version: Any = "6.x", minimum_master_nodes: int = 2, **knobs: Any) -> Any:
    return Elasticsearch(version=version, minimum_master_nodes=minimum_master_nodes, **knobs)


def state(version: int, master: Id = N1, *nodes: Id, term: int = 1) -> Cluster:
    return Cluster(version, master, term, frozenset(nodes) or ALL)


def node(id: Id, master: Id | None = None, version: int = 3, **fields: Any) -> Node:
    """A node that has applied a state of n1 (or of its master)."""
    return Node(id, term=1, cluster=state(version, master or N1), master=master, **fields)


def ping(master: Id | None = None, version: int = 0, term: int = 0) -> Any:
    """An answer to a ping."""
    return master, (0, version), term


def sent(outcome: Any) -> list[tuple[Id, Any]]:
    return [(send.dst, send.message) for send in outcome.sends]


# -- versions and switches -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "on"),
    [
        ("1.3", {"local_elect"}),
        ("1.7", set()),
        ("2.x", {"count_joins"}),
        ("6.x", {"count_joins", "two_phase", "version_in_ping", "version_in_fd_ping"}),
    ],
)
def test_a_version_selects_switches_and_each_can_be_set_by_itself(
    version: str, on: set[str]
) -> None:
    for switch in SWITCHES:
        assert zen(version).on(switch) == (switch in on)
        assert zen(version, **{switch: True}).on(switch)
        assert not zen(version, **{switch: False}).on(switch)


@pytest.mark.parametrize("version", ["7.x", "7", "8.1", ""])
def test_zen2_is_refused_with_the_versions_that_there_are(version: str) -> None:
    with pytest.raises(UsageError, match=r"from 7 on \(Zen2\).*1\.3, 1\.7, 2\.x, 6\.x"):
        zen(version)


def test_terms_need_what_they_repair() -> None:
    with pytest.raises(UsageError, match="count_joins and two_phase"):
        zen("2.x", terms=True)
    with pytest.raises(UsageError, match="established=4 is none of the 3 nodes"):
        zen(established=4)


def test_how_a_scope_begins() -> None:
    assert zen().initial(N2) == Node(N2)
    master, other = (zen(established=1).initial(id) for id in (N1, N2))
    assert master.leads and (master.term, other.term) == (1, 0)
    assert other.master == N1 and other.cluster == master.cluster == state(1)
    voter = zen(established=1, terms=True).initial(N2)
    assert voter.term == 1 and voter.accepted == state(1)


# -- looking for a master ------------------------------------------------------------------


def test_too_few_answers_elect_nobody() -> None:
    assert zen().find_master(Node(N1), {}) == ()
    assert zen(minimum_master_nodes=4).find_master(Node(N1), {N2: ping(), N3: ping()}) == ()
    for minimum in (-1, 0, 1):
        outcome = zen(minimum_master_nodes=minimum).find_master(Node(N1), {})
        assert outcome.state.leads


def test_the_lowest_id_is_joined_and_waits_for_joins() -> None:
    outcome = zen().find_master(Node(N2, joins=frozenset({N3})), {N1: ping(), N3: ping()})
    assert outcome == Outcome(Node(N2, target=N1), [Send(N1, Join())])
    outcome = zen().find_master(Node(N1), {N2: ping()})
    assert outcome == Outcome(Node(N1, target=N1))
    assert outcome.note == "candidates 2 >= minimum_master_nodes 2"


def test_joins_that_came_before_count() -> None:
    outcome = zen().find_master(Node(N1, joins=frozenset({N3})), {N2: ping()})
    assert outcome.state.publishing == Publication(state(1, N1, N1, N3))
    assert sent(outcome) == [(N3, Publish(state(1, N1, N1, N3)))]
    assert outcome.note == "joins 1 >= minimum_master_nodes - 1 = 1"


@pytest.mark.parametrize(
    ("version", "mine", "others", "winner"),
    [
        ("6.x", 3, {N1: 2, N3: 3}, N2),  # the highest version, then the lowest id
        ("6.x", 3, {N1: 3, N3: 4}, N3),
        ("2.x", 3, {N1: 2, N3: 4}, N1),  # who has been in a cluster before, then the lowest id
        ("1.7", 3, {N1: 0, N3: 4}, N2),
        ("1.3", 3, {N1: 0, N3: 4}, N1),
    ],
)
def test_who_is_the_best_candidate(
    version: str, mine: int, others: dict[Id, int], winner: Id
) -> None:
    ages = {N2: (0, mine)} | {id: (0, v) for id, v in others.items()}
    assert zen(version).elect(ages) == winner


def test_an_active_master_is_joined_whoever_is_lower_and_however_few_answer() -> None:
    s = Node(N1)
    outcome = zen(minimum_master_nodes=3).find_master(s, {N3: ping(master=N3)})
    assert sent(outcome) == [(N3, Join())]
    assert zen("1.3", minimum_master_nodes=3).find_master(s, {N3: ping(master=N3)}) == ()
    assert zen().find_master(s, {N3: ping(master=N2)}) == ()  # it does not reach n2
    outcome = zen().find_master(s, {N2: ping(master=N3), N3: ping(master=N2)})
    assert outcome.state.target == N2


def test_who_others_take_for_master_does_not_elect_itself_for_that_since_1_4() -> None:
    replies = {N1: ping(), N3: ping(master=N2)}
    assert zen("1.3").find_master(Node(N2), replies).state.leads
    assert zen("1.7").find_master(Node(N2), replies).state.target == N1


def test_before_1_4_a_mere_candidate_is_not_joined() -> None:
    assert zen("1.3").find_master(Node(N2), {N1: ping(), N3: ping()}) == ()
    assert zen("1.7").find_master(Node(N2), {N1: ping(), N3: ping()}).state.target == N1


def test_before_2_nobody_waits_for_joins() -> None:
    for version, nodes in (("1.3", {N1}), ("1.7", ALL)):
        outcome = zen(version).find_master(node(N1, version=3), {N2: ping()})
        new = Cluster(4, N1, 2, frozenset(nodes))
        assert outcome.state == Node(N1, term=2, cluster=new, master=N1)
        assert sent(outcome) == [(id, Publish(new)) for id in (N2, N3) if id in nodes]


def test_who_searches() -> None:
    assert node(N1).searching
    assert not node(N1, master=N2).searching
    assert not node(N1, target=N2).searching
    assert not node(N1, publishing=Publication(state(4))).searching
    assert node(N1, publishing=Publication(state(4), abandoned=True)).searching


def test_rounds_bound_the_pings() -> None:
    find_master = next(h for h in handlers(Elasticsearch) if h.name == "find_master")
    assert find_master.limit is not None
    assert find_master.limit(zen(), Node(N1, pinged=9))
    assert find_master.limit(zen(rounds=2), Node(N1, pinged=1))
    assert not find_master.limit(zen(rounds=2), Node(N1, pinged=2))
    assert zen(rounds=2).find_master(Node(N1), {N2: ping()}).state.pinged == 1
    assert zen().find_master(Node(N1), {N2: ping()}).state.pinged == 0


def test_a_join_times_out() -> None:
    assert zen().join_timeout(Node(N1, target=N1, joins=ALL)) == Outcome(Node(N1))


# -- joining -------------------------------------------------------------------------------


def test_a_master_publishes_who_has_joined_also_who_was_there_before() -> None:
    s = evolve(node(N1, master=N1), cluster=state(3, N1, N1, N2))
    for joiner, nodes in ((N3, (N1, N2, N3)), (N2, (N1, N2))):
        outcome = zen("2.x").join(s, Join(), joiner)
        assert outcome.state.cluster == state(4, N1, *nodes)
        assert sent(outcome) == [(id, Publish(state(4, N1, *nodes))) for id in nodes[1:]]


def test_a_master_that_is_publishing_takes_joins_up_afterwards() -> None:
    s = node(N1, master=N1, publishing=Publication(state(4)))
    outcome = zen().join(s, Join(), N2)
    assert outcome == Outcome(evolve(s, joins=frozenset({N2})))
    after = zen().ack(outcome.state, Ack(1, 4), N3)
    assert after.state.cluster == state(4)
    assert after.state.publishing == Publication(state(5))
    assert sent(after) == [(N3, Commit(1, 4)), (N2, Publish(state(5))), (N3, Publish(state(5)))]


def test_a_candidate_collects_joins_also_while_it_pings() -> None:
    assert zen().join(Node(N1), Join(), N2) == Outcome(Node(N1, joins=frozenset({N2})))
    s = Node(N1, target=N1)
    assert zen(minimum_master_nodes=3).join(s, Join(), N2).state.publishing is None
    assert zen().join(s, Join(), N2).state.publishing == Publication(state(1, N1, N1, N2))


@pytest.mark.parametrize("s", [node(N1, master=N3), node(N1, target=N3)])
def test_who_follows_or_joins_another_takes_no_joins(s: Node) -> None:
    assert zen().join(s, Join(), N2) == Outcome(s)
    assert zen("1.7").join(Node(N1), Join(), N2) == Outcome(Node(N1))


# -- losing the master ---------------------------------------------------------------------


def test_since_1_4_whoever_loses_the_master_looks_for_one() -> None:
    s = node(N3, master=N1, pending=frozenset({NEW}))
    assert zen().node_or_master_gone(s, N1) == Outcome(node(N3))
    dropped = evolve(node(N3), cluster=state(3, N1, N2, N3))
    assert zen("2.x").node_or_master_gone(node(N3, master=N1), N1) == Outcome(dropped)
    assert zen().node_or_master_gone(s, N2) == ()


def test_before_1_4_the_list_of_nodes_elects() -> None:
    outcome = zen("1.3").node_or_master_gone(node(N2, master=N1), N1)
    new = Cluster(4, N2, 2, frozenset({N2, N3}))
    assert outcome == Outcome(Node(N2, term=2, cluster=new, master=N2), [Send(N3, Publish(new))])
    other = zen("1.3").node_or_master_gone(node(N3, master=N1), N1)
    assert other.state.master == N2 and other.sends == ()
    few = zen("1.3", minimum_master_nodes=3).node_or_master_gone(node(N2, master=N1), N1)
    assert few == Outcome(evolve(node(N2), cluster=state(3, N1, N2)))


def test_a_master_drops_a_silent_node_or_steps_down() -> None:
    s = node(N1, master=N1)
    outcome = zen().node_or_master_gone(s, N3)
    assert outcome.state.publishing == Publication(state(4, N1, N1, N2))
    assert zen().node_or_master_gone(outcome.state, N2) == ()  # one state after the other
    two = evolve(s, cluster=state(3, N1, N1, N2))
    assert zen().node_or_master_gone(two, N3) == ()
    down = zen().node_or_master_gone(two, N2)
    assert down == Outcome(evolve(two, master=None))
    assert down.note == "nodes 1, minimum_master_nodes 2"
    alone = evolve(two, master=None, cluster=state(3, N1, N1))
    assert zen("2.x").node_or_master_gone(two, N2) == Outcome(alone)
    assert zen(minimum_master_nodes=1).node_or_master_gone(two, N2).state.cluster.nodes == {N1}


def test_a_master_that_is_none_or_does_not_know_me_is_gone() -> None:
    s = node(N3, master=N1)
    model, told = zen(), {N2: (True, ALL, 9)}
    assert model.ping_master(s, told) == ()
    assert model.ping_master(s, told | {N1: (True, ALL, 3)}) == ()
    for answer in ((False, ALL, 3), (True, frozenset({N1, N2}), 3)):
        assert model.ping_master(s, told | {N1: answer}) == Outcome(node(N3))
    unknown = zen("1.3").ping_master(s, {N1: (True, frozenset({N1, N2}), 3)})
    assert unknown == Outcome(s, [Send(N1, Join())])


@pytest.mark.parametrize(
    ("version", "theirs", "gives_up"),
    [("6.x", 4, True), ("6.x", 3, False), ("2.x", 4, False), ("1.7", 4, False)],
)
def test_a_ping_of_another_master(version: str, theirs: int, gives_up: bool) -> None:
    s = node(N2, master=N2)
    outcome = zen(version).pinged_by_another_master(s, {N1: (True, ALL, theirs)})
    if gives_up:
        assert outcome == Outcome(evolve(s, master=None))
    else:
        assert outcome == Outcome(s, [Send(N1, RejoinRequest())])
    assert zen("1.3").pinged_by_another_master(s, {N1: (True, ALL, theirs)}) == ()
    unlisted = {N1: (True, frozenset({N1, N3}), theirs), N3: (False, ALL, theirs)}
    assert zen(version).pinged_by_another_master(s, unlisted) == ()


# -- the model as a whole ------------------------------------------------------------------


def test_what_properties_see() -> None:
    view = zen().view(evolve(node(N3, N1), cluster=evolve(NEW, updates=frozenset({UPDATE}))))
    assert (view.leads, view.follows, view.version, view.term) == (False, N1, 4, None)
    assert (view.committed, view.updates) == ({(4, (N1, 1))}, {UPDATE})
    assert zen().view(Node(N3)).committed == frozenset()
    assert zen(terms=True).view(node(N1, N1)).term == 1
    assert zen().view(node(N1, N1)).leads


MESSAGES = (
    Join(),
    Vote(3, (0, 2)),
    StartJoin(3),
    Publish(state(9, N2)),
    Ack(1, 4),
    Commit(1, 4),
    RejoinRequest(),
)


@pytest.mark.parametrize("version", [*VERSIONS, "terms"])
def test_every_node_in_every_role_handles_every_message(version: str) -> None:
    model = zen(terms=True) if version == "terms" else zen(version)
    by_message = {h.message: h.name for h in handlers(Elasticsearch) if h.kind == "deliver"}
    assert set(by_message) == {type(message) for message in MESSAGES}
    publications = (None, Publication(state(4)), Publication(state(4), abandoned=True))
    for master, target, publishing in product((None, N1, N3), (None, N1, N2), publications):
        s = node(N1, master=master, target=target, publishing=publishing)
        for message in MESSAGES:
            outcome = getattr(model, by_message[type(message)])(s, message, N2)
            assert isinstance(outcome, Outcome)


def explored(search: str = "bfs", **knobs: Any) -> tuple[int, int, dict[str, Any]]:
    """Counts and runs of a cluster in operation that is cut once."""
    model = zen(established=1, **knobs)
    properties = model.promises()
    system = System(model, model.environment, folds=folds_of(properties))
    explorer = Explorer(system, Watch(system, properties), stop_when_decided=False)
    done = explorer.explore(search)  # type: ignore[arg-type]
    assert done.complete
    return done.counts.distinct, done.counts.transitions, done.runs


def test_depth_first_meets_the_same_states() -> None:
    assert explored("bfs")[:2] == explored("dfs")[:2] == (2228, 4178)


def test_what_the_documentation_promises_is_what_is_checked() -> None:
    assert [p.name for p in zen().promises()] == ["no_lasting_split_brain", "a_leader_is_elected"]
    assert set(zen().promises()) < set(Elasticsearch.properties)
    assert Elasticsearch.environment.budget == Budget(partitions=1)


CATALOGUE = read(find("elasticsearch"))


def quick(rows: Any) -> list[Any]:
    """The rows, those that take more than a few seconds marked as slow."""

    def size(row: Any) -> int:
        return int(row.control_distinct if isinstance(row, Bug) else row.distinct)

    return [pytest.param(r, marks=pytest.mark.slow) if size(r) > 5_000 else r for r in rows]


@pytest.mark.parametrize("row", quick(CATALOGUE.scopes), ids=lambda row: row.name)
def test_scopes(row: Any) -> None:
    report = check(plan_of_scope(CATALOGUE.model, row))
    counts = report.exploration.counts
    assert (counts.distinct, counts.transitions) == (row.distinct, row.transitions)
    assert (report.verdict, counts.depth) == (row.verdict, row.depth)


@pytest.mark.parametrize("row", quick(CATALOGUE.bugs), ids=lambda row: row.name)
def test_bugs_and_their_controls(row: Any) -> None:
    broken = check(plan_of_bug(CATALOGUE.model, row))
    (result,) = broken.results
    assert result.verdict is Verdict.VIOLATED and len(result.run or ()) - 1 == row.depth
    assert replayed(record(broken, result), CATALOGUE.model).ok
    control = check(plan_of_bug(CATALOGUE.model, row, control=True))
    counts = control.exploration.counts
    assert control.results[0].verdict is Verdict.HOLDS
    assert (counts.distinct, counts.transitions) == (row.control_distinct, row.control_transitions)


SPLIT = """
from tests.test_elasticsearch import explored
distinct, transitions, runs = explored(minimum_master_nodes=1)
print(distinct, transitions)
for action, _ in runs["no_lasting_split_brain"][1:]:
    print("step", action.kind, action.name, action.process, action.note, action.pairs)
"""


def test_without_a_quorum_both_sides_lead_by_the_same_run_under_any_hash_seed() -> None:
    outputs = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SPLIT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        )
        outputs.add(done.stdout)
    (output,) = outputs
    assert output.count("step") == 9
