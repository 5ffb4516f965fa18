"""What a picture tells: the way of each message, partitions, bands and changes."""

import re
from collections import Counter
from itertools import permutations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from traces_samples import Run, both_ways, faults, message, random_runs, split_brain

from traces.messages import Flight, flights, key
from traces.partitions import label, order_lanes, walls_of
from traces.story import Sent, changes, story
from traces.trace import Action, Envelope, Step

PING = Envelope("n1", "n2", message("Ping"))
PONG = Envelope("n2", "n1", message("Pong"))


def ways(run: Run) -> list[tuple[int, int | None, str]]:
    return [(way.sent, way.ended, way.fate) for way in flights(tuple(run.steps))]


def test_a_message_is_delivered() -> None:
    run = Run("n1", "n2").local("n1", "send", PING).deliver(PING, "ping", PONG)
    assert ways(run) == [(1, 2, "delivered"), (2, None, "in flight")]


def test_a_message_is_lost() -> None:
    run = Run("n1", "n2").local("n1", "send", PING).local("n1", "tick").drop(PING)
    assert ways(run) == [(1, 3, "lost")]


def test_equal_messages_are_matched_oldest_first() -> None:
    run = Run("n1", "n2").local("n1", "send", PING).local("n1", "send", PING)
    run.deliver(PING, "ping").drop(PING)
    assert ways(run) == [(1, 3, "delivered"), (2, 4, "lost")]


def test_messages_differ_by_content_not_by_order_of_fields() -> None:
    one = Envelope("n1", "n2", {"type": "Vote", "term": 1, "by": "n1"})
    same = Envelope("n1", "n2", {"by": "n1", "term": 1, "type": "Vote"})
    other = Envelope("n1", "n2", {"type": "Vote", "term": 2, "by": "n1"})
    run = Run("n1", "n2").local("n1", "send", other, one).deliver(same, "vote")
    assert ways(run) == [(1, None, "in flight"), (1, 2, "delivered")]


def test_a_network_that_keeps_messages_delivers_one_send_twice() -> None:
    run = Run("n1", "n2", keeps=True).local("n1", "send", PING)
    run.deliver(PING, "ping").deliver(PING, "ping")
    assert ways(run) == [(1, 2, "delivered"), (1, 3, "delivered")]


def test_a_network_that_keeps_messages_merges_a_repeated_send() -> None:
    run = Run("n1", "n2", keeps=True).local("n1", "send", PING).local("n1", "send", PING)
    assert ways(run) == [(1, None, "in flight"), (2, 2, "again")]


def test_a_delivery_after_a_repeated_send_belongs_to_the_newer_send() -> None:
    run = Run("n1", "n2", keeps=True).local("n1", "send", PING).deliver(PING, "ping")
    run.local("n1", "send", PING).deliver(PING, "ping")
    assert ways(run) == [(1, 2, "delivered"), (3, 4, "delivered")]


def test_a_duplicate_is_a_second_way_of_the_same_send() -> None:
    run = Run("n1", "n2").local("n1", "send", PING).duplicate(PING)
    run.deliver(PING, "ping").deliver(PING, "ping")
    assert flights(tuple(run.steps)) == (
        Flight(PING, 1, 3, "delivered"),
        Flight(PING, 1, 4, "delivered", copied=2),
    )


def test_a_message_that_vanishes_with_its_receiver_is_discarded() -> None:
    run = Run("n1", "n2").local("n1", "send", PING).local("n1", "tick")
    run.step(Action("crash", "crash", "n2"), down=("n2",), network=())
    assert ways(run) == [(1, 3, "discarded")]


def test_a_message_to_the_dead_is_discarded_at_once() -> None:
    run = Run("n1", "n2")
    run.step(Action("timeout", "send", "n1", sends=(PING,)), network=())
    assert ways(run) == [(1, 1, "discarded")]


def test_a_message_of_the_initial_state_was_sent_before() -> None:
    run = Run("n1", "n2").start(network=(PING,)).deliver(PING, "ping")
    assert ways(run) == [(0, 1, "delivered")]


@settings(max_examples=150, deadline=None)
@given(random_runs())
def test_the_ways_account_for_every_message_in_flight(run: Run) -> None:
    found = flights(tuple(run.steps))
    for row, step in enumerate(run.steps):
        flying = Counter(
            key(way.envelope)
            for way in found
            if max(way.sent, way.copied or 0) <= row and (way.ended is None or way.ended > row)
        )
        assert flying == Counter(key(envelope) for envelope in step.state.network)
        delivered = [key(way.envelope) for way in found if way.ended == row]
        if step.action is not None and step.action.envelope and step.action.kind == "deliver":
            assert key(step.action.envelope) in delivered


# -- partitions -------------------------------------------------------------------------------


