"""Leader election on a ring.

Rules: Chang and Roberts, "An improved algorithm for decentralized extrema-finding in circular
configurations of processes" (1979), as Merz's specification in tlaplus/Examples has them. Any of the
nodes may be initiators: there are as many initial states as sets of nodes. The smallest id wins.
"""

from attrs import evolve, frozen

from checker import Environment, Id, Outcome, Outcomes, Protocol, Send, timeout, upon
from checker.properties import invariant

CANDIDATE, LOST, WON = range(3)


@frozen
class Candidacy:
    of: Id


@frozen
class Node:
    id: Id
    #: Remembered for good, as in the specification.
    initiator: bool
    state: int
    begun: bool = False


@invariant()
def one_winner(views: tuple[Node, ...]) -> bool:
    """When a node has won, all others have lost. [Chang and Roberts 1979]"""
    won = [view for view in views if view.state == WON]
    return not won or all(view.state == LOST for view in views if view is not won[0])


@frozen
class ChangRoberts(Protocol):
    environment = Environment(network="bag")
    properties = (one_winner,)

    def initial(self, id: Id) -> tuple[Node, ...]:
        return Node(id, True, CANDIDATE), Node(id, False, LOST)

    def next(self, s: Node) -> Id:
        return Id("n", s.id.number % self.nodes + 1)

    @timeout(when=lambda s: not s.begun)
    def begin(self, s: Node) -> Outcomes:
        sends = [Send(self.next(s), Candidacy(s.id))] if s.initiator else []
        return Outcome(evolve(s, begun=True), sends)

    @upon(Candidacy)
    def candidacy(self, s: Node, msg: Candidacy, src: Id) -> Outcomes:
        if not s.begun:
            return ()
        onwards = [Send(self.next(s), msg)]
        if s.state == LOST:
            return Outcome(s, onwards)
        if msg.of < s.id:
            return Outcome(evolve(s, state=LOST), onwards)
        if msg.of == s.id:
            return Outcome(evolve(s, state=WON))
        return Outcome(s)
