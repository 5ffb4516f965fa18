"""Paxos: processes that may crash, and messages that may be lost, choose one value.

Lamport, "The Part-Time Parliament" (ACM TOCS 16, 1998), in the words of "Paxos Made Simple" (2001).
Proposers hold numbered ballots, each number used by one proposer only. Acceptors keep what they
promise and accept on disk.

Phase 1. A proposer sends Prepare with a new number. An acceptor that has seen no higher one promises
to accept nothing lower, and says what it has accepted, with the number of that ballot. Phase 2. With
the promises of a quorum the proposer asks to accept a value: of those reported the one with the
highest number, or its own where none was reported. An acceptor accepts, unless it has promised a
higher number. A value accepted by a quorum in one ballot is chosen. The proposer that sees this has
learned it and tells the others (section 2.3, the distinguished learner).

A value that is chosen stays chosen, because any two quorums, one of phase 1 and one of phase 2, have
an acceptor in common: a later proposer hears of the value and adopts it. Howard, Malkhi and
Spiegelman, "Flexible Paxos" (2016), found that this is all that is needed. Two quorums of one phase
may miss each other, so `phase1_quorums` and `phase2_quorums` are set apart.

What is abstracted. Proposers `p1`, `p2`, ... (who also learn) and acceptors `a1`, ... (`nodes` counts
these) are processes of their own; where they share one machine, they only crash together. Each
proposer has one value, `v1`, `v2`, ..., that its client asks for. A proposer may begin a new ballot
at any time until it has learned a value; `ballots` bounds the numbers, and numbers that a proposer
skips would add nothing. The network keeps messages, which covers loss, repetition and delay. An
acceptor that refuses says nothing: the answer would only make its proposer give up sooner. That a
value is chosen at all is not promised, as two proposers may outbid each other for ever.
"""

from itertools import combinations
from typing import Any, Literal

from attrs import evolve, frozen

