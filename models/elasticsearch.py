"""Zen discovery: how Elasticsearch before version 7 elects its master and publishes cluster states.

A node that knows of no master pings all others. If anybody names a master, the node asks that one
to let it join. If nobody does, and at least `discovery.zen.minimum_master_nodes` nodes answered
(itself included), the best of them is to become master: everybody picks the one with the lowest
id, later on the one with the highest cluster state version. A master publishes cluster states,
which say who is in the cluster. It pings its nodes and drops those that are silent; left with too
few, it steps down. They ping it, and look for another when it is silent or no longer their master.

There is no vote and no term: what is counted is who was seen. What changed over the versions:

| rule (switch)                                             | 1.3 | 1.7 | 2.x | 6.x |
| elect from the list of nodes, asking none (`local_elect`) | yes |     |     |     |
| lead only once enough others have joined (`count_joins`)  |     |     | yes | yes |
| send, and commit once enough have it (`two_phase`)        |     |     |     | yes |
| the highest state version is elected (`version_in_ping`)  |     |     |     | yes |
| a master's ping tells its version (`version_in_fd_ping`)  |     |     |     | yes |

Rules were read in the sources of 1.0 and 1.3.2 ("1.3" stands for all before 1.4), 1.6.3, 2.4.1
and 6.3.2: ZenDiscovery, NodeJoinController, ElectMasterService, PublishClusterStateAction,
PendingClusterStatesQueue and the two fault detections. Two-phase publishing (pull request 13062)
is often dated to 2.x; the code of 2.4.1 does not have it. The election of 7 and later (Zen2) is
not modelled; `terms` adds its rule to Zen only as a control.

What is abstracted. Only master-eligible nodes are modelled. A ping round is one step that reads
all answers at one moment. Fault detectors are the engine's, their "you are not my master" answers
a step that reads the master. Timeouts are no clocks: with synchronous timing they fire when no
message can be delivered, with asynchronous timing at any moment, within `rounds`. A join reaches
only who has answered the ping (the node connects first), and an answer "I am not master" is the
same as none. discovery.zen.publish_timeout has no event: when it fires, a line is logged. A cluster
state is its version, its nodes and the client updates in it; a number tells two publications of
one version by one master apart, as their random stateUUID does. A crashed node comes back empty
(the gateway, which restores metadata from disk, is left out), so what crashes do to updates is
shown as worse than it is. Shutting down (Leave) is left out.
"""

from typing import Any, Literal

import attrs
from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Protocol,
    Send,
    Suspect,
    durable,
    poll,
    request,
    setting,
    timeout,
    to,
    upon,
)
from checker.errors import UsageError
from models import elasticsearch_settings
from properties.commit import (
    a_state_is_committed,
    acknowledged_updates_survive,
    applied_versions_never_fall,
    committed_states_agree,
    majority_updates_survive,
)
from properties.election import (
    a_leader_is_elected,
    leadership_settles,
    no_lasting_split_brain,
    one_leader,
)
from properties.views import View

NOBODY: frozenset[Id] = frozenset()
SWITCHES = ("local_elect", "count_joins", "two_phase", "version_in_ping", "version_in_fd_ping")
#: The switches that are on in each version.
VERSIONS = {
    "1.3": SWITCHES[:1],
    "1.7": (),
    "2.x": SWITCHES[1:2],
    "6.x": SWITCHES[1:],
}


@frozen
class Cluster:
    """A cluster state. `term` and `master` tell publications apart; Zen compares only versions."""

    version: int = 0
    master: Id | None = None
    term: int = 0
    nodes: frozenset[Id] = NOBODY
    #: Client updates in it, each named by the publication that brought it.
    updates: frozenset[tuple[Id, int, int]] = frozenset()

    @property
    def age(self) -> tuple[int, int]:
        return self.term, self.version


@frozen
class Join:
    """Let me into your cluster, or be my master. With `terms`: and my vote in this term."""

    term: int = 0
    age: tuple[int, int] = (0, 0)


@frozen
class StartJoin:
    """Only with `terms`: vote for me in this term."""

    term: int


@frozen
class Publish:
    """A new cluster state: to be applied, or with `two_phase` to be kept until it is committed."""

    cluster: Cluster


@frozen
class Ack:
    """I have kept that state of yours."""

    term: int
    version: int


