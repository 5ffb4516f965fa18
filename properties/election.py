"""What leader elections promise."""

from collections.abc import Sequence
from itertools import combinations

from checker.properties import invariant, reachable
from properties.views import View

Views = Sequence[View]


@reachable()
def a_leader_is_elected(views: Views) -> bool:
    """Some process believes that it leads."""
    return any(view.leads for view in views)


@invariant(about=a_leader_is_elected)
def election_safety(views: Views) -> bool | str:
    """At most one leader is elected in a given term. [Ongaro and Ousterhout 2014, figure 3]"""
    for a, b in combinations([view for view in views if view.leads], 2):
        if a.term == b.term:
            return f"{a.id} and {b.id} both lead in term {a.term}"
    return True
