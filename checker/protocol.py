"""What an algorithm is made of: a frozen attrs class of knobs, and handlers of one process.

A handler is a pure function of one process's local state and one event. It returns what may happen
as values: one `Outcome`, a tuple of them (a choice), or `()` where the event is not enabled. It
never sees the network or another process; the world is written once, in `checker.system`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

import attrs

from checker.errors import ModelError
from checker.values import Id

_MARK = "__splitbrain_handler__"
#: Metadata key of a knob's full name in the system that it belongs to.
SETTING = "splitbrain_setting"
F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen
class Send:
    """A message that leaves the process, and the process it is meant for."""

    dst: Id
    message: Any


def to(dsts: Iterable[Id], message: Any) -> tuple[Send, ...]:
    """The same message to several processes."""
    return tuple(Send(dst, message) for dst in dsts)


def _sends(sends: Iterable[Send]) -> tuple[Send, ...]:
    return tuple(sends)


@attrs.frozen
class Outcome:
    """What one event may do: the new local state, and what is sent.

    note: the instance of the guard that decided, for the picture, as in
        "votes 1 >= minimum_master_nodes 1". It is no part of the behaviour.
    sync: the durable fields are on disk before anything is sent. If not, and with write-back
        storage, what is sent may overtake the flush.
    """

    state: Any
    sends: tuple[Send, ...] = attrs.field(default=(), converter=_sends)
    note: str = attrs.field(default="", eq=False)
    sync: bool = False


Outcomes = Outcome | tuple[Outcome, ...]


@attrs.frozen
class Suspect:
    """The failure detector reports that `peer` does not answer. Handler: (self, s, peer)."""

    peer: Id


@attrs.frozen
class Trust:
    """The failure detector reports that `peer` answers. Handler: (self, s, peer)."""

    peer: Id


@attrs.frozen
class Restart:
    """The process comes back after a crash, with its durable fields. Handler: (self, s)."""


Kind = Literal["deliver", "suspect", "trust", "restart", "timeout", "poll", "request"]


class Handler(NamedTuple):
    """One decorated method.

    kind: what sets it off. message: the class of event it consumes (deliver only).
    when: guard on the local state (timeout, poll, request). limit: bound of the scope on the
    protocol and the local state; unlike `when`, it is no rule of the algorithm, so a process held
    back by it alone is not at rest. reply: the method whose value a poll reads of each peer.
    """

    kind: Kind
    name: str
    message: type | None = None
    when: Callable[[Any], bool] | None = None
    limit: Callable[[Any, Any], bool] | None = None
    reply: str = ""


def _mark(make: Callable[[str], Sequence[Handler]]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        if hasattr(function, _MARK):
            raise ModelError(
                f"{function.__qualname__} has two decorators: write a method for each kind of event"
                " (@upon takes several classes at once)"
            )
        setattr(function, _MARK, tuple(make(function.__name__)))
        return function

    return decorate


_DETECTOR: dict[type, Kind] = {Suspect: "suspect", Trust: "trust", Restart: "restart"}


def upon(*events: type) -> Callable[[F], F]:
    """A handler of messages of these classes, (self, s, msg, src), or of Suspect, Trust, Restart."""
    return _mark(
        lambda name: [
            Handler(_DETECTOR[e], name) if e in _DETECTOR else Handler("deliver", name, message=e)
            for e in events
        ]
    )


def timeout(
    when: Callable[[Any], bool] | None = None, limit: Callable[[Any, Any], bool] | None = None
) -> Callable[[F], F]:
    """A local event, (self, s), that may happen whenever `when(s)` holds, within `limit(self, s)`."""
    return _mark(lambda name: [Handler("timeout", name, when=when, limit=limit)])


def request(when: Callable[[Any], bool] | None = None) -> Callable[[F], F]:
    """A client's request, (self, s), which spends one of the scope's `requests`."""
    return _mark(lambda name: [Handler("request", name, when=when)])


def poll(
    reply: Callable[..., Any],
    when: Callable[[Any], bool] | None = None,
    limit: Callable[[Any, Any], bool] | None = None,
) -> Callable[[F], F]:
    """A round of questions and answers taken as one step: (self, s, replies).

    `replies` maps each peer that is up, not paused and reachable both ways to `reply(self, its local
    state)`; None means that the peer does not answer. Up to the scope's `drops` answers may be lost.
    Sound where the answers are only read, and the rule allows them to stem from one moment.
    """
    return _mark(lambda name: [Handler("poll", name, when=when, limit=limit, reply=reply.__name__)])


def setting(name: str, default: Any) -> Any:
    """A knob that is a real setting of the system: `name` is its full name there."""
    return attrs.field(default=default, metadata={SETTING: name})


@attrs.frozen
class Protocol:
    """Base of every algorithm: a subclass is decorated with attrs.frozen; its fields are its knobs."""

    #: Number of processes (where roles differ, of those that the model's docstring names).
    nodes: int = 3

    #: The world that the model is checked in unless the user says otherwise (an Environment).
    environment: ClassVar[Any] = None
    #: The properties that can be asked for, over the views of this model.
    properties: ClassVar[tuple[Any, ...]] = ()
    #: Reads the system's configuration: (documents) -> checker.configuration.Configuration.
    configure: ClassVar[Callable[..., Any] | None] = None

    def processes(self) -> tuple[Id, ...]:
        """The ids of all processes, in a fixed order."""
        return tuple(Id("n", number) for number in range(1, self.nodes + 1))

    def initial(self, id: Id) -> Any:
        """The local state in which a process starts, or a tuple of them (a choice)."""
        raise ModelError(f"{type(self).__name__} has no method initial(self, id): add one")

    def view(self, s: Any) -> Any:
        """What a property may see of one process; the local state itself unless overridden."""
        return s

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        """Groups of processes that the model claims to be interchangeable (checked when used)."""
        return ()

    def promises(self) -> tuple[Any, ...]:
        """The properties that the documentation promises; checked unless others are named."""
        return self.properties

    def others(self, s: Any) -> tuple[Id, ...]:
        """All processes but the one whose local state is `s`."""
        return tuple(id for id in self.processes() if id != s.id)


def handlers(protocol: type[Protocol]) -> tuple[Handler, ...]:
    """The handlers of a protocol, those of a base class first, each in the order of definition."""
    found: dict[str, tuple[Handler, ...]] = {}
    for cls in reversed(protocol.__mro__):
        for name, member in vars(cls).items():
            marked = getattr(member, _MARK, None)
            if marked is not None:
                found[name] = marked
    table = tuple(handler for marked in found.values() for handler in marked)
    seen: dict[tuple[Kind, type | None], str] = {}
    for handler in table:
        if handler.kind in ("timeout", "poll", "request"):
            continue
        event = (handler.kind, handler.message)
        if event in seen:
            what = handler.message.__name__ if handler.message else handler.kind
            raise ModelError(
                f"{protocol.__name__}: both {seen[event]} and {handler.name} handle {what}: keep one"
            )
        seen[event] = handler.name
    return table
