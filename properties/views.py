"""What a property may see of one process, in words that all algorithms share.

A model fills in the notions that it has and leaves the others None.
"""

from typing import Any

from attrs import frozen

from checker.values import Id


@frozen(kw_only=True, cache_hash=True)
class View:
    """One process as seen from outside.

    up: False while it is crashed (set by the engine).
    leads: whether it believes that it leads. term: the term, epoch or generation it is in.
    follows: the process that it takes for its leader (itself when it leads). version: the version of
    the state that it has applied. committed: the (version, content) pairs that it has declared
    committed, or applied because a leader had. updates: the client updates in the state applied; those
    that a leader has applied are acknowledged to the client. decision: "committed" or "aborted" for a
    participant of a transaction that has ended it. prepared: for a participant, whether it has voted to
    commit, and has not aborted. proposed: the values that it has proposed on behalf of a client.
    accepted: the (slot, ballot, value) triples that it has accepted and remembers.
    log: the entries that it holds, first to last, each a pair of the term in which it was appended and
    its content; None where there is no log. `committed` has the committed ones as (index, entry).
    promised: the highest term that it has agreed to enter, which it may not have entered yet.
    ballot: its present vote in an election in which votes may change, as (round, for whom).
    reading: whether a client waits for the answer to a read. reads: the versions with which reads were
    answered, first to last.
    match: of a leader, up to where it knows the logs of others to be its own, as (process, index); what
    it has committed may be left out.
    electors: the sets of processes of each of which it needs a majority to be elected; none if it does
    not stand for election.
    voted: for whom it has voted in `term`. wrote: where it is a store to which leaders write, the term
    of the last write that it has accepted. member: False for one that takes no part in the election.
    failure: what it has failed of by itself, such as an exception that nothing in its world explains.
    """

    id: Id
    up: bool = True
    leads: bool = False
    term: int | None = None
    follows: Id | None = None
    version: int | None = None
    committed: frozenset[Any] = frozenset()
    updates: frozenset[Any] = frozenset()
    decision: str | None = None
    prepared: bool | None = None
    proposed: frozenset[Any] = frozenset()
    accepted: frozenset[Any] = frozenset()
    log: tuple[tuple[int, Any], ...] | None = None
    promised: int | None = None
    ballot: tuple[int, Id] | None = None
    reading: bool = False
    reads: tuple[int, ...] = ()
    match: frozenset[tuple[Id, int]] = frozenset()
    electors: tuple[frozenset[Id], ...] = ()
    voted: Id | None = None
    wrote: int | None = None
    member: bool = True
    failure: str | None = None
