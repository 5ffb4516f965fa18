"""The engine: protocols, worlds, transition systems, explorers, properties.

What a model needs is re-exported here.
"""

from checker.environment import Budget, Environment
from checker.protocol import (
    Outcome,
    Outcomes,
    Protocol,
    Restart,
    Send,
    Suspect,
    Trust,
    poll,
    request,
    setting,
    timeout,
    to,
    upon,
)
from checker.values import Id, durable

__all__ = [
    "Budget",
    "Environment",
    "Id",
    "Outcome",
    "Outcomes",
    "Protocol",
    "Restart",
    "Send",
    "Suspect",
    "Trust",
    "durable",
    "poll",
    "request",
    "setting",
    "timeout",
    "to",
    "upon",
]
