"""Raft with the record of the last vote as hashicorp/raft keeps it: its term and its candidate.

github.com/hashicorp/raft, raft.go: `requestVote` and `persistVote`, keys LastVoteTerm and LastVoteCand.
The rest of the algorithm is `models.raft`.

The record outlives the term of the vote: for a new term only CurrentTerm is written. A vote is written
in two steps, first its term, then its candidate. After a crash between the two the record has the new
term and the candidate of the vote before: it tells of a vote that was never given. Who asks for a vote
in the term of the record gets it if it is the record's candidate, and otherwise does not; the logs are
not compared again then (RAFT-19).

What is abstracted. Where the term of the record is the server's term, `voted` is its candidate, and
else nobody; the candidate of a record of an earlier term is `last`. The crash between the two writes
and the restart after it are one step, and cost nothing of the budget of crashes: there is at most one
for each term and voter, for then the record has that term. A first vote that is torn leaves no
candidate, and is none. A candidate's vote for itself is torn in the same way; that is left out.
"""

import attrs
from attrs import evolve, frozen

from checker import Budget, Environment, Id, Outcome, Outcomes, Send, durable, upon
from models.raft import Raft, RequestVote, Server, Vote


@frozen
class Voter(Server):
    #: For whom it voted last, in whichever term.
    last: Id | None = durable(None)


@frozen
class RaftVoteRecord(Raft):
    #: Term and candidate are written at once. If not, a crash between the two leaves a vote that was
    #: never given.
    atomic_record: bool = True
    #: Compare the logs also for a vote that was given before. If not, who has a vote only by a record
    #: that is torn gets it with any log.
    check_again: bool = True

    environment = Environment(network="set", budget=Budget(requests=1))

    def initial(self, id: Id) -> Voter:
        s = super().initial(id)
        fields = {f.name: getattr(s, f.name) for f in attrs.fields(Server)}
        return Voter(**fields, last=s.voted)

    def campaign(self, s: Server) -> Outcome:
        """`electSelf`: a candidate writes its own vote to the record."""
        stands = super().campaign(s)
        return evolve(stands, state=evolve(stands.state, last=s.id))

    @upon(RequestVote)
    def request_vote(self, s: Server, msg: RequestVote, src: Id) -> Outcomes:
        """`requestVote`, and in it `persistVote`: two outcomes where a vote is written in two."""
        assert isinstance(s, Voter)
        outcome = super().request_vote(s, msg, src)
        assert isinstance(outcome, Outcome)
        before, after = self.newer(s, msg.term), outcome.state
        if (after.term, after.voted) != (msg.term, src):
            return outcome
        if before.voted == src:
            again = Outcome(after, [Send(src, Vote(after.term))], "has voted for it already")
            return outcome if self.check_again else again
        whole = evolve(outcome, state=evolve(after, last=src))
        if self.atomic_record or s.last is None:
            return whole
        torn = evolve(self.follow(before), voted=s.last, commit=0)
        note = f"crashes and restarts: has voted for {s.last} in term {after.term}, says the record"
        return whole, Outcome(torn, note=note)
