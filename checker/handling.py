"""Running a model's handlers: each once for each local state and event, and under suspicion.

An outcome depends on (local state, event) alone, so it is kept. At its first run a handler is run
twice, and its arguments are compared with what they were: a model that mutates its state, or that is
not deterministic, is an error that names the handler.
"""

import traceback
from collections.abc import Callable, Iterable
from inspect import getsourcefile, getsourcelines
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from checker.environment import Storage
from checker.errors import ModelError
from checker.network import Envelope
from checker.protocol import Handler, Outcome, Protocol, Send, handlers
from checker.storage import FLUSH, crashed, memory, written
from checker.values import Held, Id, Interned, Renaming, order_key, rename

#: What a handler is given that cannot be changed, or is made anew for it: ids, a dict of answers.
_UNCHANGING = frozenset({Id, dict})


@attrs.frozen
class Effect:
    """One outcome, interned: what becomes of the process, and what it puts on the network."""

    local: Any
    sends: tuple[Envelope, ...]
    note: str = attrs.field(default="", eq=False)


class Asked(NamedTuple):
    """A question that the search put to the model, and the model's word."""

    what: str
    args: tuple[Any, ...]
    result: Any
    #: The word on the same question once processes are renamed, by what renames an interned value.
    renamed: Callable[[Callable[[Any], Any]], Any]


def _place(function: Callable[..., Any]) -> str:
    try:
        file, (_, line) = getsourcefile(function), getsourcelines(function)
    except (OSError, TypeError):
        return function.__qualname__
    return f"{Path(file or '?').name}:{line}: {function.__qualname__}"


