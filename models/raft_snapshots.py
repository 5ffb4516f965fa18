"""Raft with snapshots: what is committed is compacted, and who is too far behind gets a snapshot.

Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", extended version, section 7
and figure 13 (InstallSnapshot). The rest of the algorithm is `models.raft`.

A server may write a snapshot of what it has applied and discard the entries up to there; it keeps the
index and the term of the last of them, for the check of the entry before (figure 2, AppendEntries 2). A
leader that no longer has what a follower needs sends its snapshot instead. The follower discards its
log, unless that has the last entry that the snapshot covers: then what comes after it stays valid.

As in openraft 0.6 (`append_apply_log_entries`) a follower takes an entry before that it knows to be
committed for the same as the leader's, without looking it up, and otherwise one that it does not find
in its log for a conflict: it deletes from there on, before it refuses. With a message of a valid leader
both are safe, as long as a server knows that what is compacted is committed.

What is abstracted. The state of the state machine is the sequence of entries that it has applied, so
the log is kept whole here: its first `base` entries are what the snapshot holds, and of their terms
rules read only the last one. A snapshot covers all that its server knows to be committed when it is
written, and comes over the network in one message. Who comes back applies its snapshot at once. There
is no reply to a snapshot: what it covers is committed at the leader already. Messages with what a
leader had before it compacted its log are still under way, as they may be. In openraft 0.6 the entries
of a message, too, are deleted from the first one that was compacted and is not known to be committed;
that is left out, for the issue (RAFT-26) speaks of the entry before.
"""

from collections.abc import Iterable
from typing import Literal

import attrs
from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Restart,
    Send,
    durable,
    timeout,
    to,
    upon,
)
from models.raft import AppendEntries, Entry, Raft, Role, Server
from properties.views import View


@frozen
class InstallSnapshot:
    """I lead in this term: begin with this instead of a log, what I have applied."""

    term: int
    snapshot: tuple[Entry, ...]


@frozen
class Compacted(Server):
    #: How many entries, the first of the log, are left only as a snapshot.
    base: int = durable(0)


@frozen
class RaftSnapshots(Raft):
    start: Literal["fresh", "settled", "figure-8"] = "settled"
    noop: bool = True

    #: Who comes back knows that what its snapshot covers is committed. If not, it takes an entry before
    #: that it has compacted for one that conflicts, and deletes what comes after it.
    restore_commit: bool = True
    #: Figure 13, 6: a snapshot that covers a prefix of the log leaves the rest of it. If not, one that
    #: comes late has a follower forget entries that it has acknowledged.
    retain_rest: bool = True

    environment = Environment(network="set", budget=Budget(requests=1))

    def initial(self, id: Id) -> Compacted:
        s = super().initial(id)
        return Compacted(**{f.name: getattr(s, f.name) for f in attrs.fields(Server)})

    # -- snapshots: section 7 -------------------------------------------------------------------

    @timeout(when=lambda s: s.base < s.commit)
    def compact(self, s: Compacted) -> Outcomes:
        """Each server takes snapshots independently, of the committed entries in its log."""
        s = evolve(s, base=s.commit)
        return Outcome(s, self.snapshots(s) if s.role is Role.LEADER else ())

    def snapshots(self, s: Compacted) -> tuple[Send, ...]:
        """What a leader sends to those that need what it no longer has."""
        return to(self.others(s), InstallSnapshot(s.term, s.log[: s.base])) if s.base else ()

    @upon(InstallSnapshot)
    def install_snapshot(self, s: Compacted, msg: InstallSnapshot, src: Id) -> Outcomes:
        """Figure 13, receiver implementation, 1 and 5 to 8."""
        if msg.term < s.term:
            return Outcome(s)
        last = len(msg.snapshot)
        if last <= s.base:
            follower = self.follow(self.newer(s, msg.term), src)
            return Outcome(follower, note=f"has a snapshot up to {s.base}")
        covered = last <= len(s.log) and s.term_at(last) == msg.snapshot[-1].term
        rest = s.log[last:] if covered and self.retain_rest else ()
        log, commit = msg.snapshot + rest, max(s.commit, last)
        after = evolve(s, log=log, base=last, commit=commit)
        return Outcome(self.follow(self.newer(after, msg.term), src), sync=self.sync_append)

    @upon(Restart)
    def restart(self, s: Compacted) -> Outcomes:
        """The state machine begins with the snapshot, and commitIndex with what it covers."""
        return Outcome(evolve(s, commit=s.base if self.restore_commit else 0))

    # -- elections and replication without what is compacted: sections 5.2 and 5.3 ------------

    def lead(self, s: Server) -> Outcome:
        """A new leader sends its snapshot before its log."""
        assert isinstance(s, Compacted)
        leads = super().lead(s)
        return evolve(leads, sends=(*self.snapshots(leads.state), *leads.sends))

    def appends(self, s: Server, after: int = 0) -> tuple[Send, ...]:
        assert isinstance(s, Compacted)
        return super().appends(s, max(after, s.base))

    def heartbeats(self, s: Server, after: Iterable[int]) -> tuple[Send, ...]:
        assert isinstance(s, Compacted)
        return super().heartbeats(s, (k for k in after if k >= s.base))

    def has(self, s: Compacted, index: int, term: int) -> bool:
        """Whether the entry is the same here: committed, or found in the log."""
        return index <= s.commit or (s.base < index <= len(s.log) and s.term_at(index) == term)

    @upon(AppendEntries)
    def append_entries(self, s: Server, msg: AppendEntries, src: Id) -> Outcomes:
        """Figure 2, AppendEntries 2, where the entry before may have been compacted."""
        assert isinstance(s, Compacted)
        if msg.term < s.term:
            return super().append_entries(s, msg, src)
        if not self.has(s, msg.prev_index, msg.prev_term):
            log = s.log[: max(s.base, msg.prev_index - 1)]
            follower = evolve(self.follow(self.newer(s, msg.term), src), log=log)
            note = f"no entry {msg.prev_index} of term {msg.prev_term}"
            return Outcome(follower, note=note, sync=self.sync_append)
        skip = max(0, s.base - msg.prev_index)
        if skip:
            prev = s.base, s.term_at(s.base)
            msg = AppendEntries(msg.term, *prev, msg.entries[skip:], msg.commit)
        return super().append_entries(s, msg, src)

    # -- what properties see ------------------------------------------------------------------

    def view(self, s: Server) -> View:
        """What a snapshot covers is applied."""
        assert isinstance(s, Compacted)
        return super().view(evolve(s, commit=max(s.commit, s.base)))
