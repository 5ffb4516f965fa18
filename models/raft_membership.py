"""Raft whose servers change: one at a time, or any set by a joint configuration.

Ongaro, "Consensus: Bridging Theory and Practice" (2014), chapter 4, with the correction that Ongaro
sent to the raft-dev list in 2015; section 4.3 (and section 6 of the paper of 2014) for the joint
configuration. The rest of the algorithm is `models.raft`.

A configuration is an entry of the log, and in force as soon as it is in a server's log, committed or
not; who has none in its log is in the first configuration, of `members` servers. In etcd's raft it is
in force only once it is applied (`in_force`); applying is a step of its own then, one entry at a time,
and what is applied is kept on disk, as the configuration is. Elections and
commitment need a majority of the configuration in force. A leader begins a change (an administrator's
request) only when the one before is committed, and, that is the correction, only when it has committed
an entry of its own term: else a change that it knows nothing of may be under way. A single-server
change adds or removes one server, so that majorities before and after it meet. A joint change first
appends the old and the new set together: while it lasts every decision needs a majority of both, and
once it is committed the leader appends the new set alone. A leader that is not in the new set steps
down once that is committed.

What is abstracted. A leader sends to all servers, also to those that are no members yet or any more:
new ones catch up before they are added (section 4.2.1), and that a removed one still hears of it does
no harm. Only who is a member of its own configuration holds elections (as in etcd; section 4.2.2
lets others do so, too, where they are still needed for progress, see `removed_stand`). In an election
anybody may vote, for the voter cannot know better. Ordinary commands are left out, but for the no-op
of each leader (`noop`).
"""

from typing import Any, Literal

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
    request,
    timeout,
    upon,
)
from checker.errors import UsageError
from models.raft import NOOP, Entry, Raft, Role, Server
from properties import election, replication
from properties.views import View


@frozen
class Configuration:
    """The servers that decide; in a joint one also those before them."""

    members: frozenset[Id]
    old: frozenset[Id] | None = None


@frozen
class Member(Server):
    #: How many entries it has applied; kept only with `in_force` = "applied".
    applied: int = durable(0)


