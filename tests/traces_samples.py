"""Traces written by hand, for the tests of `traces`: a small world that keeps the books."""

from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from traces.trace import Action, Envelope, State, Step, Trace


def message(name: str, **fields: Any) -> dict[str, Any]:
    """The plain record of a message."""
    return {"type": name, **fields}


class Run:
    """Builds a trace step by step; the network is a bag unless `keeps` makes it a set."""

    def __init__(self, *lanes: str, keeps: bool = False, **fields: Any) -> None:
        self.lanes = lanes
        self.keeps = keeps
        self.state = State({lane: dict(fields) for lane in lanes})
        self.steps = [Step(None, self.state)]

    def start(self, **parts: Any) -> "Run":
        """Change the initial state."""
        self.state = evolve(self.state, **parts)
        self.steps = [Step(None, self.state)]
        return self

    def step(
        self,
        action: Action,
        changes: dict[str, Any] | None = None,
        leads: str | None = None,
        **parts: Any,
    ) -> "Run":
        """Append a step; what the action takes from and puts into the network follows from it."""
        network = list(self.state.network)
        if action.envelope is not None:
            if action.kind in ("deliver", "drop") and not (self.keeps and action.kind == "deliver"):
                network.remove(action.envelope)
            if action.kind == "duplicate":
                network.append(action.envelope)
        for envelope in action.sends:
            if not (self.keeps and envelope in network):
                network.append(envelope)
        processes = dict(self.state.processes)
        leading = dict(self.state.leads)
        if action.process is not None:
            processes[action.process] = {**processes[action.process], **(changes or {})}
            if leads is not None:
                leading[action.process] = leads
            if leads == "":
                del leading[action.process]
        made = {"processes": processes, "network": tuple(network), "leads": leading, **parts}
        self.state = evolve(self.state, **made)
        self.steps.append(Step(action, self.state))
        return self

    def local(
        self,
        lane: str,
        name: str,
        *sends: Envelope,
        kind: str = "timeout",
        leads: str | None = None,
        peer: str | None = None,
        reads: tuple[str, ...] = (),
        note: str = "",
        **changes: Any,
    ) -> "Run":
        """A timeout, poll or detector report on one lane."""
        action = Action(kind, name, lane, peer=peer, sends=sends, reads=reads, note=note)
        return self.step(action, changes, leads)

    def deliver(
        self,
        envelope: Envelope,
        name: str,
        *sends: Envelope,
        leads: str | None = None,
        note: str = "",
        **changes: Any,
    ) -> "Run":
        """A message is delivered."""
        action = Action("deliver", name, envelope.dst, envelope=envelope, sends=sends, note=note)
        return self.step(action, changes, leads)

    def drop(self, envelope: Envelope) -> "Run":
        """The network loses a message."""
        return self.step(Action("drop", "drop", envelope=envelope))

    def duplicate(self, envelope: Envelope) -> "Run":
        """The network duplicates a message."""
        return self.step(Action("duplicate", "duplicate", envelope=envelope))

    def crash(self, lane: str, **changes: Any) -> "Run":
        """A process crashes; a leader stops to lead."""
        leads = "" if lane in self.state.leads else None
        return self.step(
            Action("crash", "crash", lane), changes, leads, down=(*self.state.down, lane)
        )

    def restart(self, lane: str) -> "Run":
        """A process starts again."""
        down = tuple(other for other in self.state.down if other != lane)
        return self.step(Action("restart", "restart", lane), down=down)

    def pause(self, lane: str) -> "Run":
        """A process stands still."""
        return self.step(Action("pause", "pause", lane), paused=(*self.state.paused, lane))

    def resume(self, lane: str) -> "Run":
        """A process comes back."""
        paused = tuple(other for other in self.state.paused if other != lane)
        return self.step(Action("resume", "resume", lane), paused=paused)

    def cut(self, *pairs: tuple[str, str]) -> "Run":
        """A partition begins."""
        return self.step(Action("cut", "cut", pairs=pairs), blocked=pairs)

    def heal(self) -> "Run":
        """The partition ends."""
        return self.step(Action("heal", "heal", pairs=self.state.blocked), blocked=())

    def trace(self, *culprits: str, **parts: Any) -> Trace:
        """The finished trace."""
        given: dict[str, Any] = {
            "model": "sample",
            "knobs": {},
            "scope": {"processes": len(self.lanes)},
            "property": "election_safety",
            "sentence": "At most one process leads in a term.",
            "reason": f"{' and '.join(culprits)} lead at once" if culprits else "",
        }
        given |= parts
        given.setdefault("chosen", tuple(given["knobs"]))
        return Trace(culprits=culprits, lanes=self.lanes, steps=tuple(self.steps), **given)