@frozen
class Commit:
    """Enough nodes have kept it: apply it."""

    term: int
    version: int


@frozen
class RejoinRequest:
    """We are both master: give up."""


@frozen
class Publication:
    """A state that a master has sent and not committed yet, and who has kept it.

    abandoned: the sender has lost its mastership since, so it will not apply the state itself.
    """

    cluster: Cluster
    acks: frozenset[Id] = NOBODY
    abandoned: bool = False


@frozen
class Node:
    id: Id
    #: Number of its last election. Zen reads it in no rule; it is durable so as to be unique.
    term: int = durable(0)
    #: Only with `terms`: the last state kept.
    accepted: Cluster = durable(Cluster())
    #: The state applied.
    cluster: Cluster = Cluster()
    #: Whom it follows; itself when it leads; None while it has no master.
    master: Id | None = None
    #: Whose answer to a join it waits for; itself while it waits for others to join.
    target: Id | None = None
    #: Who has asked to join and is not in the state yet.
    joins: frozenset[Id] = NOBODY
    #: States kept and not committed.
    pending: frozenset[Cluster] = frozenset()
    publishing: Publication | None = None
    #: Ping rounds, where `rounds` bounds them.
    pinged: int = 0

    @property
    def leads(self) -> bool:
        return self.master == self.id

    @property
    def busy(self) -> bool:
        """Whether its next cluster state has to wait for the one in flight."""
        return self.publishing is not None

    @property
    def searching(self) -> bool:
        first = self.publishing is not None and not self.publishing.abandoned
        return self.master is None and self.target is None and not first


def _modelled(protocol: Any, field: Any, version: str) -> None:
    if version not in VERSIONS:
        raise UsageError(
            f"version={version} is not modelled: Elasticsearch elects by other rules from 7 on (Zen2);"
            f" the versions of Zen are {', '.join(VERSIONS)}"
        )


