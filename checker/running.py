"""How a model's functions are run: under suspicion, and with errors that name the place.

A model that mutates what it is given, or that is not deterministic, is an error that names the
handler. Mutation is looked for at every run. To find a handler that is not deterministic it is run
twice, and what it returned compared: at each of its first runs, and then now and then.
"""

from collections.abc import Callable
from inspect import getsourcefile, getsourcelines
from pathlib import Path
from typing import Any

import attrs

from checker.errors import ModelError
from checker.network import Envelope
from checker.protocol import Handler, Outcome, Protocol, Send
from checker.storage import memory, written
from checker.values import Id, Interned, Parts, held, order_key

#: How many of its first runs a handler is run twice in, and that of the later ones it is every so many.
SUSPECTED, SAMPLED = 100, 16
#: What is not enabled; there is but one empty tuple.
NOTHING: tuple[Any, ...] = ()


@attrs.frozen
class Effect:
    """One outcome, interned: what becomes of the process, and what it puts on the network."""

    local: Any
    sends: tuple[Envelope, ...]
    note: str = attrs.field(default="", eq=False)


def place(function: Callable[..., Any]) -> str:
    """File, line and name of a function of the model."""
    try:
        file, (_, line) = getsourcefile(function), getsourcelines(function)
    except (OSError, TypeError):
        return function.__qualname__
    return f"{Path(file or '?').name}:{line}: {function.__qualname__}"


def raised_at(error: BaseException, function: Callable[..., Any]) -> str:
    """File and line of the innermost frame in the function's own file: where the model failed."""
    # Needed only where something has failed.
    from traceback import extract_tb

    frames = extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename == getsourcefile(function)] or list(frames)
    return f"{own[-1].filename}:{own[-1].lineno}"


def call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function of the model; what it raises becomes a ModelError that names the place."""
    try:
        return function(*args)
    except ModelError:
        raise
    except Exception as error:
        raise failure(function, args, error) from error


def failure(function: Callable[..., Any], args: tuple[Any, ...], error: Exception) -> ModelError:
    """What a function of the model raised, with the place."""
    shown = ", ".join(str(a) for a in args if not isinstance(a, Protocol))
    return ModelError(
        f"{raised_at(error, function)}: {function.__qualname__} raised"
        f" {type(error).__name__}: {error}\n  called with {shown}"
    )


class Runner:
    """Runs one handler of a protocol, and makes effects of its outcomes.

    Local states and envelopes in effects are interned. With write-back storage the handler is given
    what a process has in memory.
    """

    def __init__(
        self,
        protocol: Protocol,
        handler: Handler,
        value: Interned[Any],
        write_back: bool,
        held: dict[int, Parts],
    ) -> None:
        """value: where everything is interned. held: what interned values held when they were first
        given to a handler, by `id()`; shared by the handlers of a protocol."""
        self._method = getattr(protocol, handler.name)
        self._message = handler.kind == "deliver"
        self._ids = protocol.processes()
        self._value = value
        self._write_back = write_back
        self._held = held
        self._envelopes: dict[tuple[Id, Id, Any], Envelope] = {}
        self._runs = 0

    def __call__(self, local: Any, *event: Any) -> tuple[Effect, ...]:
        """What may happen at this event, each effect once."""
        method = self._method
        now = memory(local) if self._write_back else local
        parts = self._held.get(id(now))
        if parts is None:
            parts = self._parts(now)
        if self._message:
            # Other events are ids, which cannot be changed, and answers, in a dict made for each run.
            inner = self._held.get(id(event[0]))
            parts += self._parts(event[0]) if inner is None else inner
        # This is `call`, which would cost as much as many a handler.
        try:
            first = again = method(now, *event)
        except ModelError:
            raise
        except Exception as error:
            raise failure(method, (now, *event), error) from error
        if first is not NOTHING:
            first = again = self._outcomes(first)
        runs = self._runs = self._runs + 1
        if runs <= SUSPECTED or not runs % SAMPLED:
            again = self._outcomes(call(method, now, *event))
        for part, get, content in parts:
            if get(part) != content:
                raise ModelError(
                    f"{place(method)} mutates the local state or message it was given: return a new"
                    " one, made with attrs.evolve"
                )
        if first is not again and first != again:
            raise ModelError(
                f"{place(method)} is not deterministic: for the same state and event it returned"
                f" first {first} and then {again}. Return all choices as a tuple of outcomes."
            )
        if len(first) < 2:
            return (self._effect(local, first[0]),) if first else NOTHING
        effects = dict.fromkeys(self._effect(local, outcome) for outcome in first)
        # A choice may have been built by iterating over a set: its order must not be that of hashing.
        return tuple(sorted(effects, key=_content))

    def _parts(self, value: Any) -> Parts:
        """What an interned value holds, when a handler is first given it."""
        found = self._held[id(value)] = held(value)
        return found

    def _outcomes(self, made: Any) -> tuple[Outcome, ...]:
        if made.__class__ is Outcome:
            return (made,)
        outcomes = made if isinstance(made, tuple) else (made,)
        for outcome in outcomes:
            if not isinstance(outcome, Outcome):
                raise ModelError(
                    f"{place(self._method)} returned {outcome!r}: return an Outcome, a tuple of"
                    " Outcomes, or () where the event is not enabled"
                )
        return outcomes

    def _effect(self, local: Any, outcome: Outcome) -> Effect:
        state = outcome.state
        now = memory(local) if self._write_back else local
        if type(state) is not type(now) or state.id != now.id:
            raise ModelError(
                f"{place(self._method)} turned the state of {local.id} into {state!r}: an outcome"
                " carries the next local state of the same process"
            )
        envelopes: tuple[Envelope, ...] = ()
        if outcome.sends:
            envelopes = tuple([self._envelope(now.id, send) for send in outcome.sends])
            if len(envelopes) > 1:
                # Only the order per destination is behaviour; sends may stem from iterating over a set.
                envelopes = tuple(sorted(envelopes, key=_destination))
        after = now if state is now else self._made(state)
        if self._write_back and not outcome.sync:
            after = self._value(written(local, after))
        return Effect(after, envelopes, outcome.note)

    def _envelope(self, src: Id, send: Send) -> Envelope:
        if not isinstance(send, Send):
            raise ModelError(
                f"{place(self._method)} sends {send!r}: use Send(dst, message) or to()"
            )
        key = (src, send.dst, send.message)
        try:
            return self._envelopes[key]
        except (KeyError, TypeError):
            pass  # It is new, or no value, which is told below.
        if send.dst not in self._ids:
            raise ModelError(
                f"{place(self._method)} sends to {send.dst}, which is no process of this cluster"
                f" ({', '.join(map(str, self._ids))})"
            )
        envelope: Envelope = self._made(Envelope(*key))
        self._envelopes[key] = envelope
        return envelope

    def _made(self, value: Any) -> Any:
        """The interned value; an error names the handler that made it."""
        try:
            return self._value(value)
        except ModelError as error:
            raise ModelError(f"{place(self._method)}: {error}") from error


def _destination(envelope: Envelope) -> Id:
    return envelope.dst


def _content(effect: Effect) -> Any:
    return order_key((effect.local, tuple((e.dst, e.message) for e in effect.sends)))
