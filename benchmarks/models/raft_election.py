"""Raft's leader election without a log, as the peers' specifications have it.

The same state space as the TLA+ module RaftElection and its Promela twin: messages in a set that
keeps them, each handler one step, nothing that leaves the state as it was. Rules: Ongaro and
Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), section 5.2. A restarted
server keeps its term and its vote; a restart is a local event here, as in those specifications, so
that it needs no budget. Left out: the log and its up-to-date check, pre-vote, heartbeats.
"""

from enum import Enum

from attrs import evolve, frozen

from checker import (
    Environment,
    Id,
    Outcome,
    Outcomes,
    Protocol,
    Send,
    durable,
    timeout,
    to,
    upon,
)
from properties.election import a_leader_is_elected, election_safety
from properties.views import View


class Role(Enum):
    FOLLOWER = "follower"
    CANDIDATE = "candidate"
    LEADER = "leader"


@frozen
class RequestVote:
    term: int


@frozen
class Vote:
    term: int


@frozen
class Server:
    id: Id
    term: int = durable(0)
    voted_for: Id | None = durable(None)
    role: Role = Role.FOLLOWER
    votes: frozenset[Id] = frozenset()
    #: Votes sent, as (term, candidate): a vote that is already in the set is not given again.
    given: frozenset[tuple[int, Id]] = durable(frozenset())


@frozen
class RaftElection(Protocol):
    #: Terms up to which servers time out.
    max_term: int = 2
    #: A server may vote for a second candidate in the same term: two leaders in one term.
    broken: bool = False

    environment = Environment(network="set")
    properties = (election_safety, a_leader_is_elected)

    def initial(self, id: Id) -> Server:
        return Server(id)

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)

    @timeout(when=lambda s: s.role is not Role.LEADER, limit=lambda self, s: s.term < self.max_term)
    def election_timeout(self, s: Server) -> Outcomes:
        term = s.term + 1
        s = evolve(s, term=term, voted_for=s.id, role=Role.CANDIDATE, votes=frozenset({s.id}))
        return Outcome(s, to(self.others(s), RequestVote(term)))

    @upon(RequestVote)
    def request_vote(self, s: Server, msg: RequestVote, src: Id) -> Outcomes:
        if msg.term > s.term:
            s = evolve(s, term=msg.term, role=Role.FOLLOWER, votes=frozenset())
        elif msg.term < s.term or (msg.term, src) in s.given or not self.may_vote(s, src):
            return ()
        s = evolve(s, voted_for=src, given=s.given | {(msg.term, src)})
        return Outcome(s, [Send(src, Vote(msg.term))])

    def may_vote(self, s: Server, candidate: Id) -> bool:
        return self.broken or s.voted_for in (None, candidate)

    @upon(Vote)
    def vote(self, s: Server, msg: Vote, src: Id) -> Outcomes:
        if s.role is not Role.CANDIDATE or msg.term != s.term:
            return ()
        return Outcome(evolve(s, votes=s.votes | {src}))

    @timeout(when=lambda s: s.role is Role.CANDIDATE)
    def become_leader(self, s: Server) -> Outcomes:
        if 2 * len(s.votes) <= self.nodes:
            return ()
        return Outcome(evolve(s, role=Role.LEADER), note=f"2 * votes {len(s.votes)} > {self.nodes}")

    @timeout(when=lambda s: s.role is not Role.FOLLOWER)
    def restart(self, s: Server) -> Outcomes:
        return Outcome(evolve(s, role=Role.FOLLOWER, votes=frozenset()))

    def view(self, s: Server) -> View:
        return View(id=s.id, leads=s.role is Role.LEADER, term=s.term)
