"""Zen discovery: how Elasticsearch before version 7 elects its master and publishes cluster states.

A node that knows of no master pings all others. If anybody names a master, the node asks that one
to let it join. If nobody does, and at least `discovery.zen.minimum_master_nodes` nodes answered
(itself included), the best of them is to become master: everybody picks the one with the lowest
id, later on the one with the highest cluster state version. A master publishes cluster states,
which say who is in the cluster. It pings its nodes and drops those that are silent; left with too
few, it steps down. They ping it, and look for another when it is silent or no longer their master.

There is no vote and no term: what is counted is who was seen. Four versions can be chosen, each
with its rules, and each rule can be switched by itself. Version 1.3 (and all before 1.4) elects from
its own list of nodes when the master is gone, asking nobody (`local_elect`). Since 2.0 a node leads
only once enough others have joined (`count_joins`). Since 5.0 a state is sent first, and committed
once enough nodes have it (`two_phase`), and who has the highest state version is elected
(`version_in_ping`). Since 6.3 a master's ping tells its version (`version_in_fd_ping`). So 1.7, which
stands for 1.5 to 1.7, has none of these five rules, and 6.x stands for the last of 5 and 6.

Rules were read in the sources of 1.0, 1.3.2, 1.6.3, 2.4.1 and 6.3.2: ZenDiscovery,
NodeJoinController, ElectMasterService, PublishClusterStateAction, PendingClusterStatesQueue and the
two fault detections. Two-phase publishing (pull request 13062) is often dated to 2.x; the code of
2.4.1 does not have it. The election of 7 and later (Zen2) is not modelled; `terms` adds its rule to
Zen only as a control. How states are published is told in `models.elasticsearch_publishing`.

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

from typing import Any

from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Send,
    Suspect,
    poll,
    timeout,
    to,
    upon,
)
from checker.errors import UsageError
from models import elasticsearch_settings
from models.elasticsearch_publishing import NOBODY, Cluster, Node, Publishing
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


@frozen
class Join:
    """Let me into your cluster, or be my master."""


@frozen
class Vote:
    """Only with `terms`: a join that is a vote in this term, by one whose last kept state is so old."""

    term: int
    age: tuple[int, int]


@frozen
class StartJoin:
    """Only with `terms`: vote for me in this term."""

    term: int


@frozen
class Elasticsearch(Publishing):
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

    def initial(self, id: Id) -> Node:
        if not self.established:
            return Node(id)
        master = self.processes()[self.established - 1]
        cluster = Cluster(1, master, 1, frozenset(self.processes()))
        if self.terms:
            return Node(id, term=1, accepted=cluster, cluster=cluster, master=master)
        return Node(id, term=int(id == master), cluster=cluster, master=master)

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
        join = Vote(s.term, s.accepted.age) if self.terms else Join()
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
        return Outcome(s, [Send(src, Vote(s.term, s.accepted.age))])

    @upon(Join)
    def join(self, s: Node, msg: Join, src: Id) -> Outcomes:
        """NodeJoinController.handleJoinRequest."""
        if s.leads or (s.busy and s.target == s.id):
            s = evolve(s, joins=s.joins | {src})
            return Outcome(s) if s.busy else self.publish(s, s.cluster.nodes | s.joins)
        if self.on("count_joins") and s.master is None and s.target in (None, s.id):
            return self.elected(evolve(s, joins=s.joins | {src}))
        return Outcome(s)

    @upon(Vote)
    def vote(self, s: Node, msg: Vote, src: Id) -> Outcomes:
        """With `terms`: only a vote of this term elects, and only whose state is no older than the
        voter's."""
        if msg.term > s.term:
            return Outcome(evolve(self.rejoin(s), term=msg.term))
        elects = msg.term == s.term and s.target == s.id and msg.age <= s.accepted.age
        admitted = s.leads or (s.busy and s.target == s.id)
        return self.join(s, Join(), src) if elects or admitted else Outcome(s)

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

    # -- losing the master -----------------------------------------------------------------

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
