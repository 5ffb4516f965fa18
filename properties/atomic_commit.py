"""What atomic commitment promises."""

from collections.abc import Sequence

from checker.properties import invariant, reachable
from properties.views import View

Views = Sequence[View]


@reachable()
def a_transaction_commits(views: Views) -> bool:
    """Some participant commits."""
    return any(view.decision == "committed" for view in views)


@invariant(about=a_transaction_commits)
def consistent(views: Views) -> bool | str:
    """No participant aborts while another commits. [Gray and Lamport 2006, section 2]"""
    committed = [view.id for view in views if view.decision == "committed"]
    aborted = [view.id for view in views if view.decision == "aborted"]
    if committed and aborted:
        return f"{committed[0]} committed and {aborted[0]} aborted"
    return True