def test_a_partition_in_two_is_one_wall() -> None:
    told = story(split_brain())
    (partition,) = told.partitions
    assert (partition.first, partition.last) == (7, 10)
    assert partition.label == "n1 | n2 n3"
    assert [(wall.gap, wall.kind) for wall in partition.walls] == [(0, "full")]
    assert told.lanes == ("n1", "n2", "n3")


def test_lanes_change_places_so_that_one_wall_will_do() -> None:
    cut = frozenset(both_ways("n2", "n1", "n3"))
    lanes = order_lanes(("n1", "n2", "n3"), [frozenset(), cut])
    assert lanes == ("n1", "n3", "n2")
    assert [(wall.gap, wall.kind) for wall in walls_of(lanes, cut)] == [(1, "full")]


def test_lanes_stay_where_no_order_helps() -> None:
    cut = frozenset(both_ways("n1", "n3"))
    lanes = order_lanes(("n1", "n2", "n3"), [cut])
    assert lanes == ("n1", "n2", "n3")
    assert [wall.kind for wall in walls_of(lanes, cut)] == ["partial"]


def test_a_cut_of_one_direction_is_a_one_way_wall() -> None:
    for cut in ((("n1", "n2"), ("n1", "n3")), (("n2", "n1"), ("n3", "n1"))):
        walls = walls_of(("n1", "n2", "n3"), frozenset(cut))
        assert [(wall.gap, wall.kind) for wall in walls] == [(0, "one-way")]


def test_three_islands_have_two_walls() -> None:
    cut = frozenset((*both_ways("n1", "n2", "n3"), *both_ways("n2", "n3")))
    assert [wall.kind for wall in walls_of(("n1", "n2", "n3"), cut)] == ["full", "full"]


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (both_ways("n1", "n2", "n3", "n4"), "n1 | n2 n3 n4"),
        (
            (*both_ways("n1", "n2", "n3", "n4"), *both_ways("n3", "n2", "n4")),
            "n1 | n2 n4 | n3",
        ),
        (both_ways("n1", "n3"), "n1 ↔ n3 blocked; n2 n4 see both"),
        ((*both_ways("n1", "n3"), *both_ways("n1", "n4")), "n1 ↔ n3 n4 blocked; n2 sees both"),
        ((("n3", "n1"), ("n3", "n2")), "n3 → n1 n2 blocked"),
        ((("n1", "n2"), ("n3", "n4")), "n1 → n2, n3 → n4 blocked"),
        ((("n3", "n1"), *both_ways("n1", "n2")), "n1 ↔ n2, n3 → n1 blocked"),
    ],
)
def test_a_cut_in_words(cut: tuple[tuple[str, str], ...], words: str) -> None:
    assert label(("n1", "n2", "n3", "n4"), frozenset(cut)) == words


PAIRS = [(one, other) for one in "abcd" for other in "abcd" if one != other]


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from(PAIRS), min_size=1))
def test_words_and_walls_say_no_more_than_the_cut(cut: set[tuple[str, str]]) -> None:
    lanes = ("a", "b", "c", "d")
    words = label(lanes, frozenset(cut)).split(" blocked")[0]
    said = set()
    for part in words.split(", "):
        sides = [side.split() for side in re.split("[|→↔]", part)]
        for one, other in permutations(range(len(sides)), 2):
            if one < other or "→" not in part:
                said |= {(source, target) for source in sides[one] for target in sides[other]}
    assert said == cut
    for wall in walls_of(lanes, frozenset(cut)):
        left, right = lanes[: wall.gap + 1], lanes[wall.gap + 1 :]
        closed = [
            {(source, target) for source in one for target in other} <= cut
            for one, other in ((left, right), (right, left))
        ]
        assert wall.kind != "full" or all(closed)
        assert wall.kind != "one-way" or any(closed)


# -- the rest ---------------------------------------------------------------------------------


def test_bands_and_outages_last_from_row_to_row() -> None:
    told = story(faults())
    assert [(band.lane, band.first, band.last, band.label) for band in told.bands] == [
        ("n1", 7, 23, "term 1"),
        ("n5", 19, 23, "term 2"),
    ]
    assert [(span.lane, span.first, span.last) for span in told.down] == [("n3", 9, 15)]
    assert [(span.lane, span.first, span.last) for span in told.paused] == [("n1", 13, 19)]
    assert told.culprits == ("n1", "n5")


def test_a_new_term_begins_a_new_band() -> None:
    run = Run("n1").local("n1", "win", leads="term 1").local("n1", "win", leads="term 2")
    assert [(band.first, band.last) for band in story(run.trace()).bands] == [(1, 1), (2, 2)]


