"""Raft's snapshots, each rule by one handler. Sections are those of Ongaro and Ousterhout 2014."""

from typing import Any

import pytest
from attrs import evolve

from checker.protocol import Outcome, Send, handlers
from checker.values import Id, wiped
from models.raft import NOOP, AppendEntries, AppendReply, Entry, Role, Vote
from models.raft_snapshots import Compacted, InstallSnapshot, RaftSnapshots

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
LEADER, FOLLOWER, CANDIDATE = Role.LEADER, Role.FOLLOWER, Role.CANDIDATE
E1, E2 = Entry(1), Entry(2)
MODEL = RaftSnapshots(noop=False)


def server(id: Id, term: int, *log: int, base: int = 0, **fields: Any) -> Compacted:
    return Compacted(id, term, log=tuple(map(Entry, log)), base=base, **{"commit": base, **fields})


def both(message: Any) -> list[Send]:
    return [Send(N2, message), Send(N3, message)]


def test_a_server_compacts_what_it_knows_to_be_committed() -> None:
    """7: each server takes snapshots independently, covering just the committed entries."""
    s = server(N3, 1, 1, 1, 1, commit=2)
    assert MODEL.compact(s) == Outcome(evolve(s, base=2))
    (compact,) = (h for h in handlers(RaftSnapshots) if h.name == "compact")
    assert compact.when is not None and compact.when(s)
    assert not compact.when(evolve(s, base=2)) and not compact.when(server(N3, 1, 1))


def test_a_leader_sends_its_snapshot_to_who_needs_what_it_has_discarded() -> None:
    """7: the leader uses InstallSnapshot for followers that are too far behind."""
    s = server(N1, 2, 1, 2, commit=1, role=LEADER)
    assert MODEL.compact(s) == Outcome(evolve(s, base=1), both(InstallSnapshot(2, (E1,))))


def test_a_new_leader_sends_its_snapshot_and_the_rest_of_its_log() -> None:
    """5.2, 5.3 and 7: it has nothing from before the snapshot to send."""
    s = server(N1, 3, 1, 2, base=1, role=CANDIDATE, voted=N1)
    led: Any = MODEL.vote(s, Vote(3), N2)
    assert led.state == evolve(s, role=LEADER)
    assert list(led.sends) == [
        *both(InstallSnapshot(3, (E1,))),
        *both(AppendEntries(3, 1, 1, (E2,), 1)),
        *both(AppendEntries(3, 2, 2, (), 1)),
    ]
    none: Any = MODEL.vote(evolve(s, base=0), Vote(3), N2)
    assert InstallSnapshot not in {type(send.message) for send in none.sends}


def test_what_is_committed_is_told_after_each_prefix_that_is_left() -> None:
    s = server(N1, 2, 1, 2, base=1, role=LEADER)
    told: Any = MODEL.append_reply(s, AppendReply(2, 2), N2)
    assert list(told.sends) == [
        *both(AppendEntries(2, 1, 1, (), 2)),
        *both(AppendEntries(2, 2, 2, (), 2)),
    ]


def test_a_snapshot_of_an_older_term_is_refused() -> None:
    """Figure 13, 1: reply immediately if term < currentTerm."""
    s = server(N3, 2, role=CANDIDATE)
    assert MODEL.install_snapshot(s, InstallSnapshot(1, (E1,)), N1) == Outcome(s)


def test_a_snapshot_that_is_not_newer_changes_nothing_but_the_leader() -> None:
    """Figure 13, 5: what is discarded are snapshots with a smaller index."""
    s = server(N3, 1, 1, 1, base=1, role=CANDIDATE, voted=N3)
    got: Any = MODEL.install_snapshot(s, InstallSnapshot(2, (E1,)), N1)
    assert got.state == server(N3, 2, 1, 1, base=1)
    newer = server(N3, 1, 1, 1, base=2)
    assert MODEL.install_snapshot(newer, InstallSnapshot(1, (E1,)), N1) == Outcome(
        newer, note="has a snapshot up to 2"
    )
    same: Any = MODEL.install_snapshot(evolve(s, term=2), InstallSnapshot(2, (E1,)), N1)
    assert same.note == "has a snapshot up to 1"


