"""What is asked of a model, each thing once.

An outcome depends on (local state, event) alone, so what a model's functions return is kept.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from checker.environment import Storage
from checker.errors import ModelError
from checker.network import Envelope
from checker.protocol import Handler, Protocol, handlers
from checker.running import Effect, Runner, call, place
from checker.storage import FLUSH, crashed, memory
from checker.values import Id, Interned, Parts

Replies = tuple[tuple[Id, Any], ...]


class Question:
    """One kind of question, asked of a local state (or a view) and perhaps an event. Each is put to the
    model once.

    what: its name in messages. kept: what it was asked of, and behind it the model's word. again: asks
    it of arguments in which processes were renamed.
    """

    def __init__(
        self, what: str, answer: Callable[..., Any], again: Callable[..., Any] | None = None
    ) -> None:
        """answer: the word of the model."""
        self.what = what
        self.again = again or self
        self._answer = answer
        self.kept: dict[tuple[int, ...], tuple[Any, ...]] = {}

    def __call__(self, *args: Any) -> Any:
        """The model's word. Arguments are interned, so their `id()` tells them apart."""
        key = tuple(map(id, args))
        found = self.kept.get(key)
        if found is not None:
            return found[-1]
        word = self._answer(*args)
        self.kept[key] = (*args, word)
        return word