from checker import (
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
from checker.errors import UsageError
from properties import consensus as promised
from properties.views import View

#: A value and the ballot in which it was accepted.
Vote = tuple[int, str]


@frozen
class Prepare:
    """1a. Promise to accept nothing below this ballot, and say what you have accepted."""

    ballot: int


@frozen
class Promise:
    """1b. I do, and this is what I have accepted last."""

    ballot: int
    vote: Vote | None


@frozen
class Accept:
    """2a. Accept this value in this ballot."""

    ballot: int
    value: str


@frozen
class Accepted:
    """2b. I have."""

    ballot: int


@frozen
class Chosen:
    """This value is chosen."""

    value: str


@frozen
class Proposer:
    id: Id
    #: The last ballot that it has begun; on disk, or else it would be used again.
    ballot: int = durable(0)
    #: Whether it waits for promises.
    preparing: bool = False
    #: Who has promised, and what they reported.
    promises: frozenset[Id] = frozenset()
    reported: frozenset[Vote] = frozenset()
    #: What it asks to accept, and who has accepted it.
    value: str | None = None
    accepts: frozenset[Id] = frozenset()
    #: What it knows to be chosen.
    learned: frozenset[str] = frozenset()


@frozen
class Acceptor:
    id: Id
    #: The highest ballot that it has promised.
    promised: int = durable(0)
    #: What it has accepted last.
    vote: Vote | None = durable(None)


def quorums(text: str, acceptors: tuple[Id, ...]) -> tuple[frozenset[Id], ...]:
    """The least quorums that the text of a knob stands for. Raises UsageError."""
    count = len(acceptors)
    if text == "majority" or text.isdecimal():
        size = count // 2 + 1 if text == "majority" else int(text)
        if 0 < size <= count:
            return tuple(map(frozenset, combinations(acceptors, size)))
    by_name = {str(id): id for id in acceptors}
    names = [[name.strip() for name in part.split("+")] for part in text.split(",")]
    if not all(name in by_name for part in names for name in part):
        raise UsageError(
            f"{text!r} is no quorum system of {count} acceptors: write majority, how many (1 to"
            f" {count}), or the quorums by name, as in a1+a2, a1+a3"
        )
    return tuple(frozenset(by_name[name] for name in part) for part in names)


@frozen
class Paxos(Protocol):
    #: How many proposers there are.
    proposers: int = 2
    #: The highest number of a ballot: a bound of the scope.
    ballots: int = 2
    #: Whose promises a proposer needs: "majority", how many, or the quorums by name, as in
    #: "a1+a2, a3+a4". Where one of them has no acceptor in common with one of phase 2, two values can
    #: be chosen.
    phase1_quorums: str = "majority"
    #: By whom a value must be accepted to be chosen, written in the same way.
    phase2_quorums: str = "majority"
    #: Which value a proposer takes of those reported: the one of the "highest" ballot, "any", or its
    #: "own" all the same. The last two displace a value that may have been chosen.
    adopt: Literal["highest", "any", "own"] = "highest"
    #: No two proposers use the same number. If not, each counts 1, 2, 3, and two values may be
    #: accepted in one ballot.
    unique_ballots: bool = True
    #: An acceptor answers again when it has promised the same number already, so that a lost answer
    #: is repeated. Harmless where numbers are unique, and only there.
    repeat_promise: bool = False
    #: To accept is also to promise. If not, an older ballot overwrites what was accepted.
    accept_promises: bool = True
    #: An acceptor accepts nothing below what it has promised. If it does, promises mean nothing.
    keep_promise: bool = True
    #: An acceptor accepts in a ballot above its promise, too. If not, one that has missed the Prepare
    #: refuses what comes after it, and the proposer has to begin again.
    accept_newer: bool = True
    #: A proposer counts only promises for its present ballot. If not, one that was given for an
    #: older ballot, before others accepted something, counts too.
    match_promise: bool = True
    #: What an acceptor has not on its disk when it crashes: "nothing", the "promise", or
    #: "everything". What it forgets it promises or accepts once more, against its word.
    forgets: Literal["nothing", "promise", "everything"] = "nothing"

    environment = Environment(network="set")
    properties = (
        promised.agreement,
        promised.integrity,
        promised.validity,
        promised.one_value_per_ballot,
        promised.ballots_never_fall,
        promised.learners_agree,
        promised.no_needless_ballot,
        promised.a_value_is_learned,
        promised.a_later_ballot_adopts_a_value,
    )

    def promises(self) -> tuple[Any, ...]:
        """All but no_needless_ballot, which speaks of timeouts that come late enough."""
        return tuple(p for p in self.properties if p is not promised.no_needless_ballot)

    def __attrs_post_init__(self) -> None:
        for text in (self.phase1_quorums, self.phase2_quorums):
            quorums(text, self.acceptors())

    def acceptors(self) -> tuple[Id, ...]:
        return tuple(Id("a", number) for number in range(1, self.nodes + 1))

    def learners(self) -> tuple[Id, ...]:
        return tuple(Id("p", number) for number in range(1, self.proposers + 1))

    def processes(self) -> tuple[Id, ...]:
        return (*self.learners(), *self.acceptors())

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        """Acceptors, unless quorums name them; proposers differ by the order of their ballots."""
        texts = self.phase1_quorums, self.phase2_quorums
        alike = all(text == "majority" or text.isdecimal() for text in texts)
        return (self.acceptors(),) if alike else ()

    def initial(self, id: Id) -> Proposer | Acceptor:
        return Proposer(id) if id.kind == "p" else Acceptor(id)

    def is_quorum(self, text: str, ids: frozenset[Id]) -> bool:
        return any(quorum <= ids for quorum in quorums(text, self.acceptors()))

    # -- phase 1 ---------------------------------------------------------------------------

    def next_ballot(self, s: Proposer) -> int:
        """The least number above its last one that is its own."""
        if not self.unique_ballots:
            return s.ballot + 1
        return s.ballot + self.proposers if s.ballot else s.id.number

    @timeout(
        when=lambda s: s.id.kind == "p" and not s.learned,
        limit=lambda self, s: s.id.kind == "a" or self.next_ballot(s) <= self.ballots,
    )
    def begin_ballot(self, s: Proposer) -> Outcomes:
        """No value is known to be chosen: begin a new ballot (2.2, phase 1a)."""
        ballot = self.next_ballot(s)
        s = Proposer(s.id, ballot, preparing=True)
        return Outcome(s, to(self.acceptors(), Prepare(ballot)))

    @upon(Prepare)
    def prepare(self, s: Acceptor, msg: Prepare, src: Id) -> Outcomes:
        """Promise, if the number is higher than any promised before (2.2, phase 1b)."""
        again = self.repeat_promise and msg.ballot == s.promised
        if msg.ballot <= s.promised and not again:
            return Outcome(s, note=f"ballot {msg.ballot} <= promised {s.promised}")
        s = evolve(s, promised=msg.ballot)
        return Outcome(s, [Send(src, Promise(msg.ballot, s.vote))])

    @upon(Promise)
    def promise(self, s: Proposer, msg: Promise, src: Id) -> Outcomes:
        """With the promises of a quorum, ask to accept a value (2.2, phase 2a)."""
        matches = msg.ballot == s.ballot or not self.match_promise
        if not s.preparing or not matches:
            return Outcome(s)
        reported = s.reported | ({msg.vote} if msg.vote else frozenset())
        s = evolve(s, promises=s.promises | {src}, reported=reported)
        if not self.is_quorum(self.phase1_quorums, s.promises):
            return Outcome(s)
        asking = evolve(s, preparing=False, promises=frozenset(), reported=frozenset())
        heard = ", ".join(f"{value} of ballot {ballot}" for ballot, value in sorted(s.reported))
        note = (
            f"promised by {len(s.promises)}, {f'reported {heard}' if heard else 'nothing reported'}"
        )
        return tuple(self.ask(asking, value, note) for value in self.candidates(s))

    def ask(self, s: Proposer, value: str, note: str) -> Outcome:
        """Ask all acceptors to accept the value."""
        s = evolve(s, value=value)
        return Outcome(s, to(self.acceptors(), Accept(s.ballot, value)), note)

    def candidates(self, s: Proposer) -> list[str]:
        """The values that may be proposed, given what was reported."""
        if not s.reported or self.adopt == "own":
            return [own_value(s)]
        if self.adopt == "any":
            return sorted({value for _, value in s.reported})
        return [max(s.reported)[1]]

    # -- phase 2 ---------------------------------------------------------------------------

    @upon(Accept)
    def accept(self, s: Acceptor, msg: Accept, src: Id) -> Outcomes:
        """Accept, unless a higher number was promised (2.2, phase 2b)."""
        if msg.ballot < s.promised and self.keep_promise:
            return Outcome(s, note=f"ballot {msg.ballot} < promised {s.promised}")
        if msg.ballot > s.promised and not self.accept_newer:
            return Outcome(s, note=f"ballot {msg.ballot} > promised {s.promised}")
        raised = msg.ballot if self.accept_promises else s.promised
        s = evolve(s, promised=max(s.promised, raised), vote=(msg.ballot, msg.value))
        return Outcome(s, [Send(src, Accepted(msg.ballot))])

    @upon(Accepted)
    def accepted(self, s: Proposer, msg: Accepted, src: Id) -> Outcomes:
        """What a quorum has accepted is chosen: learn it and tell the others (2.3)."""
        value, accepts = s.value, s.accepts | {src}
        if value is None or msg.ballot != s.ballot:
            return Outcome(s)
        if not self.is_quorum(self.phase2_quorums, accepts):
            return Outcome(evolve(s, accepts=accepts))
        others = (id for id in self.learners() if id != s.id)
        s = evolve(s, learned=s.learned | {value}, value=None, accepts=frozenset())
        return Outcome(s, to(others, Chosen(value)), f"accepted by {len(accepts)}")

    @upon(Chosen)
    def chosen(self, s: Proposer, msg: Chosen, src: Id) -> Outcomes:
        """Learn what another has seen to be chosen. A ballot that is under way goes on."""
        return Outcome(evolve(s, learned=s.learned | {msg.value}))

    # -- crashes ---------------------------------------------------------------------------

    @upon(Restart)
    def restart(self, s: Proposer | Acceptor) -> Outcomes:
        """Go on with what is on the disk."""
        if isinstance(s, Proposer) or self.forgets == "nothing":
            return Outcome(s)
        if self.forgets == "everything":
            return Outcome(Acceptor(s.id))
        return Outcome(evolve(s, promised=s.vote[0] if s.vote else 0))

    def view(self, s: Proposer | Acceptor) -> View:
        if isinstance(s, Acceptor):
            accepted = frozenset({(1, *s.vote)}) if s.vote else frozenset()
            return View(id=s.id, term=s.promised, accepted=accepted)
        return View(
            id=s.id,
            term=s.ballot,
            proposed=frozenset({own_value(s)}) if s.ballot else frozenset(),
            committed=frozenset((1, value) for value in s.learned),
            version=int(bool(s.learned)),
            member=False,
        )


def own_value(s: Proposer) -> str:
    """What its client asks it to propose."""
    return f"v{s.id.number}"
