"""The smallest leader election that is safe: ask everybody, lead with the votes of a majority.

A voter gives its only vote to the first who asks, and keeps it on disk. Try

    splitbrain check examples/majority_vote.py:MajorityVote
    splitbrain check examples/majority_vote.py:MajorityVote --set durable_vote=false --out oops.svg
"""

from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Protocol,
    Restart,
    Send,
    durable,
    timeout,
    to,
    upon,
)
from properties.election import a_leader_is_elected, one_leader
from properties.views import View


@frozen
class AskVote:
    """Will you vote for me?"""


@frozen
class Vote:
    """You have my vote."""


@frozen
class Node:
    id: Id
    voted: Id | None = durable(None)
    votes: frozenset[Id] = frozenset()
    asking: bool = False
    leads: bool = durable(False)


@frozen
class MajorityVote(Protocol):
    #: A voter writes its vote to disk before it answers. If not, it forgets it in a crash, votes
    #: again, and is counted twice.
    durable_vote: bool = True

    environment = Environment(budget=Budget(crashes=1, restarts=1))
    properties = (one_leader, a_leader_is_elected)

    def initial(self, id: Id) -> Node:
        return Node(id)

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)

    @timeout(when=lambda s: s.voted is None and not s.asking)
    def campaign(self, s: Node) -> Outcomes:
        """Vote for itself and ask the others."""
        s = evolve(s, voted=s.id, votes=frozenset({s.id}), asking=True)
        return Outcome(s, to(self.others(s), AskVote()))

    @upon(AskVote)
    def ask_vote(self, s: Node, msg: AskVote, src: Id) -> Outcomes:
        """The first who asks gets the vote."""
        if s.voted not in (None, src):
            return Outcome(s, note=f"has voted for {s.voted}")
        return Outcome(evolve(s, voted=src), [Send(src, Vote())])

    @upon(Vote)
    def vote(self, s: Node, msg: Vote, src: Id) -> Outcomes:
        """Lead with the votes of a majority."""
        if not s.asking:
            return Outcome(s)
        votes = s.votes | {src}
        note = f"votes {len(votes)} of {self.nodes}"
        return Outcome(evolve(s, votes=votes, leads=2 * len(votes) > self.nodes), note=note)

    @upon(Restart)
    def restart(self, s: Node) -> Outcomes:
        """Back after a crash, with what is on disk."""
        return Outcome(s if self.durable_vote else evolve(s, voted=None))

    def view(self, s: Node) -> View:
        return View(id=s.id, leads=s.leads)