class Handling:
    """What the functions of one protocol return, each asked of the same but once.

    Local states, envelopes, replies and views that come from here are interned: equal ones are the
    same object. `questions` has all that was asked.

    With write-back storage a local state may be one whose disk lags (`checker.storage`); the model's
    functions are given what is in memory.
    """

    def __init__(self, protocol: Protocol, storage: Storage = "write-through") -> None:
        self.protocol = protocol
        self.value: Interned[Any] = Interned()
        self.ids = tuple(map(self.value, protocol.processes()))
        self.questions: list[Question] = []
        self.table = handlers(type(protocol))
        held: dict[int, Parts] = {}
        write_back = storage == "write-back"

        def run(handler: Handler) -> Runner:
            return Runner(protocol, handler, self.value, write_back, held)

        self._deliver = {h.message: run(h) for h in self.of("deliver")}
        #: What may happen when a message arrives: (local state, envelope) -> effects.
        self.deliver = self.question("deliver", self._delivered)
        local = (*self.of("timeout"), *self.of("request"))
        self._local = {
            h.name: self.question(h.name, partial(self._fired, h, run(h))) for h in local
        }
        self._guards, self._limits = (
            {
                h.name: self.question(f"the {what} of {h.name}", partial(answer, h))
                for h in self.table
                if getattr(h, field) is not None
            }
            for what, field, answer in (
                ("guard", "when", self._allowed), ("limit", "limit", self._bounded)
            )
        )  # fmt: skip
        polls = self.of("poll")
        self._replies = {h.name: self.question(h.reply, partial(self._replied, h)) for h in polls}
        self._polls = {
            h.name: self.question(
                h.name, partial(self._polled, run(h)), partial(self._poll_again, h)
            )
            for h in polls
        }
        special = [h for h in self.table if h.kind in ("suspect", "trust", "restart")]
        self._special: dict[str, Question] = {
            h.kind: self.question(h.kind, run(h)) for h in special
        }
        self._views = [self.question("view", partial(self._viewed, up)) for up in (False, True)]
        if write_back:
            if any(h.name == FLUSH.name for h in self.table):
                raise ModelError(
                    f"{type(protocol).__name__}.flush: with write-back storage this is the name of"
                    " what the disk does: name the handler otherwise"
                )
            self.table += (FLUSH,)
            self._local[FLUSH.name] = self.question(FLUSH.name, self._flushed)

    def of(self, kind: str) -> tuple[Handler, ...]:
        """The handlers of this kind, in order."""
        return tuple(h for h in self.table if h.kind == kind)

    def question(
        self, what: str, answer: Callable[..., Any], again: Callable[..., Any] | None = None
    ) -> Question:
        """A new kind of question, which must commute with renaming where symmetry is claimed."""
        self.questions.append(Question(what, answer, again))
        return self.questions[-1]

    # -- what may be asked -----------------------------------------------------------------

    def initial(self, id: Id) -> tuple[Any, ...]:
        """The local states in which the process may start."""
        made = call(self.protocol.initial, id)
        locals_ = made if isinstance(made, tuple) else (made,)
        if not locals_:
            raise ModelError(
                f"{place(self.protocol.initial)}: initial({id}) offers no local state to start in"
            )
        for local in locals_:
            if getattr(local, "id", None) != id:
                raise ModelError(
                    f"{place(self.protocol.initial)}: initial({id}) must return a local state whose"
                    f" field `id` is {id}, not {local!r}"
                )
        return tuple(self.value(local) for local in locals_)

    def deliver_once(self, local: Any, envelope: Envelope) -> tuple[Effect, ...]:
        """What may happen when a message arrives, where this is not asked again: it is not kept."""
        if kept := self.deliver.kept:
            found = kept.pop((id(local), id(envelope)), None)
            if found is not None:
                return found[-1]  # type: ignore[no-any-return]
        message = envelope.message
        run = self._deliver.get(type(message))
        return run(local, message, envelope.src) if run else self._delivered(local, envelope)

    def local_event(self, handler: Handler, local: Any) -> tuple[Effect, ...]:
        """What may happen at a timeout or request; `limit` is not consulted."""
        return self._local[handler.name](local)  # type: ignore[no-any-return]

    def guard(self, handler: Handler, local: Any) -> bool:
        """Whether `when` lets the handler fire."""
        return handler.when is None or self._guards[handler.name](local)

    def within_limit(self, handler: Handler, local: Any) -> bool:
        """Whether the bound of the scope lets the handler fire."""
        return handler.limit is None or self._limits[handler.name](local)

    def report(self, kind: str, local: Any, peer: Id) -> tuple[Effect, ...]:
        """What may happen when the detector suspects or trusts a peer."""
        return self._special[kind](local, peer) if kind in self._special else ()

    def crashed(self, local: Any) -> Any:
        """What a crash leaves of the process."""
        return self.value(crashed(local))

    def restart(self, local: Any) -> tuple[Effect, ...]:
        """What may happen when the process comes back; without a handler, nothing else."""
        handler = self._special.get("restart")
        return handler(local) if handler else (Effect(local, ()),)

    def reply(self, handler: Handler, local: Any) -> Any:
        """What the process would answer to this poll; None for nothing."""
        return self._replies[handler.name](local)

    def poll(self, handler: Handler, local: Any, replies: Replies) -> tuple[Effect, ...]:
        """What may happen when these answers, in the order of ids, have come; neither guard nor limit
        is consulted."""
        return self._polls[handler.name](local, self.value(replies))  # type: ignore[no-any-return]

    def view(self, local: Any, up: bool = True) -> Any:
        """What properties may see of the process; of a crashed one, with `up` False if it has one."""
        return self._views[up](local)

    # -- what the model says ---------------------------------------------------------------

    def _delivered(self, local: Any, envelope: Envelope) -> tuple[Effect, ...]:
        run = self._deliver.get(type(envelope.message))
        if run is None:
            name = type(envelope.message).__name__
            raise ModelError(
                f"{type(self.protocol).__name__} sends {name} from {envelope.src} to"
                f" {envelope.dst} but has no handler for it: add a method with @upon({name})"
            )
        return run(local, envelope.message, envelope.src)

    def _fired(self, handler: Handler, run: Runner, local: Any) -> tuple[Effect, ...]:
        return run(local) if self.guard(handler, local) else ()

    def _flushed(self, local: Any) -> tuple[Effect, ...]:
        now = memory(local)
        return () if now is local else (Effect(self.value(now), ()),)

    def _allowed(self, handler: Handler, local: Any) -> bool:
        assert handler.when is not None
        return bool(call(handler.when, memory(local)))

    def _bounded(self, handler: Handler, local: Any) -> bool:
        assert handler.limit is not None
        return bool(call(handler.limit, self.protocol, memory(local)))

    def _replied(self, handler: Handler, local: Any) -> Any:
        return self.value(call(getattr(self.protocol, handler.reply), memory(local)))

    def _polled(self, run: Runner, local: Any, replies: Replies) -> tuple[Effect, ...]:
        return run(local, dict(replies))

    def _poll_again(self, handler: Handler, local: Any, replies: Replies) -> tuple[Effect, ...]:
        return self.poll(handler, local, tuple(sorted(replies, key=lambda answer: answer[0])))

    def _viewed(self, up: bool, local: Any) -> Any:
        view = call(self.protocol.view, memory(local))
        if not up and hasattr(view, "up"):
            view = attrs.evolve(view, up=False)
        return self.value(view)