def test_a_cell_shows_only_what_changed() -> None:
    cells = {(cell.lane, cell.row): cell for cell in story(split_brain()).cells}
    assert cells["n1", 3].changes == ("joined: {} -> {n2}",)
    assert cells["n1", 4].leads == "leads, version 1"
    assert cells["n1", 4].note == "votes 3 >= minimum_master_nodes 1"
    assert cells["n1", 4].received == "← n3 Join(round 1)"
    assert cells["n1", 4].sent == (Sent("→ n2 n3 Publish(version 1, nodes {n1, n2, n3})", False),)
    assert cells["n2", 8].title == "suspect n1"
    assert ("n3", 4) not in cells


def test_of_a_record_only_the_fields_that_differ_are_told() -> None:
    old = {"state": {"type": "State", "version": 1, "nodes": {"#set": ["n1"]}}, "other": 1}
    new = {"state": {"type": "State", "version": 2, "nodes": {"#set": ["n1"]}}, "other": 1}
    assert changes(old, new) == ("state.version: 1 -> 2",)
    vote = {"state": {"type": "Vote", "version": 2}}
    assert changes(old, vote) == (
        "state: State(version 1, nodes {n1}) -> Vote(version 2)",
        "other: 1 -> -",
    )


def test_what_stands_above_is_not_written_out_again() -> None:
    long = {"type": "Update", "content": "a" * 40}
    assert changes({"kept": long}, {"kept": 0}) == ("kept: … -> 0",)
    assert changes({"kept": 0}, {"kept": long}) == (f"kept: 0 -> Update(content {'a' * 40})",)
    envelope = Envelope("n1", "n2", long)
    run = Run("n1", "n2").local("n1", "go", envelope).deliver(envelope, "Update")
    (sent, received) = story(run.trace()).cells
    assert sent.sent[0].text == f"→ n2 Update(content {'a' * 40})"
    assert received.received == "← n1 Update…"


def test_the_head_tells_what_was_chosen_and_the_bounds_that_are_not_zero() -> None:
    scope = {"nodes": 3, "detector": "none", "cuts": [], "crashes": 0, "restarts": 1}
    knobs = {"quorum": 1, "lease": False}
    told = story(Run("n1").trace(knobs=knobs, scope=scope, chosen=("lease",)))
    assert told.settings == ("lease = false", "nodes = 3, restarts = 1")


def test_another_lane_that_changes_along_has_a_cell_without_a_dot() -> None:
    run = Run("n1", "n2", x=0).local("n1", "act")
    processes = {**run.state.processes, "n2": {"x": 1}}
    run.steps[-1] = Step(run.steps[-1].action, evolve(run.state, processes=processes))
    (mine, other) = story(run.trace()).cells
    assert (mine.mark, mine.changes) == ("dot", ())
    assert (other.mark, other.title, other.changes) == (None, "", ("x: 0 -> 1",))


def test_fates_are_told_beside_the_send() -> None:
    cells = {(cell.lane, cell.row): cell for cell in story(faults()).cells}
    first = [(sent.text.split(" RequestVote")[0], sent.lost) for sent in cells["n1", 1].sent]
    assert first == [("→ n2 n3", False), ("→ n4", True), ("→ n5", False)]
    assert cells["n1", 1].sent[1].text.endswith(" (lost)")
    assert cells["n1", 1].sent[2].text.endswith(" (in flight)")


def test_a_message_to_somebody_who_has_no_lane_is_told_but_not_drawn() -> None:
    reply = Envelope("n1", "client", message("Ok"))
    told = story(Run("n1").local("n1", "answer", reply).trace())
    assert told.flights == ()
    assert told.cells[0].sent[0].text == "→ client Ok (in flight)"


def test_at_the_start_a_process_tells_what_most_of_its_kind_have_otherwise() -> None:
    log = {"#tup": [1]}
    processes = {
        "n1": {"term": 1, "log": log, "role": "LEADER"},
        "n2": {"term": 2, "log": {"#tup": []}, "role": "FOLLOWER"},
        "n3": {"term": 2, "log": {"#tup": [2]}, "role": "FOLLOWER"},
        "store": {"wrote": 0},
    }
    run = Run("n1", "n2", "n3", "store").start(processes=processes, leads={"n1": "term 1"})
    told = {cell.lane: cell.changes for cell in story(run.local("n2", "tick").trace()).cells}
    assert told == {
        "n1": ("term: 1", "log: (1)", "role: LEADER"),
        "n2": (),  # its later cell: nothing has changed
        "n3": ("log: (2)",),
    }
    (start,) = (c for c in story(run.trace()).cells if (c.lane, c.row) == ("n2", 0))
    assert start.changes == ("log: ()",) and start.mark is None
    two = Run("n1", "n2").start(processes={"n1": {"term": 1}, "n2": {"term": 2}})
    assert [cell.changes for cell in story(two.trace()).cells] == [("term: 1",), ("term: 2",)]