@frozen
class RaftMembership(Raft):
    start: Literal["fresh", "settled", "figure-8"] = "settled"
    #: Servers of the first configuration, n1 and on; the others may be added.
    members: int = 3
    #: How the configuration changes: by one server at a time, by way of a joint configuration, or
    #: "arbitrary": to any set at once. Then old and new majorities need not meet.
    change: Literal["single", "joint", "arbitrary"] = "single"
    #: The set that is changed to, such as "1 4", one by one if by single servers; "": no set is wanted,
    #: and any one server is added or removed.
    target: str = ""
    noop: bool = True
    #: From when on a configuration counts: from when it is in the log (section 4.1), or from when it is
    #: applied (etcd's raft).
    in_force: Literal["appended", "applied"] = "appended"
    #: Who is not in its own configuration holds elections all the same until it knows that to be
    #: committed (section 4.2.2). If not, as in etcd, who alone has the new configuration may be no
    #: candidate while it is still needed as one. Off, for safety does not depend on it.
    removed_stand: bool = False

    #: Begin a change only when the one before is committed. If not, two changes by one server are one
    #: by two, and majorities need not meet.
    one_pending: bool = True
    #: Begin a change only when an entry of the own term is committed. If not, two leaders in turn each
    #: begin one on top of a configuration that the other has left.
    commit_first: bool = True
    #: In a joint configuration decide by both majorities. If not, by one of all servers in it.
    both_majorities: bool = True
    #: Leave the joint configuration only when it is committed. If not, the new set decides while
    #: servers that know only of the old one do, too.
    leave_committed: bool = True
    #: With `in_force` = "applied": hold no election while a configuration is known to be committed and
    #: is not applied. If not, one may be elected by a configuration two changes old.
    apply_first: bool = True
    #: Who was removed comes back with its disk, if at all (one with a new disk has a new identity). If
    #: not, it comes back empty under its old identity, and votes for who has not heard of the change.
    keep_disk: bool = True

    environment = Environment(network="set", budget=Budget(requests=1))
    properties = (
        election.election_safety,
        replication.leader_append_only,
        replication.log_matching,
        replication.leader_completeness,
        replication.state_machine_safety,
        election.terms_never_fall,
        replication.a_configuration_is_committed,
        election.an_election_can_be_won,
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if not 0 < self.members <= self.nodes:
            raise UsageError(f"members={self.members} is not among the {self.nodes} servers")
        named = self.target.split()
        known = [str(id.number) for id in self.processes()]
        if unknown := [name for name in named if name not in known]:
            raise UsageError(f"target={self.target!r}: {unknown[0]} is none of {', '.join(known)}")
        if self.change != "single" and not named:
            raise UsageError(f"change={self.change} needs a target, such as target='1 2'")

    def promises(self) -> tuple[Any, ...]:
        """That an election can be won always is promised only with `removed_stand`."""
        return self.properties if self.removed_stand else self.properties[:-1]

    def kind(self, id: Id) -> Any:
        """Servers are alike that begin alike, and are all in the target or all out of it."""
        return super().kind(id), id.number <= self.members, str(id.number) in self.target.split()

    def initial(self, id: Id) -> Member:
        """A settled leader has committed its first entry already, so that it may begin a change."""
        s = super().initial(id)
        member = Member(**{f.name: getattr(s, f.name) for f in attrs.fields(Server)})
        if self.start != "settled":
            return member
        applied = 1 if self.in_force == "applied" else 0
        return evolve(member, log=(Entry(1, NOOP),), commit=1, applied=applied)

    # -- configurations: dissertation, 4.1 and 4.3 --------------------------------------------

    def first(self) -> Configuration:
        return Configuration(frozenset(self.processes()[: self.members]))

    def configured(self, s: Server) -> tuple[int, Configuration]:
        """4.1: the last configuration in the log, committed or not, and its index. In etcd: the last
        one that was applied."""
        assert isinstance(s, Member)
        return self.last(s.log if self.in_force == "appended" else s.log[: s.applied])

    def last(self, log: tuple[Entry, ...]) -> tuple[int, Configuration]:
        for index in range(len(log), 0, -1):
            content = log[index - 1].content
            if isinstance(content, Configuration):
                return index, content
        return 0, self.first()

    def enough(self, s: Server, servers: frozenset[Id]) -> bool:
        """4.3: in a joint configuration majorities of both the old and the new are needed."""
        _, now = self.configured(s)
        if now.old is None:
            return majority(servers, now.members)
        if not self.both_majorities:
            return majority(servers, now.old | now.members)
        return majority(servers, now.old) and majority(servers, now.members)

    def involved(self, s: Server) -> frozenset[Id]:
        """All servers of the configuration in force."""
        _, now = self.configured(s)
        return now.members | (now.old or frozenset())

    def electors(self, s: Server) -> int:
        return len(self.involved(s))

    def member(self, s: Server) -> bool:
        return s.id in self.involved(s)

    def may_stand(self, s: Server) -> bool:
        """4.2.2: a member, or who may still be needed. In etcd (hasUnappliedConfChanges): who has
        applied the configurations that it knows to be committed."""
        assert isinstance(s, Member)
        index, _ = self.configured(s)
        if not self.member(s) and not (self.removed_stand and index > s.commit):
            return False
        if self.in_force == "appended" or not self.apply_first:
            return True
        return self.last(s.log[: s.commit])[0] <= s.applied

    def campaign(self, s: Server) -> Outcome:
        return super().campaign(s) if self.may_stand(s) else Outcome(s)

    # -- changes: dissertation, 4.1 to 4.3 ----------------------------------------------------

    def targets(self, s: Server) -> list[frozenset[Id]]:
        """The sets that the configuration may be changed to."""
        _, now = self.configured(s)
        wanted = frozenset(Id("n", int(name)) for name in self.target.split())
        if self.change != "single":
            return [wanted] if wanted != now.members else []
        movable = now.members ^ wanted if wanted else frozenset(self.processes())
        found = [now.members ^ {id} for id in sorted(movable)]
        return [new for new in found if new]

    @request(when=lambda s: s.role is Role.LEADER)
    def change_servers(self, s: Server) -> Outcomes:
        """4.1, 4.3: an administrator asks the leader for another configuration."""
        _, now = self.configured(s)
        if self.full(s):
            return ()
        if self.one_pending and (self.pending(s) or now.old is not None):
            return ()
        if self.commit_first and not (s.commit and s.term_at(s.commit) == s.term):
            return ()
        old = now.members if self.change == "joint" else None
        return tuple(
            self.append(s, Entry(s.term, Configuration(new, old))) for new in self.targets(s)
        )

    def pending(self, s: Server) -> bool:
        """4.1: whether a change is not committed yet. In etcd (pendingConfIndex): not applied."""
        assert isinstance(s, Member)
        return self.last(s.log)[0] > (s.commit if self.in_force == "appended" else s.applied)

    @timeout(when=lambda s: s.role is Role.LEADER)
    def leave_joint(self, s: Server) -> Outcomes:
        """4.3: once the joint configuration is committed the leader appends the new one."""
        index, now = self.configured(s)
        if now.old is None or (self.leave_committed and index > s.commit):
            return ()
        return self.append(s, Entry(s.term, Configuration(now.members)))

    def client_request(self, s: Server) -> Outcomes:
        """Ordinary commands are left out."""
        return ()

    def committed(self, s: Server, sends: tuple[Send, ...] = (), sync: bool = False) -> Outcome:
        """4.2.2: a leader that is not in the configuration steps down once that is committed."""
        done = super().committed(s, sends, sync)
        index, _ = self.configured(done.state)
        if self.member(done.state) or index > done.state.commit:
            return done
        return evolve(done, state=self.follow(done.state))

    @timeout(when=lambda s: s.applied < s.commit)
    def apply(self, s: Member) -> Outcomes:
        """etcd: apply the next entry. A leader with a smaller configuration may commit more."""
        if self.in_force == "appended":
            return ()
        s = evolve(s, applied=s.applied + 1)
        return self.committed(s) if s.role is Role.LEADER else Outcome(s)

    @upon(Restart)
    def restart(self, s: Member) -> Outcomes:
        """Whom its own log has removed may get a new disk."""
        return Outcome(s) if self.keep_disk or self.member(s) else Outcome(Member(s.id))

    def view(self, s: Server) -> View:
        _, now = self.configured(s)
        electors = tuple(members for members in (now.old, now.members) if members is not None)
        return evolve(super().view(s), electors=electors if self.may_stand(s) else ())


def majority(servers: frozenset[Id], members: frozenset[Id]) -> bool:
    """Whether more than half of the members are among the servers."""
    return 2 * len(servers & members) > len(members)