def raised_at(error: BaseException, function: Callable[..., Any]) -> str:
    """File and line of the innermost frame in the function's own file: where the model failed."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename == getsourcefile(function)] or list(frames)
    return f"{own[-1].filename}:{own[-1].lineno}"


class Handling:
    """The handlers of one protocol, with everything they have returned so far.

    Local states, envelopes, replies and views that come from here are interned: equal ones are the
    same object. `kept` holds all that was asked; `runs` counts the calls of model code.

    With write-back storage a local state may be one whose disk lags (`checker.storage`); the model's
    functions are given what is in memory.
    """

    def __init__(self, protocol: Protocol, storage: Storage = "write-through") -> None:
        self.protocol = protocol
        self.storage = storage
        self.ids = protocol.processes()
        self.value: Interned[Any] = Interned()
        self.table = handlers(type(protocol))
        if storage == "write-back":
            if any(h.name == FLUSH.name for h in self.table):
                raise ModelError(
                    f"{type(protocol).__name__}.flush: with write-back storage this is the name of"
                    " what the disk does: name the handler otherwise"
                )
            self.table += (FLUSH,)
        self.runs = 0
        self.kept: dict[tuple[Any, ...], Asked] = {}
        self._held: dict[int, Held] = {}
        self._deliver = {h.message: h for h in self.table if h.kind == "deliver"}
        self._special: dict[str, Handler] = {h.kind: h for h in self.table}

    def of(self, kind: str) -> tuple[Handler, ...]:
        """The handlers of this kind, in order."""
        return tuple(h for h in self.table if h.kind == kind)

    # -- what may be asked -----------------------------------------------------------------

    def initial(self, id: Id) -> tuple[Any, ...]:
        """The local states in which the process may start."""
        made = self.call(self.protocol.initial, id)
        locals_ = made if isinstance(made, tuple) else (made,)
        if not locals_:
            raise ModelError(
                f"{_place(self.protocol.initial)}: initial({id}) offers no local state to start in"
            )
        for local in locals_:
            if getattr(local, "id", None) != id:
                raise ModelError(
                    f"{_place(self.protocol.initial)}: initial({id}) must return a local state whose"
                    f" field `id` is {id}, not {local!r}"
                )
        return tuple(self.value(local) for local in locals_)

    def deliver(self, local: Any, envelope: Envelope) -> tuple[Effect, ...]:
        """What may happen when the message arrives."""
        key = ("deliver", id(local), id(envelope))
        if key not in self.kept:
            handler = self._deliver.get(type(envelope.message))
            if handler is None:
                name = type(envelope.message).__name__
                raise ModelError(
                    f"{type(self.protocol).__name__} sends {name} from {envelope.src} to"
                    f" {envelope.dst} but has no handler for it: add a method with @upon({name})"
                )
            result = self._effects(handler, local, envelope.message, envelope.src)
            self.kept[key] = Asked(
                "deliver",
                (local, envelope),
                result,
                lambda named: self.deliver(named(local), named(envelope)),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def local_event(self, handler: Handler, local: Any) -> tuple[Effect, ...]:
        """What may happen at a timeout or request; `limit` is not consulted."""
        key = (handler.name, id(local))
        if key not in self.kept:
            if handler is FLUSH:
                now = memory(local)
                result: tuple[Effect, ...] = () if now is local else (Effect(self.value(now), ()),)
            else:
                result = self._effects(handler, local) if self.guard(handler, local) else ()
            self.kept[key] = Asked(
                handler.name,
                (local,),
                result,
                lambda named: self.local_event(handler, named(local)),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def guard(self, handler: Handler, local: Any) -> bool:
        """Whether `when` lets the handler fire."""
        if handler.when is None:
            return True
        key = ("when", handler.name, id(local))
        if key not in self.kept:
            self.kept[key] = Asked(
                f"the guard of {handler.name}",
                (local,),
                bool(self.call(handler.when, memory(local))),
                lambda named: self.guard(handler, named(local)),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def within_limit(self, handler: Handler, local: Any) -> bool:
        """Whether the bound of the scope lets the handler fire."""
        if handler.limit is None:
            return True
        key = ("limit", handler.name, id(local))
        if key not in self.kept:
            result = bool(self.call(handler.limit, self.protocol, memory(local)))
            self.kept[key] = Asked(
                f"the limit of {handler.name}",
                (local,),
                result,
                lambda named: self.within_limit(handler, named(local)),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def report(self, kind: str, local: Any, peer: Id) -> tuple[Effect, ...]:
        """What may happen when the detector suspects or trusts a peer."""
        handler = self._special.get(kind)
        if handler is None:
            return ()
        key = (kind, id(local), peer)
        if key not in self.kept:
            result = self._effects(handler, local, peer)
            self.kept[key] = Asked(
                kind,
                (local, peer),
                result,
                lambda named: self.report(kind, named(local), named(peer)),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def crashed(self, local: Any) -> Any:
        """What a crash leaves of the process."""
        return self.value(crashed(local))

    def restart(self, local: Any) -> tuple[Effect, ...]:
        """What may happen when the process comes back; without a handler, nothing else."""
        handler = self._special.get("restart")
        if handler is None:
            return (Effect(local, ()),)
        key = ("comes back", id(local))  # no method, so no timeout, has this name
        if key not in self.kept:
            self.kept[key] = Asked(
                "restart",
                (local,),
                self._effects(handler, local),
                lambda named: self.restart(named(local)),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def reply(self, handler: Handler, local: Any) -> Any:
        """What the process would answer to this poll; None for nothing."""
        key = ("reply", handler.reply, id(local))
        if key not in self.kept:
            result = self.value(self.call(getattr(self.protocol, handler.reply), memory(local)))
            self.kept[key] = Asked(
                handler.reply,
                (local,),
                result,
                lambda named: self.reply(handler, named(local)),
            )
        return self.kept[key].result

    def poll(
        self, handler: Handler, local: Any, replies: tuple[tuple[Id, Any], ...]
    ) -> tuple[Effect, ...]:
        """What may happen when these answers, in the order of ids, have come; neither guard nor limit
        is consulted."""
        key = (handler.name, id(local), replies)
        if key not in self.kept:
            result = self._effects(handler, local, dict(replies))
            self.kept[key] = Asked(
                handler.name,
                (local, replies),
                result,
                lambda named: self.poll(handler, named(local), _in_order(named(replies))),
            )
        return self.kept[key].result  # type: ignore[no-any-return]

    def view(self, local: Any, up: bool = True) -> Any:
        """What properties may see of the process; of a crashed one, with `up` False if it has one."""
        key = ("view", id(local), up)
        if key not in self.kept:
            view = self.call(self.protocol.view, memory(local))
            if not up and hasattr(view, "up"):
                view = attrs.evolve(view, up=False)
            self.kept[key] = Asked(
                "view",
                (local,),
                self.value(view),
                lambda named: self.view(named(local), up),
            )
        return self.kept[key].result

    def named(self, value: Any, names: Renaming) -> Any:
        """The interned value with its processes renamed."""
        return self.value(rename(value, names))

    # -- how it is run ---------------------------------------------------------------------

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function of the model; what it raises becomes a ModelError that names the place."""
        self.runs += 1
        try:
            return function(*args)
        except ModelError:
            raise
        except Exception as error:
            shown = ", ".join(str(a) for a in args if not isinstance(a, Protocol))
            raise ModelError(
                f"{raised_at(error, function)}: {function.__qualname__} raised"
                f" {type(error).__name__}: {error}\n  called with {shown}"
            ) from error

    def _effects(self, handler: Handler, local: Any, *event: Any) -> tuple[Effect, ...]:
        method = getattr(self.protocol, handler.name)
        now = memory(local)
        given = [self._hold(arg) for arg in (now, *event) if type(arg) not in _UNCHANGING]
        first = self._outcomes(method, now, event)
        again = self._outcomes(method, now, event)
        for held in given:
            if held.changed:
                raise ModelError(
                    f"{_place(method)} mutates the local state or message it was given: return a new"
                    " one, made with attrs.evolve"
                )
        if first != again:
            raise ModelError(
                f"{_place(method)} is not deterministic: for the same state and event it returned"
                f" first {first} and then {again}. Return all choices as a tuple of outcomes."
            )
        if not first:
            return ()
        effects = tuple(dict.fromkeys(self._effect(method, local, outcome) for outcome in first))
        # A choice may have been built by iterating over a set: its order must not be that of hashing.
        return effects if len(effects) < 2 else tuple(sorted(effects, key=_content))

    def _hold(self, value: Any) -> Held:
        """What a value held when a handler was first given it."""
        held = self._held.get(id(value))
        if held is None:
            held = self._held[id(value)] = Held.of(value)
        return held

    def _outcomes(
        self, method: Callable[..., Any], local: Any, event: Iterable[Any]
    ) -> tuple[Outcome, ...]:
        made = self.call(method, local, *event)
        outcomes = made if isinstance(made, tuple) else (made,)
        for outcome in outcomes:
            if not isinstance(outcome, Outcome):
                raise ModelError(
                    f"{_place(method)} returned {outcome!r}: return an Outcome, a tuple of Outcomes,"
                    " or () where the event is not enabled"
                )
        return outcomes

    def _effect(self, method: Callable[..., Any], local: Any, outcome: Outcome) -> Effect:
        if type(outcome.state) is not type(memory(local)) or outcome.state.id != local.id:
            raise ModelError(
                f"{_place(method)} turned the state of {local.id} into {outcome.state!r}: an outcome"
                " carries the next local state of the same process"
            )
        envelopes = []
        for send in outcome.sends:
            if not isinstance(send, Send):
                raise ModelError(f"{_place(method)} sends {send!r}: use Send(dst, message) or to()")
            if send.dst not in self.ids:
                raise ModelError(
                    f"{_place(method)} sends to {send.dst}, which is no process of this cluster"
                    f" ({', '.join(map(str, self.ids))})"
                )
            envelope = Envelope(local.id, send.dst, send.message)
            envelopes.append(self._made(method, envelope))
        # Only the order per destination is behaviour; sends may stem from iterating over a set.
        envelopes.sort(key=lambda e: e.dst)
        after = self._made(method, outcome.state)
        if self.storage == "write-back" and not outcome.sync:
            after = self.value(written(local, after))
        return Effect(after, tuple(envelopes), outcome.note)

    def _made(self, method: Callable[..., Any], value: Any) -> Any:
        """The interned value; an error names the handler that made it."""
        try:
            return self.value(value)
        except ModelError as error:
            raise ModelError(f"{_place(method)}: {error}") from error


def _in_order(replies: tuple[tuple[Id, Any], ...]) -> tuple[tuple[Id, Any], ...]:
    return tuple(sorted(replies, key=lambda answer: answer[0]))


def _content(effect: Effect) -> Any:
    return order_key((effect.local, tuple((e.dst, e.message) for e in effect.sends)))
