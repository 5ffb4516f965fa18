"""How ZooKeeper's servers elect a leader: the first part of `models.zab`, which tells the story.

FastLeaderElection (rules of the code of 3.9). A server that looks for a leader adds one to its logical
clock, votes for itself and tells everybody. A vote carries its leader's currentEpoch and last zxid. Of
two votes the one with the greater epoch is better, then with the greater zxid, then with the greater
server id (totalOrderPredicate). Who hears of a newer round enters it, with the better of the vote heard
and its own first vote; in its own round it changes to every better vote that it hears, and tells
everybody. An older round is answered, and not counted. Once a quorum has the server's own vote, and
for finalizeWait (200 ms) no better one has come, the election is over: the server leads, or follows.
Who does not look for a leader answers with the vote it ended with; the asker joins when a quorum
names one leader and that one itself says that it leads. (Rounds of these votes are not compared since
ticket 1732. Their epochs are, once leader and followers have brought them up to the new one; that is
left out, for an epoch has one leader.)

The oracle in its place. The paper (section IV) assumes nothing of an election: whom it names may be
wrong. With `election = "oracle"` it is one step: a server begins to lead if its own first vote is as
good as those of a quorum that looks for a leader at that moment, and who looks for one follows a
leader that its own first vote does not beat, or that has come past discovery. Each quorum that enters
an epoch was then at most as recent as its leader, which is all that the election contributes to
safety; what it may do beyond that (name two servers, or one that is gone) the oracle does as well.
With `vote_order = "any"` it names anybody, so that only the rules of discovery are left to keep what
was committed: that scope covers every outcome of every election.

finalizeWait is a timeout: with synchronous timing it ends when no notification is on its way, with
asynchronous timing at any moment. Notifications that are sent again, and their answers, are one step
(`hear_again`). Weights, hierarchical quorums, reconfiguration and the
votes of observers, which are never counted, are left out: with observers only the oracle elects.
"""

from typing import Any, Literal

from attrs import evolve, frozen

from checker import Id, Outcome, Outcomes, Send, poll, timeout, to, upon
from models.zab_server import Ensemble, Heard, Phase, Role, Server, Vote, last

Rank = tuple[Any, ...]


@frozen
class Notification:
    """Of the sender: its vote, its round, and its role."""

    vote: Vote
    round: int
    role: Role