def both_ways(one: str, *others: str) -> tuple[tuple[str, str], ...]:
    """The blocked pairs when `one` is cut from `others`."""
    return tuple(pair for other in others for pair in ((one, other), (other, one)))


def nodes(*names: str) -> dict[str, Any]:
    """A set of names as plain data."""
    return {"#set": list(names)}


def split_brain() -> Trace:
    """Three Elasticsearch nodes with minimum_master_nodes 1: a partition makes two masters."""
    run = Run("n1", "n2", "n3", role="FOLLOWER", master="-", joined=nodes())
    join2 = Envelope("n2", "n1", message("Join", round=1))
    join3 = Envelope("n3", "n1", message("Join", round=1))
    publish2 = Envelope("n1", "n2", message("Publish", version=1, nodes=nodes("n1", "n2", "n3")))
    publish3 = Envelope("n1", "n3", message("Publish", version=1, nodes=nodes("n1", "n2", "n3")))
    late = Envelope("n3", "n2", message("Join", round=2))
    run.local("n2", "ping_round", join2, kind="poll", reads=("n1", "n3"), note="lowest id is n1")
    run.local("n3", "ping_round", join3, kind="poll", reads=("n1", "n2"), note="lowest id is n1")
    run.deliver(join2, "join", joined=nodes("n2"))
    run.deliver(
        join3,
        "join",
        publish2,
        publish3,
        leads="version 1",
        note="votes 3 >= minimum_master_nodes 1",
        role="MASTER",
        master="n1",
        joined=nodes("n2", "n3"),
    )
    run.deliver(publish2, "publish", master="n1")
    run.deliver(publish3, "publish", master="n1")
    run.cut(*both_ways("n1", "n2", "n3"))
    run.local("n2", "suspect", kind="suspect", peer="n1", master="-")
    run.local("n3", "suspect", late, kind="suspect", peer="n1", master="-")
    run.deliver(
        late,
        "join",
        leads="version 2",
        note="votes 2 >= minimum_master_nodes 1",
        role="MASTER",
        master="n2",
        joined=nodes("n3"),
    )
    return run.trace(
        "n1",
        "n2",
        model="elasticsearch",
        knobs={"discovery.zen.minimum_master_nodes": 1, "discovery.zen.ping_timeout": "3s"},
        scope={"processes": 3, "partitions": 1, "suspicions": 2},
        property="one_master",
        sentence="At no time do two nodes believe that they are the master.",
        reason="n1 and n2 are both master",
    )


def faults() -> Trace:
    """Five lanes and every fault: loss, duplicate, crash, restart, pause, cuts of all kinds."""
    lanes = ("n1", "n2", "n3", "n4", "n5")
    run = Run(*lanes, role="FOLLOWER", term=0, voted_for="-", votes=nodes())

    def ask(src: str, term: int) -> list[Envelope]:
        record = message("RequestVote", term=term, candidate=src, last_log=0)
        return [Envelope(src, dst, record) for dst in lanes if dst != src]

    def vote(src: str, dst: str, term: int) -> Envelope:
        return Envelope(src, dst, message("Vote", term=term))

    first = ask("n1", 1)
    run.local("n1", "election_timeout", *first, role="CANDIDATE", term=1, voted_for="n1")
    run.deliver(first[0], "request_vote", vote("n2", "n1", 1), term=1, voted_for="n1")
    run.deliver(first[1], "request_vote", vote("n3", "n1", 1), term=1, voted_for="n1")
    run.drop(first[2])
    run.duplicate(vote("n2", "n1", 1))
    run.deliver(vote("n2", "n1", 1), "vote", votes=nodes("n2"))
    run.deliver(
        vote("n3", "n1", 1),
        "vote",
        leads="term 1",
        note="votes 3 >= quorum 3",
        role="LEADER",
        votes=nodes("n2", "n3"),
    )
    run.deliver(vote("n2", "n1", 1), "vote")
    run.crash("n3", role="FOLLOWER")
    run.cut(
        *both_ways("n1", "n4", "n5"), *both_ways("n2", "n4", "n5"), *both_ways("n3", "n4", "n5")
    )
    second = ask("n5", 2)
    run.local("n5", "election_timeout", *second, role="CANDIDATE", term=2, voted_for="n5")
    run.deliver(second[3], "request_vote", vote("n4", "n5", 2), term=2, voted_for="n5")
    run.pause("n1")
    run.deliver(vote("n4", "n5", 2), "vote", votes=nodes("n4"))
    run.heal()
    run.restart("n3")
    run.deliver(second[2], "request_vote", vote("n3", "n5", 2), term=2, voted_for="n5")
    run.cut(("n5", "n1"), ("n5", "n2"))
    run.deliver(
        vote("n3", "n5", 2),
        "vote",
        leads="term 2",
        note="votes 3 >= quorum 3",
        role="LEADER",
        votes=nodes("n3", "n4"),
    )
    run.resume("n1")
    run.heal()
    run.cut(*both_ways("n1", "n5"))
    run.local("n1", "client_request", kind="request", log={"#tup": [{"#tup": [1, "x"]}]})
    return run.trace(
        "n1",
        "n5",
        model="raft",
        knobs={"pre_vote": False, "check_quorum": False, "persist_vote": True, "lease": False},
        scope={"processes": 5, "terms": 2, "crashes": 1, "drops": 1, "partitions": 3},
        property="leader_lease",
        sentence="While a leader may answer reads on its own, nobody else leads.",
        reason="n1 (term 1) and n5 (term 2) lead at once",
    )


