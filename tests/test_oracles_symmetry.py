"""The symmetry that the test models claim is sound: whatever was asked commutes with renaming."""

import pytest
from oracle_acp import Committing
from oracle_paxos import Paxos, agreement
from oracle_raft_messages import Raft, committed_durable, election_safety, state_machine_safety
from oracle_two_phase import TwoPhase
from oracles import shown

from checker import Protocol
from checker.properties import Property, Watch, folds_of
from checker.reference import Explorer
from checker.symmetry import Symmetry
from checker.system import System
from properties.atomic_commit import consistent

MODELS = [
    (TwoPhase(crashes=1, restart=True), (consistent,)),
    (Paxos(), (agreement,)),
    (Raft(terms=1, length=2, bump=True), (election_safety, state_machine_safety)),
    (Raft(restarts=1), (committed_durable,)),
    (Committing(nodes=2), (consistent,)),
]


@pytest.mark.parametrize(("model", "properties"), MODELS, ids=shown)
def test_the_claim_is_sound(model: Protocol, properties: tuple[Property, ...]) -> None:
    folds = folds_of(properties)
    system = System(model, model.environment, folds)
    watch, symmetry = Watch(system, properties, folds), Symmetry(system)
    explorer = Explorer(system, watch, key=symmetry.key, label=lambda action: str(action.name))
    assert explorer.explore().complete
    symmetry.verify(watch)
