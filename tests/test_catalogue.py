"""Reading and rewriting a catalogue, and the runs that its rows speak of."""

from pathlib import Path

import pytest
from cli_samples import CATALOGUE, write_catalogue, write_model

from checker.catalogue import CatalogueError, plan_of_bug, plan_of_scope, read, rewrite
from checker.registry import Model, find, installed


@pytest.fixture
def ring(tmp_path: Path) -> Model:
    found = find(write_model(tmp_path))
    write_catalogue(tmp_path)
    return found


def test_rows_are_read_in_order(ring: Model, tmp_path: Path) -> None:
    catalogue = read(ring)
    assert [row.name for row in catalogue.rows] == ["three", "RING-1"]
    (scope,), (bug,) = catalogue.scopes, catalogue.bugs
    assert (scope.distinct, scope.transitions, scope.depth, scope.verdict) == (7, 6, 6, "holds")
    assert (bug.depth, bug.set, bug.control) == (2, {"keep": True}, {"keep": False})
    assert catalogue.stored_trace(bug) == tmp_path / "counterexamples" / "RING-1.json"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[scope]]", "[[scop]]", "unknown table 'scop' (did you mean \"scope\"?)"),
        ("[[scope]]", "[scope]", "write each scope as a table of its own, under [[scope]]"),
        ('name = "three"', "", "scope (without a name): name is missing or empty"),
        ("depth = 6", "deph = 6", "scope three: unknown key 'deph' (did you mean \"depth\"?)"),
        ("depth = 6", 'depth = "6"', "scope three: depth must be an integer, not '6'"),
        ("depth = 6", "depth = true", "scope three: depth must be an integer, not True"),
        ("{keep = true}", '"keep"', "bug RING-1: set must be a table, not 'keep'"),
        ("depth = 6", 'properties = "one"', "scope three: properties must be an array, not 'one'"),
        ("control = {keep = false}", "", "bug RING-1: control is missing or empty"),
        ("control = {keep = false}", "control = {}", "bug RING-1: control is missing or empty"),
        ('"RING-1"', '"three"', "two rows are called 'three': names must differ"),
        ("depth = 6", "depth =", "line 8"),
    ],
)
def test_a_catalogue_with_a_slip_names_row_and_key(
    ring: Model, tmp_path: Path, old: str, new: str, message: str
) -> None:
    write_catalogue(tmp_path, (old, new))
    with pytest.raises(CatalogueError) as caught:
        read(ring)
    assert str(caught.value).startswith(f"{tmp_path / 'ring.toml'}: ")
    assert message in str(caught.value)


def test_the_control_differs_from_the_bug_in_the_rule_alone(ring: Model, tmp_path: Path) -> None:
    write_catalogue(
        tmp_path,
        ("{keep = true}", "{keep = true, nodes = 4}\nworld = {drops = 1, network = 'fifo'}"),
    )
    (bug,) = read(ring).bugs
    broken, control = plan_of_bug(ring, bug), plan_of_bug(ring, bug, control=True)
    assert (broken.protocol.keep, control.protocol.keep) == (True, False)  # type: ignore[attr-defined]
    assert broken.protocol.nodes == control.protocol.nodes == 4
    assert broken.environment == control.environment
    assert (broken.environment.network, broken.environment.budget.drops) == ("fifo", 1)
    assert [p.name for p in broken.properties] == ["one_leader"]
    assert (broken.exhaust, control.exhaust) == (False, True)


def test_a_scope_is_searched_to_its_end_for_what_is_promised(ring: Model, tmp_path: Path) -> None:
    (scope,) = read(ring).scopes
    plan = plan_of_scope(ring, scope)
    assert plan.exhaust and [p.name for p in plan.properties] == ["one_leader"]
    write_catalogue(tmp_path, ("depth = 6", 'properties = ["terms_never_fall"]'))
    (scope,) = read(ring).scopes
    assert [p.name for p in plan_of_scope(ring, scope).properties] == ["terms_never_fall"]


def test_rewriting_keeps_everything_else(ring: Model) -> None:
    catalogue = read(ring)
    text = rewrite(catalogue, {"three": {"depth": 9}, "RING-1": {"control_distinct": 8}})
    expected = CATALOGUE.replace("depth = 6", "depth = 9")
    assert text == expected.replace("control_distinct = 7", "control_distinct = 8")
    assert rewrite(catalogue, {}) == CATALOGUE


@pytest.mark.parametrize("model", installed(), ids=lambda model: str(model.name))
def test_the_rows_of_every_installed_model_can_be_run(model: Model) -> None:
    if model.catalogue is None:
        pytest.skip("has no catalogue yet")
    catalogue = read(model)
    assert catalogue.scopes and catalogue.bugs
    for scope in catalogue.scopes:
        plan_of_scope(model, scope).system()
    for bug in catalogue.bugs:
        broken, control = plan_of_bug(model, bug), plan_of_bug(model, bug, control=True)
        assert broken.protocol != control.protocol