@frozen
class Elasticsearch(Protocol):
    #: Master-eligible nodes needed for an election, and to stay master. Below 1: no check. At half of
    #: all master-eligible nodes or less, each side of a partition elects a master of its own.
    minimum_master_nodes: int = setting("discovery.zen.minimum_master_nodes", default=-1)
    #: Whose rules: before 1.4, before 2, before 5, before 7.
    version: Literal["1.3", "1.7", "2.x", "6.x"] = attrs.field(default="6.x", validator=_modelled)
    #: Elect from the list of nodes when the master is gone, asking none of them. Two nodes that do
    #: not reach each other count the third one both. (None, here and below: as in that version.)
    local_elect: bool | None = None
    #: Lead only after minimum_master_nodes - 1 others have joined. If not, two nodes that have not
    #: seen each other's answers both lead.
    count_joins: bool | None = None
    #: A state counts only when minimum_master_nodes nodes have it. If not, a master that is cut off
    #: goes on confirming updates that nobody else will ever have.
    two_phase: bool | None = None
    #: The node with the highest state version is elected. If not, one with an old state may be, and
    #: committed updates are lost.
    version_in_ping: bool | None = None
    #: A master tells the nodes that it pings the version of its state. If not, of two masters the one
    #: that is pinged takes its own state for the newer one, and the other has to give up.
    version_in_fd_ping: bool | None = None
    #: Zen2's repair, not in any version of Zen, and here only as a control: a join is a vote for a
    #: term, one per term; a node keeps no state of a term older than its last vote and elects none
    #: whose last kept state is older than its own. If not, a voter's old promises do not bind it.
    terms: bool = False
    #: A master publishes now and then although no client asks for it (shards move, indices grow). If
    #: not, a master that has missed a short partition, and whose nodes have turned to another, stays
    #: master until the next update.
    background: bool = True
    #: 0: nobody has a master yet. Otherwise the scope begins with this node as everybody's master.
    established: int = 0
    #: Ping rounds of each node, a bound of the scope for asynchronous timing; 0: no bound.
    rounds: int = 0

    environment = Environment(
        timing="synchronous",
        network="fifo",
        detector="perfect",
        cuts=("symmetric", "intersecting"),
        budget=Budget(partitions=1),
    )
    properties = (
        no_lasting_split_brain,
        leadership_settles,
        committed_states_agree,
        majority_updates_survive,
        acknowledged_updates_survive,
        applied_versions_never_fall,
        one_leader,
        a_leader_is_elected,
        a_state_is_committed,
    )
    configure = staticmethod(elasticsearch_settings.configure)

    def __attrs_post_init__(self) -> None:
        if self.terms and not (self.on("count_joins") and self.on("two_phase")):
            raise UsageError("terms=true needs count_joins and two_phase: they are what it repairs")
        if not 0 <= self.established <= self.nodes:
            raise UsageError(f"established={self.established} is none of the {self.nodes} nodes")

    def promises(self) -> tuple[Any, ...]:
        """What the documentation says of minimum_master_nodes: it avoids split brains. That it saves
        committed states is not true in all of these versions; such properties are asked for by name."""
        return (no_lasting_split_brain, a_leader_is_elected)

    def on(self, switch: str) -> bool:
        """Whether a rule is in force."""
        chosen: bool | None = getattr(self, switch)
        return switch in VERSIONS[self.version] if chosen is None else chosen

    def initial(self, id: Id) -> Node:
        if not self.established:
            return Node(id)
        master = self.processes()[self.established - 1]
        cluster = Cluster(1, master, 1, frozenset(self.processes()))
        if self.terms:
            return Node(id, term=1, accepted=cluster, cluster=cluster, master=master)
        return Node(id, term=int(id == master), cluster=cluster, master=master)

    def enough(self, count: int) -> bool:
        """ElectMasterService.hasEnoughMasterNodes."""
        return self.minimum_master_nodes < 1 or count >= self.minimum_master_nodes

    def others_needed(self) -> int:
        """How many others have to join a master, and to keep a state of it."""
        return max(0, self.minimum_master_nodes - 1)

    def needed(self) -> str:
        if self.minimum_master_nodes < 1:
            return f"0 (minimum_master_nodes {self.minimum_master_nodes}: no check)"
        return f"minimum_master_nodes - 1 = {self.others_needed()}"

    # -- looking for a master --------------------------------------------------------------

    def ping_response(self, s: Node) -> tuple[Id | None, tuple[int, int], int]:
        """Whom it follows, how recent its state is, and (with `terms`) its term."""
        age = s.accepted.age if self.terms else (0, s.cluster.version)
        return s.master, age, s.term if self.terms else 0

    def elect(self, ages: dict[Id, tuple[int, int]]) -> Id:
        """ElectMasterService.electMaster: the highest version (since 5), then the lowest id. From 1.4
        to 2.x nodes that have been in a cluster before go first (hasJoinedOnce)."""

        def rank(id: Id) -> tuple[int, int, Id]:
            term, version = ages[id]
            if self.terms or self.on("version_in_ping"):
                return -term, -version, id
            return 0, int(self.version != "1.3" and version == 0), id

        return min(ages, key=rank)

    @poll(
        reply=ping_response,
        when=lambda s: s.searching,
        limit=lambda self, s: not self.rounds or s.pinged < self.rounds,
    )
    def find_master(self, s: Node, replies: dict[Id, Any]) -> Outcomes:
        """ZenDiscovery.findMaster and innerJoinCluster: ping, then join a master or become it."""
        ages = {s.id: self.ping_response(s)[1]} | {peer: r[1] for peer, r in replies.items()}
        named = {master for master, _, _ in replies.values() if master is not None}
        before_1_4 = self.version == "1.3"
        if not before_1_4:
            named.discard(s.id)
        note = f"candidates {len(ages)} >= minimum_master_nodes {self.minimum_master_nodes}"
        if (before_1_4 or not named) and not self.enough(len(ages)):
            return ()
        target = min(named) if named else self.elect(ages)
        s = evolve(s, pinged=s.pinged + 1 if self.rounds else 0)
        if target == s.id:
            if self.terms:
                term = 1 + max([s.term, *(term for _, _, term in replies.values())])
                s = evolve(s, term=term, target=s.id, joins=NOBODY)
                return Outcome(s, to(sorted(replies), StartJoin(term)), note)
            if self.on("count_joins"):
                return self.elected(evolve(s, target=s.id), note)
            return self.become_master(s, note)
        # Before 1.4 only who says that it is master is joined; with `terms` a candidate asks itself.
        if target not in replies or (not named and (before_1_4 or self.terms)):
            return ()
        join = Join(s.term, s.accepted.age) if self.terms else Join()
        return Outcome(evolve(s, target=target, joins=NOBODY), [Send(target, join)])

    @timeout(when=lambda s: s.target is not None and not s.busy)
    def join_timeout(self, s: Node) -> Outcomes:
        """discovery.zen.join_timeout, or master_election.wait_for_joins_timeout: ping again."""
        return Outcome(evolve(s, target=None, joins=NOBODY))

    @upon(StartJoin)
    def start_join(self, s: Node, msg: StartJoin, src: Id) -> Outcomes:
        """With `terms`: the first who asks in a term gets the vote."""
        if msg.term <= s.term:
            return Outcome(s)
        s = evolve(self.rejoin(s), term=msg.term)
        return Outcome(s, [Send(src, Join(s.term, s.accepted.age))])

    @upon(Join)
    def join(self, s: Node, msg: Join, src: Id) -> Outcomes:
        """NodeJoinController.handleJoinRequest."""
        if self.terms and msg.term > s.term:
            return Outcome(evolve(self.rejoin(s), term=msg.term))
        if s.leads or (s.busy and s.target == s.id):
            s = evolve(s, joins=s.joins | {src})
            return Outcome(s) if s.busy else self.publish(s, s.cluster.nodes | s.joins)
        if self.terms and (msg.term < s.term or s.target != s.id or msg.age > s.accepted.age):
            return Outcome(s)
        if self.on("count_joins") and s.master is None and s.target in (None, s.id):
            return self.elected(evolve(s, joins=s.joins | {src}))
        return Outcome(s)

    def elected(self, s: Node, note: str = "") -> Outcome:
        """NodeJoinController.checkPendingJoinsAndElectIfNeeded."""
        if s.target != s.id or s.busy or len(s.joins) < self.others_needed():
            return Outcome(s, note=note)
        return self.become_master(s, f"joins {len(s.joins)} >= {self.needed()}")

    def become_master(self, s: Node, note: str) -> Outcome:
        """The first state of a master: who was in its last one and who has joined."""
        if self.terms:
            s = evolve(s, cluster=s.accepted)
        else:
            s = evolve(s, term=s.term + 1)
        known = NOBODY if self.version == "1.3" else s.cluster.nodes
        return self.publish(s, known | s.joins | {s.id}, note=note)

    # -- publishing ------------------------------------------------------------------------

    def publish(
        self, s: Node, nodes: frozenset[Id], updates: frozenset[Any] = frozenset(), note: str = ""
    ) -> Outcome:
        """PublishClusterStateAction.publish. In one phase the master applies the state at once."""
        version = s.cluster.version + 1
        cluster = Cluster(version, s.id, s.term, nodes, s.cluster.updates | updates)
        s = evolve(s, joins=NOBODY)
        sends = to(sorted(nodes - {s.id}), Publish(cluster))
        if not self.on("two_phase"):
            return Outcome(self.leading(s, cluster), sends, note)
        if len(nodes) - 1 < self.others_needed():
            return Outcome(self.rejoin(s, clear=True), note=note)
        if self.terms:
            s = evolve(s, accepted=cluster)
        if self.others_needed() == 0:
            return Outcome(self.leading(s, cluster), sends, note)
        return Outcome(evolve(s, publishing=Publication(cluster)), sends, note)

    def leading(self, s: Node, cluster: Cluster) -> Node:
        """A master that applies its own state; what it has kept of others goes."""
        s = evolve(s, target=None, publishing=None, pending=frozenset())
        return evolve(s, cluster=cluster, master=s.id)

    def accepts(self, s: Node, new: Cluster) -> bool:
        """ZenDiscovery.shouldIgnoreOrRejectNewClusterState. A node without a master takes any state
        of any master, also an older one than its own."""
        if self.terms:
            return new.term >= s.term and new.age > s.accepted.age
        if s.master is None:
            return True
        if s.master != new.master:
            return self.version == "1.3"  # since 1.5 (pull request 9632) refused
        newer = new.version > s.cluster.version
        return newer or (new.version == s.cluster.version and not self.on("two_phase"))

    @upon(Publish)
    def receive_state(self, s: Node, msg: Publish, src: Id) -> Outcomes:
        """Apply it; in two phases keep it and say so. Refusing is silent: commit_timeout ends it."""
        new = msg.cluster
        if s.leads and not self.on("two_phase"):
            return self.another_master(s, src, new.version)
        if not self.accepts(s, new):
            return Outcome(s)
        if not self.on("two_phase"):
            return Outcome(self.apply(s, new))
        if self.terms:
            s = evolve(self.rejoin(s) if new.term > s.term else s, term=new.term, accepted=new)
        else:
            s = evolve(s, pending=s.pending | {new})
        return Outcome(s, [Send(src, Ack(new.term, new.version))])

    def apply(self, s: Node, new: Cluster) -> Node:
        """Follow its master; PendingClusterStatesQueue.markAsProcessed drops what it supersedes."""
        later = (p for p in s.pending if p.master == new.master and p.version > new.version)
        s = evolve(self.rejoin(s), pending=frozenset(later))
        return evolve(s, cluster=new, master=new.master)

    @upon(Ack)
    def ack(self, s: Node, msg: Ack, src: Id) -> Outcomes:
        """SendingController.onNodeSendAck: enough acks commit the state; later ones are answered."""
        answer = Commit(msg.term, msg.version)
        if s.publishing is None or s.publishing.cluster.age != (msg.term, msg.version):
            late = s.leads and msg.term == s.term and msg.version <= s.cluster.version
            return Outcome(s, [Send(src, answer)] if late else [])
        acks = s.publishing.acks | {src}
        if len(acks) < self.others_needed():
            note = f"acks {len(acks)} < {self.needed()}"
            return Outcome(evolve(s, publishing=evolve(s.publishing, acks=acks)), note=note)
        sends, note = to(sorted(acks), answer), f"acks {len(acks)} >= {self.needed()}"
        if s.publishing.abandoned:
            after = self.elected(evolve(s, publishing=None))
            return Outcome(after.state, (*sends, *after.sends), note)
        s = self.leading(s, s.publishing.cluster)
        after = self.publish(s, s.cluster.nodes | s.joins) if s.joins else Outcome(s)
        return Outcome(after.state, (*sends, *after.sends), note)

    @upon(Commit)
    def commit(self, s: Node, msg: Commit, src: Id) -> Outcomes:
        """ZenDiscovery.processNextCommittedClusterState: the same checks once more, then apply."""
        kept = {s.accepted} if self.terms else s.pending
        found = [p for p in kept if (p.master, *p.age) == (src, msg.term, msg.version)]
        if not found or (self.terms and (msg.term != s.term or s.cluster == s.accepted)):
            return Outcome(s)
        if self.terms:
            return Outcome(self.apply(s, found[0]))
        s = evolve(s, pending=s.pending - set(found))
        return Outcome(self.apply(s, found[0]) if self.accepts(s, found[0]) else s)

    @timeout(when=lambda s: s.busy)
    def commit_timeout(self, s: Node) -> Outcomes:
        """discovery.zen.commit_timeout: the state has failed, and so has the master."""
        return Outcome(evolve(self.rejoin(s, clear=True), publishing=None))

    @request(when=lambda s: s.leads and not s.busy)
    def client_update(self, s: Node) -> Outcomes:
        """A client has the master change the cluster state; it is answered once that is applied."""
        update = (s.id, s.term, s.cluster.version + 1)
        return self.publish(s, s.cluster.nodes, frozenset({update}))

    def follows(self, s: Node) -> Id | None:
        return s.master

    @poll(reply=follows, when=lambda s: s.leads and not s.busy)
    def background_update(self, s: Node, replies: dict[Id, Id | None]) -> Outcomes:
        """With `background`: a state that nobody asked for, as one step, so without a new version. All
        that shows is that it fails, because too few nodes would keep a state of this master."""
        keep = [id for id in s.cluster.nodes & replies.keys() if replies[id] in (None, s.id)]
        if not (self.background and self.on("two_phase")) or len(keep) >= self.others_needed():
            return ()
        note = f"acks {len(keep)} < {self.needed()}"
        return Outcome(self.rejoin(s, clear=True), note=note)

    # -- losing the master, or mastership --------------------------------------------------

    def rejoin(self, s: Node, clear: bool = False) -> Node:
        """ZenDiscovery.rejoin: no master, start over. A state that is in flight stays in flight."""
        publishing = s.publishing and evolve(s.publishing, abandoned=True)
        s = evolve(s, master=None, target=None, joins=NOBODY)
        if self.version == "1.3":
            s = evolve(s, cluster=evolve(s.cluster, nodes=frozenset({s.id})))
        pending = frozenset() if clear else s.pending
        return evolve(s, pending=pending, publishing=None if self.terms else publishing)

    @upon(Suspect)
    def node_or_master_gone(self, s: Node, peer: Id) -> Outcomes:
        """The fault detections: a node follows its master, a master its nodes."""
        if peer == s.master:
            return self.master_gone(s)
        if not s.leads or s.busy or peer not in s.cluster.nodes:
            return ()
        nodes = s.cluster.nodes - {peer}
        note = f"nodes {len(nodes)}, minimum_master_nodes {self.minimum_master_nodes}"
        if self.enough(len(nodes)):
            return self.publish(s, nodes, note=note)
        if self.version != "6.x":
            s = evolve(s, cluster=evolve(s.cluster, nodes=nodes))
        return Outcome(self.rejoin(s), note=note)

    def master_gone(self, s: Node) -> Outcomes:
        """ZenDiscovery.handleMasterGone. Since 5.2 only a master removes nodes from the list."""
        left = s.cluster.nodes - {s.master}
        note = f"nodes {len(left)}, minimum_master_nodes {self.minimum_master_nodes}"
        if self.version != "6.x":
            s = evolve(s, cluster=evolve(s.cluster, nodes=left))
        if not self.on("local_elect") or not self.enough(len(left)):
            return Outcome(self.rejoin(s, clear=True), note=note)
        best = min(left)
        if best != s.id:
            return Outcome(evolve(s, master=best, pending=frozenset()), note=note)
        return self.publish(evolve(s, term=s.term + 1, pending=frozenset()), left, note=note)

    def leadership(self, s: Node) -> tuple[bool, frozenset[Id], int]:
        """Whether it is master, of whom, and how recent its state is."""
        return s.leads, s.cluster.nodes, s.cluster.version

    @poll(reply=leadership, when=lambda s: s.master is not None and not s.leads)
    def ping_master(self, s: Node, replies: dict[Id, Any]) -> Outcomes:
        """MasterFaultDetection: "not master", "you are not in my state". Before 1.4 the second one is
        answered by joining again."""
        assert s.master is not None
        leads, nodes, _ = replies.get(s.master, (True, {s.id}, 0))
        if leads and s.id in nodes:
            return ()
        if leads and self.version == "1.3":
            return Outcome(s, [Send(s.master, Join())])
        return self.master_gone(s)

    @poll(reply=leadership, when=lambda s: s.leads)
    def pinged_by_another_master(self, s: Node, replies: dict[Id, Any]) -> Outcomes:
        """NodesFaultDetection since 1.4: a ping from another master, max_pings_from_another_master
        times. Until 6.2 the ping carries no version, which counts as -1 (pull request 30810)."""
        for peer, (leads, nodes, version) in sorted(replies.items()):
            if leads and s.id in nodes and self.version != "1.3":
                told = version if self.on("version_in_fd_ping") else -1
                return self.another_master(s, peer, told)
        return ()

    def another_master(self, s: Node, other: Id, version: int) -> Outcome:
        """ZenDiscovery.handleAnotherMaster: the one with the older state gives up."""
        note = f"{other} has version {version}, {s.id} has {s.cluster.version}"
        if version > s.cluster.version:
            return Outcome(self.rejoin(s), note=note)
        return Outcome(s, [Send(other, RejoinRequest())], note)

    @upon(RejoinRequest)
    def rejoin_request(self, s: Node, msg: RejoinRequest, src: Id) -> Outcomes:
        """Give up whatever master there is; a node that looks for one goes on looking."""
        return Outcome(s if s.master is None else self.rejoin(s))

    # -- what properties see ---------------------------------------------------------------

    def view(self, s: Node) -> View:
        applied = (s.cluster.version, (s.cluster.master, s.cluster.term))
        return View(
            id=s.id,
            leads=s.leads,
            term=s.term if self.terms else None,
            follows=s.master,
            version=s.cluster.version,
            committed=frozenset({applied}) if s.cluster.version else frozenset(),
            updates=s.cluster.updates,
        )