def one_way() -> Trace:
    """A one-way cut among three, and a lane in the middle that sees both sides of another."""
    run = Run("n1", "n2", "n3", role="SLAVE", epoch=0)
    ping = Envelope("n1", "n3", message("Ping", epoch=0))
    pong = Envelope("n3", "n1", message("Pong", epoch=0))
    run.local("n1", "ping_period", ping, role="MASTER", leads="epoch 0")
    run.cut(("n3", "n1"))
    run.deliver(ping, "ping", pong)
    run.local("n1", "suspect", kind="suspect", peer="n3")
    run.crash("n3")
    run.heal()
    run.cut(*both_ways("n1", "n3"), *both_ways("n1", "n2"))
    run.local("n2", "failover_timeout", leads="epoch 1", role="MASTER", epoch=1)
    return run.trace("n1", "n2", model="redis_sentinel", knobs={"quorum": 1})


SAMPLES = {"split_brain": split_brain, "faults": faults, "one_way": one_way}


_NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=14)
_WORDS = st.one_of(st.just("vote"), st.text(max_size=60), _NAMES)


@st.composite
def random_runs(draw: st.DrawFn, keeps: bool = False) -> Run:
    """Any run of one to five lanes with any faults and names."""
    lanes = draw(st.lists(_NAMES, min_size=1, max_size=5, unique=True))
    run = Run(*lanes, keeps=keeps, role="FOLLOWER", log={"#tup": []})
    ready = [Envelope(lanes[0], lanes[-1], message("Early"))] if draw(st.booleans()) else []
    run.start(network=tuple(ready))
    lane = st.sampled_from(lanes)
    for _ in range(draw(st.integers(0, 14))):
        _random_step(draw, run, lane)
    return run


def _random_step(draw: st.DrawFn, run: Run, lane: st.SearchStrategy[str]) -> None:
    flying, state = run.state.network, run.state
    kinds = ["local", "local", "crash", "restart", "pause", "resume", "cut", "heal"]
    kinds += ["deliver"] * 4 + ["drop", "duplicate"] if flying else []
    kind = draw(st.sampled_from(kinds))
    some = draw(lane)
    records = st.builds(message, _NAMES, term=st.integers(0, 2), why=_WORDS)
    sends = draw(st.lists(st.builds(Envelope, st.just(some), lane, records), max_size=3))
    sends += draw(st.sampled_from([[], sends[:1]]))
    leads = draw(st.sampled_from([None, "term 1", "term 2"]))
    if kind == "local":
        reads = tuple(draw(st.lists(lane, max_size=2)))
        note, change = draw(_WORDS), {"#tup": draw(st.lists(_WORDS, max_size=4))}
        run.local(some, draw(_WORDS), *sends, leads=leads, reads=reads, note=note, log=change)
    elif kind == "deliver":
        envelope = draw(st.sampled_from(flying))
        replies = [evolve(sent, src=envelope.dst) for sent in sends]
        run.deliver(envelope, draw(_WORDS), *replies, leads=leads, role=draw(_WORDS))
    elif kind == "drop":
        run.drop(draw(st.sampled_from(flying)))
    elif kind == "duplicate" and not run.keeps:
        run.duplicate(draw(st.sampled_from(flying)))
    elif kind == "crash" and some not in state.down:
        run.crash(some)
        if draw(st.booleans()):
            left = tuple(each for each in run.state.network if each.dst != some)
            run.state = evolve(run.state, network=left)
            run.steps[-1] = Step(run.steps[-1].action, run.state)
    elif kind == "restart" and some in state.down:
        run.restart(some)
    elif kind == "pause" and some not in state.paused:
        run.pause(some)
    elif kind == "resume" and some in state.paused:
        run.resume(some)
    elif kind == "cut":
        run.cut(*draw(st.lists(st.tuples(lane, lane), max_size=6, unique=True)))
    elif kind == "heal" and state.blocked:
        run.heal()