@pytest.mark.parametrize(
    ("log", "after"),
    [
        ((), (1, 2)),  # 7: the whole log is discarded
        ((1,), (1, 2)),
        ((1, 1, 1), (1, 2)),
        ((1, 2), (1, 2)),  # 6: covered
        ((1, 2, 2), (1, 2, 2)),  # 6: and what follows is retained
    ],
)
def test_what_follows_a_snapshot_is_retained(log: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Figure 13, 6 to 8: only if the log has the last entry covered; else it is discarded."""
    snapshot = InstallSnapshot(2, (E1, E2))
    got: Any = MODEL.install_snapshot(server(N3, 1, *log, role=CANDIDATE), snapshot, N1)
    assert got == Outcome(server(N3, 2, *after, base=2), sync=True)
    late: Any = RaftSnapshots(retain_rest=False).install_snapshot(server(N3, 1, *log), snapshot, N1)
    assert late.state == server(N3, 2, 1, 2, base=2)


def test_a_snapshot_takes_no_commit_index_back() -> None:
    s = server(N3, 2, 1, 2, 2, commit=3)
    got: Any = MODEL.install_snapshot(s, InstallSnapshot(2, (E1,)), N1)
    assert got.state == evolve(s, base=1)


def test_who_comes_back_has_its_snapshot_and_knows_it_to_be_committed() -> None:
    """7: a snapshot is on stable storage."""
    s = wiped(server(N3, 2, 1, 2, base=1, commit=2))
    assert s == server(N3, 2, 1, 2, base=1, commit=0)
    assert MODEL.restart(s) == Outcome(evolve(s, commit=1))
    assert RaftSnapshots(restore_commit=False).restart(s) == Outcome(s)


@pytest.mark.parametrize("prev", [(0, 0), (1, 1), (2, 1)])
def test_a_previous_entry_that_is_compacted_is_the_same(prev: tuple[int, int]) -> None:
    """7 and openraft issue 511: it is committed, so no conflict; only what comes after it counts."""
    s = server(N3, 2, 1, 1, 2, base=2)
    assert MODEL.append_entries(s, AppendEntries(2, *prev, (), 3), N1) == Outcome(s, sync=True)
    log = (E1, E1, E2, E2)[prev[0] :]
    grown = Outcome(server(N3, 2, 1, 1, 2, 2, base=2, commit=4), [Send(N1, AppendReply(2, 4))])
    got: Any = MODEL.append_entries(s, AppendEntries(2, *prev, log, 4), N1)
    assert (got.state, got.sends) == (grown.state, grown.sends)


@pytest.mark.parametrize(
    ("prev", "left"), [((1, 1), (1, 1)), ((2, 1), (1, 1)), ((0, 0), (1, 1, 2))]
)
def test_a_previous_entry_that_is_taken_for_a_conflict(
    prev: tuple[int, int], left: tuple[int, ...]
) -> None:
    """openraft issue 511: what is not known to be committed is looked up, and not found."""
    s = server(N3, 2, 1, 1, 2, base=2, commit=0)
    got: Any = MODEL.append_entries(s, AppendEntries(2, *prev), N1)
    assert got.state == server(N3, 2, *left, base=2, commit=0)


@pytest.mark.parametrize(
    ("prev", "left"), [((2, 2), (1,)), ((3, 2), (1, 1)), ((4, 2), (1, 1, 1)), ((5, 2), (1, 1, 1))]
)
def test_what_conflicts_is_deleted_before_it_is_refused(
    prev: tuple[int, int], left: tuple[int, ...]
) -> None:
    """Figure 2, AppendEntries 2, and openraft: from the entry that conflicts on."""
    s = server(N3, 1, 1, 1, 1, base=1, role=CANDIDATE)
    got: Any = MODEL.append_entries(s, AppendEntries(2, *prev, (E2,)), N1)
    assert got == Outcome(server(N3, 2, *left, base=1), note=got.note, sync=True)


def test_entries_of_an_older_term_are_refused() -> None:
    """Figure 2, AppendEntries 1: a late message deletes nothing."""
    s = server(N3, 3, 1, 2, base=1)
    assert MODEL.append_entries(s, AppendEntries(1, 2, 1), N1).state == s


def test_where_a_run_begins_and_what_is_seen() -> None:
    """What a snapshot covers is applied, whatever is known of what is committed."""
    first = (Entry(1, NOOP),)
    assert RaftSnapshots().initial(N2) == Compacted(N2, 1, N1, first, FOLLOWER, 1)
    view = MODEL.view(server(N3, 2, 1, 1, 2, base=2, commit=0))
    assert (view.version, len(view.committed), len(view.log or ())) == (2, 2, 3)
    assert MODEL.view(server(N3, 2, 1, 1, 2, base=2, commit=3)).version == 3


def test_entries_that_are_compacted_are_not_acknowledged() -> None:
    """They are committed at the leader already."""
    s = server(N3, 2, 1, 2, 2, base=2)
    assert MODEL.append_entries(s, AppendEntries(2, 1, 1, (E2,)), N1) == Outcome(s, sync=True)
