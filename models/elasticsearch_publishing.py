"""Zen discovery, second half: how a master of Elasticsearch before version 7 publishes cluster states.

The model is `models.elasticsearch`, which tells the story and its sources; here is what its nodes
remember, which rules each version has, and how a state gets from a master to its nodes.

Until 2.x a master sends its new state to all nodes of the cluster and applies it; who gets it applies
it. From 5 on (pull request 13062) it sends the state, nodes keep it and say so, and once
minimum_master_nodes - 1 others have, the master commits it: it tells them to apply it, and does so
itself. If too few answer within discovery.zen.commit_timeout, it is no longer master. In one phase
a master in truth applies its state after the others have answered or publish_timeout is over; here
it applies it at once, as it does when they do not answer.
"""

from typing import Any, Literal

import attrs
from attrs import evolve, frozen

from checker import (
    Id,
    Outcome,
    Outcomes,
    Protocol,
    Send,
    durable,
    poll,
    request,
    setting,
    timeout,
    to,
    upon,
)
from checker.errors import UsageError

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
class Publishing(Protocol):
    """The rules of each version, and publishing by them."""

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

    def on(self, switch: str) -> bool:
        """Whether a rule is in force."""
        chosen: bool | None = getattr(self, switch)
        return switch in VERSIONS[self.version] if chosen is None else chosen

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
            return Outcome(evolve(s, publishing=None), sends, note)
        s = self.leading(s, s.publishing.cluster)
        after = self.publish(s, s.cluster.nodes | s.joins) if s.joins else Outcome(s)
        return Outcome(after.state, (*sends, *after.sends), note)

    @upon(Commit)
    def commit(self, s: Node, msg: Commit, src: Id) -> Outcomes:
        """ZenDiscovery.processNextCommittedClusterState: the same checks once more, then apply."""
        kept = {s.accepted} if self.terms else s.pending
        found = [p for p in kept if (p.master, *p.age) == (src, msg.term, msg.version)]
        if not found or (self.terms and msg.term != s.term):
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

    # -- losing mastership -----------------------------------------------------------------

    def rejoin(self, s: Node, clear: bool = False) -> Node:
        """ZenDiscovery.rejoin: no master, start over. A state that is in flight stays in flight."""
        publishing = s.publishing and evolve(s.publishing, abandoned=True)
        s = evolve(s, master=None, target=None, joins=NOBODY)
        if self.version == "1.3":
            s = evolve(s, cluster=evolve(s.cluster, nodes=frozenset({s.id})))
        pending = frozenset() if clear else s.pending
        return evolve(s, pending=pending, publishing=None if self.terms else publishing)

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