@frozen
class Electing(Ensemble):
    #: "oracle": an election is one step. "fast": the notifications of FastLeaderElection.
    election: Literal["oracle", "fast"] = "oracle"
    #: What makes a vote the better one. "epoch": currentEpoch, zxid, id (3.4.0 and later). "zxid":
    #: zxid, id (up to 3.3): a leader whose transactions were given up is elected for its great zxid.
    #: "id": the greatest id, as in Bully. "any" (oracle only): nobody is better. "torn": the rule of
    #: 3.4.0 to 3.4.3, in which a greater id beats an equal zxid whatever the epochs: two votes can
    #: each beat the other.
    vote_order: Literal["epoch", "zxid", "id", "any", "torn"] = "epoch"
    #: What servers that have elected have to agree in before a late one joins them. "leader": whom they
    #: follow. "vote": all of the vote, and its round (3.4.0 to 3.4.5): a leader whose followers elected
    #: it in a later round is joined by nobody.
    outside_votes: Literal["leader", "vote"] = "leader"
    #: How many elections a server may begin (fast only): a bound of the scope.
    rounds: int = 1

    def better(self, a: Vote, b: Vote) -> bool:
        """Whether vote `a` beats vote `b` (totalOrderPredicate)."""
        if self.vote_order == "torn":
            return (
                a.epoch > b.epoch
                or (a.epoch == b.epoch and a.zxid > b.zxid)
                or (a.zxid == b.zxid and a.leader > b.leader)
            )
        return self.rank(a) > self.rank(b)

    def rank(self, vote: Vote) -> Rank:
        match self.vote_order:
            case "zxid":
                return vote.zxid, vote.leader
            case "id":
                return (vote.leader,)
            case "any":
                return ()
        return vote.epoch, vote.zxid, vote.leader

    def own_vote(self, s: Server) -> Vote:
        """The vote with which a server enters an election."""
        return Vote(s.id, s.current, last(s.data))

    # -- the oracle ------------------------------------------------------------------------

    def standing(self, s: Server) -> tuple[Vote, Role, bool]:
        """Its first vote, what it is, and whether it has come past discovery."""
        return self.own_vote(s), s.role, s.phase in (Phase.SYNCHRONIZATION, Phase.BROADCAST)

    @poll(reply=standing, when=lambda s: s.role is Role.LOOKING)
    def oracle(self, s: Server, replies: dict[Id, tuple[Vote, Role, bool]]) -> Outcomes:
        """Lead, if a quorum of those that look for a leader has no better vote; or follow a leader."""
        if self.election != "oracle":
            return ()
        own = self.own_vote(s)
        behind = [
            id
            for id, (vote, role, _) in replies.items()
            if role is Role.LOOKING and not self.better(vote, own)
        ]
        found = [
            Outcome(self.joins(s, id))
            for id, (vote, role, past) in sorted(replies.items())
            if role is Role.LEADING and (past or s.observes or not self.better(own, vote))
        ]
        if not s.observes and self.quorum([s.id, *behind]):
            found.append(Outcome(self.leads(s)))
        return tuple(found)

    # -- FastLeaderElection ----------------------------------------------------------------

    @timeout(
        when=lambda s: s.role is Role.LOOKING and s.vote is None,
        limit=lambda self, s: s.round < self.rounds,
    )
    def look_for_leader(self, s: Server) -> Outcomes:
        """lookForLeader: a new round, and a vote for oneself."""
        if self.election != "fast":
            return ()
        return self.votes_for(evolve(s, round=s.round + 1), self.own_vote(s))

    def votes_for(self, s: Server, vote: Vote) -> Outcome:
        """The server with this vote, which it tells everybody."""
        own = Heard(s.id, vote, s.round, s.role)
        s = evolve(s, vote=vote, votes=self.heard(s.votes, own))
        return Outcome(s, to(self.others(s), Notification(vote, s.round, s.role)))

    def heard(self, table: frozenset[Heard], new: Heard) -> frozenset[Heard]:
        """The table with the latest word of one server."""
        return frozenset(h for h in table if h.sender != new.sender) | {new}

    @upon(Notification)
    def notification(self, s: Server, msg: Notification, src: Id) -> Outcomes:
        """WorkerReceiver: who has elected, or is in a newer round, answers those that have not."""
        if s.vote is None:
            return ()  # it stays in recvqueue until lookForLeader begins
        looks = msg.role is Role.LOOKING
        if s.role is not Role.LOOKING or (looks and msg.round < s.round):
            return Outcome(s, [Send(src, Notification(s.vote, s.round, s.role))] if looks else ())
        return self.counted(s, msg, src)

    def counted(self, s: Server, msg: Notification, src: Id) -> Outcome:
        """The loop of lookForLeader."""
        vote = s.vote
        assert vote is not None
        word = Heard(src, msg.vote, msg.round, msg.role)
        if msg.role is not Role.LOOKING:
            return self.outside_word(s, word)
        sends: tuple[Send, ...] = ()
        if msg.round > s.round:
            own = self.own_vote(s)
            s = evolve(s, round=msg.round, votes=frozenset())
            s, sends = self.told(s, msg.vote if self.better(msg.vote, own) else own)
        elif self.better(msg.vote, vote):
            s, sends = self.told(s, msg.vote)
        return Outcome(evolve(s, votes=self.heard(s.votes, word)), sends)

    def told(self, s: Server, vote: Vote) -> tuple[Server, tuple[Send, ...]]:
        outcome = self.votes_for(s, vote)
        return outcome.state, outcome.sends

    def word(self, s: Server) -> Notification | None:
        """What a server notifies, or answers to a notification."""
        return Notification(s.vote, s.round, s.role) if s.vote else None

    @poll(reply=word, when=lambda s: s.role is Role.LOOKING and s.vote is not None)
    def hear_again(self, s: Server, replies: dict[Id, Notification]) -> Outcomes:
        """Nothing has come for a while: all notify again, and those that have elected answer."""
        sends: list[Send] = []
        for id, word in sorted(replies.items()):
            known = word.role is Role.LOOKING and word.round < s.round
            if s.role is Role.LOOKING and not known:
                outcome = self.counted(s, word, id)
                s = outcome.state
                sends += outcome.sends
        return Outcome(s, sends)

    def outside_word(self, s: Server, word: Heard) -> Outcome:
        """The word of a server that follows or leads: join its leader if a quorum says the same."""
        if word.round == s.round:
            s = evolve(s, votes=self.heard(s.votes, word))
            if self.agreed(s.votes, word):
                return self.join(s, word)
        s = evolve(s, outside=self.heard(s.outside, word))
        if self.agreed(s.outside, word):
            return self.join(evolve(s, round=word.round), word)
        return Outcome(s)

    def agreed(self, table: frozenset[Heard], word: Heard) -> bool:
        """Whether a quorum in the table has this leader, and it says itself that it leads
        (checkLeader)."""
        same = [h for h in table if h.vote.leader == word.vote.leader]
        if self.outside_votes == "vote":
            same = [h for h in same if (h.vote, h.round) == (word.vote, word.round)]
        leads = any(h.sender == word.vote.leader and h.role is Role.LEADING for h in table)
        return self.quorum(h.sender for h in same) and leads

    def join(self, s: Server, word: Heard) -> Outcome:
        return Outcome(self.joins(evolve(s, vote=word.vote, outside=frozenset()), word.vote.leader))

    @timeout(when=lambda s: s.role is Role.LOOKING and s.vote is not None)
    def finalize_wait(self, s: Server) -> Outcomes:
        """A quorum has this vote, and no better one has come in time."""
        vote = s.vote
        assert vote is not None
        same = [h.sender for h in s.votes if h.vote == vote and h.round == s.round]
        if not self.quorum(same):
            return ()
        s = evolve(s, outside=frozenset())
        note = f"votes {len(same)} of {self.nodes}"
        mine = vote.leader == s.id
        return Outcome(self.leads(s) if mine else self.joins(s, vote.leader), note=note)
