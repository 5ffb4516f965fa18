"""Commit protocols that survive the transaction manager: a backup for it, and Paxos Commit.

`BackupManager`: M. Demirbas's 2PCwithBTM in tlaplus/Examples (2017). One resource manager may fail, and
the transaction manager; a backup then decides by what it sees. `PaxosCommit`: Gray and Lamport,
"Consensus on Transaction Commit" (2006), section 4, and their specification there: one instance of
Paxos for each resource manager's vote, a shared set of acceptors, messages in a set.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, put

WORKING, PREPARED, ABORTED, COMMITTED, FAILED = range(5)
INIT, COMMIT, ABORT, HIDDEN = range(4)
#: Where the managers stand: before they look, before they say what they decided, after, at the end.
LOOKS, COMMITS, ABORTS, MAY_FAIL, DONE = range(5)


class Managers(NamedTuple):
    """rm: of each resource manager; ended: whether it has noticed that it is at its end. decision:
    what can be seen of the transaction manager. tm, backup: where they stand."""

    rm: tuple[int, ...]
    ended: tuple[bool, ...]
    decision: int
    tm: int
    backup: int


@frozen
class BackupManager(Coarse):
    managers: int = 3
    #: Whoever decides may abort though somebody has committed.
    abort_after_commit: bool = False

    def initial_states(self) -> list[State]:
        n = self.managers
        return [Managers((WORKING,) * n, (False,) * n, INIT, LOOKS, LOOKS)]

    def moves(self, s: State) -> Iterator[Move]:
        for r, phase in enumerate(s.rm):
            if phase not in (WORKING, PREPARED):
                yield "end", s._replace(ended=put(s.ended, r, True))
                continue
            if phase == WORKING:
                yield "prepare", s._replace(rm=put(s.rm, r, PREPARED))
            if s.decision == COMMIT:
                yield "commit", s._replace(rm=put(s.rm, r, COMMITTED))
            if phase == WORKING or s.decision == ABORT:
                yield "abort", s._replace(rm=put(s.rm, r, ABORTED))
            if FAILED not in s.rm:
                yield "fail", s._replace(rm=put(s.rm, r, FAILED))
        can_commit = COMMITTED in s.rm or all(phase == PREPARED for phase in s.rm)
        can_abort = ABORTED in s.rm or FAILED in s.rm
        if COMMITTED in s.rm and not self.abort_after_commit:
            can_abort = False
        for who in ("tm", "backup"):
            at = getattr(s, who)
            after = MAY_FAIL if who == "tm" else DONE
            if at == LOOKS and (who == "tm" or s.decision == HIDDEN):
                if can_commit:
                    yield who, s._replace(**{who: COMMITS})
                if can_abort:
                    yield who, s._replace(**{who: ABORTS})
            elif at in (COMMITS, ABORTS):
                decision = COMMIT if at == COMMITS else ABORT
                yield who, s._replace(decision=decision, **{who: after})
            elif at == MAY_FAIL:
                yield who, s._replace(decision=HIDDEN, tm=DONE)

    def promises(self) -> Promises:
        return {"consistent": lambda s: not (ABORTED in s.rm and COMMITTED in s.rm)}


# -- Paxos Commit ----------------------------------------------------------------------------------

#: What was prepared, aborted, or not heard of.
YES, NO, NOTHING = 1, 2, 0


class Instance(NamedTuple):
    """The Paxos instance of one vote. asked: bit b for 1a of ballot b. proposed: of each ballot, the
    value of its 2a. Of each acceptor: promised, voted (ballot, value), and all its messages: promises
    as (ballot, voted), votes as a value for each ballot."""

    asked: int
    proposed: tuple[int, ...]
    promised: tuple[int, ...]
    voted: tuple[tuple[int, int], ...]
    promises: tuple[tuple[tuple[int, tuple[int, int]], ...], ...]
    votes: tuple[tuple[int, ...], ...]


@frozen
class PaxosCommit(Coarse):
    """A state is (phase of each resource manager, instance of each, whether Commit and Abort were
    sent)."""

    managers: int = 2
    acceptors: int = 3
    ballots: int = 2

    def initial_states(self) -> list[State]:
        n = self.acceptors
        none = (NOTHING,) * self.ballots
        instance = Instance(0, none, (0,) * n, ((-1, NOTHING),) * n, ((),) * n, (none,) * n)
        return [((WORKING,) * self.managers, (instance,) * self.managers, False, False)]

    def moves(self, state: State) -> Iterator[Move]:
        phases, instances, commit, abort = state
        for r, phase in enumerate(phases):
            if phase == WORKING:
                for new, value in ((PREPARED, YES), (ABORTED, NO)):
                    voted = instances[r]._replace(proposed=put(instances[r].proposed, 0, value))
                    begun = put(phases, r, new), put(instances, r, voted)
                    yield "rm decides", (*begun, commit, abort)
            if commit:
                yield "commit", (put(phases, r, COMMITTED), instances, commit, abort)
            if abort:
                yield "abort", (put(phases, r, ABORTED), instances, commit, abort)
            for name, instance in self.paxos(instances[r]):
                yield name, (phases, put(instances, r, instance), commit, abort)
        chosen = [self.chosen(instance) for instance in instances]
        if all(YES in values for values in chosen):
            yield "decide", (phases, instances, True, abort)
        if any(NO in values for values in chosen):
            yield "decide", (phases, instances, commit, True)

    def paxos(self, s: Instance) -> Iterator[tuple[str, Instance]]:
        for b in range(1, self.ballots):
            yield "1a", s._replace(asked=s.asked | 1 << b)
            if s.proposed[b] == NOTHING:
                for value in self.free(s, b):
                    yield "2a", s._replace(proposed=put(s.proposed, b, value))
        for a in range(self.acceptors):
            for b in range(self.ballots):
                if s.asked >> b & 1 and s.promised[a] < b:
                    promises = tuple(sorted((*s.promises[a], (b, s.voted[a]))))
                    promised = put(s.promised, a, b)
                    yield "1b", s._replace(promised=promised, promises=put(s.promises, a, promises))
                value = s.proposed[b]
                if value != NOTHING and s.promised[a] <= b:
                    yield (
                        "2b",
                        s._replace(
                            promised=put(s.promised, a, b),
                            voted=put(s.voted, a, (b, value)),
                            votes=put(s.votes, a, put(s.votes[a], b, value)),
                        ),
                    )

    def free(self, s: Instance, b: int) -> set[int]:
        """What the leader of the ballot may propose, for each majority that has promised."""
        values = set()
        for majority in combinations(s.promises, self.acceptors // 2 + 1):
            reports = [dict(promises).get(b) for promises in majority]
            if None not in reports:
                ballot, value = max(reports)
                values.add(NO if ballot < 0 else value)
        return values

    def chosen(self, s: Instance) -> set[int]:
        return {
            value
            for b in range(self.ballots)
            for value in (YES, NO)
            if 2 * sum(votes[b] == value for votes in s.votes) > self.acceptors
        }

    def promises(self) -> Promises:
        return {"consistent": lambda state: not (ABORTED in state[0] and COMMITTED in state[0])}
