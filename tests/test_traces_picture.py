"""The picture: nothing overlaps, everything is on the page, and it shows what happened."""

from itertools import combinations, pairwise
from math import hypot
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import Phase, given, settings
from traces_samples import SAMPLES, Run, both_ways, faults, message, random_runs, split_brain

from traces import itf, lettering
from traces.dot import to_dot
from traces.drawing import draw
from traces.picture import Label, Line, Picture
from traces.svg import to_svg
from traces.trace import Action, Envelope, Trace

#: A failing picture is looked at as it is: making it smaller takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
SVG = "{http://www.w3.org/2000/svg}"


def overlap(one: Label, other: Label) -> bool:
    slack = 0.01
    return (
        one.x + one.width > other.x + slack
        and other.x + other.width > one.x + slack
        and one.y + one.height > other.y + slack
        and other.y + other.height > one.y + slack
    )


def crosses(line: Line, label: Label) -> bool:
    """Whether a line touches the box of a label: clips each part of it to the box."""
    low = (label.x, label.y)
    high = (label.x + label.width, label.y + label.height)
    for start, end in pairwise(line.points):
        enter, leave = 0.0, 1.0
        for axis in (0, 1):
            distance = end[axis] - start[axis]
            if distance == 0:
                if not low[axis] < start[axis] < high[axis]:
                    leave = -1.0
                continue
            bounds = ((low[axis] - start[axis]) / distance, (high[axis] - start[axis]) / distance)
            enter, leave = max(enter, min(bounds)), min(leave, max(bounds))
        if leave - enter > 0.001:
            return True
    return False


def assert_clean(picture: Picture) -> None:
    for one, other in combinations(picture.labels, 2):
        assert not overlap(one, other), (one, other)
    for label in picture.labels:
        assert label.x >= 0 and label.x + label.width <= picture.width, label
        assert label.y >= 0 and label.y + label.height <= picture.height, label
        needed = lettering.width(label.text, label.size, bold=label.bold, mono=label.mono)
        assert needed <= label.width + 0.01, label
        # A tag lies on top of the lines, with a background of its own.
        crossing = [] if label.role == "tag" else [x for x in picture.lines if crosses(x, label)]
        assert not crossing, (label, crossing)
    for line in picture.lines:
        for x, y in line.points:
            assert 0 <= x <= picture.width and 0 <= y <= picture.height, line
    for shape in picture.shapes:
        assert shape.x - shape.width / 2 >= 0 and shape.x + shape.width / 2 <= picture.width
        assert shape.y - shape.height / 2 >= 0 and shape.y + shape.height / 2 <= picture.height
        if shape.role == "ring":
            box = Label("", "", shape.x - 12, shape.y - 12, 24, 24, 1, "")
            assert not any(overlap(box, label) for label in picture.labels)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_clean(name: str) -> None:
    assert_clean(draw(SAMPLES[name]()))


STORED = sorted((Path(__file__).parent.parent / "models" / "counterexamples").glob("*.json"))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_counterexamples_are_clean_and_tell_who_breaks_the_property(path: Path) -> None:
    trace = itf.read(path)
    picture = draw(trace)
    assert_clean(picture)
    rings = sum(shape.role == "ring" for shape in picture.shapes)
    nobody = "nobody" in trace.reason
    assert rings or nobody, "the reason names no process"


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(random_runs())
def test_labels_never_overlap(run: Run) -> None:
    assert_clean(draw(run.trace(*run.lanes[:2], knobs={"x" * 90: 1}, sentence="word " * 60)))


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(random_runs(keeps=True))
def test_labels_never_overlap_where_messages_stay(run: Run) -> None:
    assert_clean(draw(run.trace()))


def roles(trace: Trace) -> dict[str, int]:
    """How often each role occurs among the lines and shapes."""
    picture = draw(trace)
    counts: dict[str, int] = {}
    for part in (*picture.lines, *picture.shapes):
        counts[part.role] = counts.get(part.role, 0) + 1
    return counts


def test_what_the_split_brain_shows() -> None:
    counts = roles(split_brain())
    assert counts["arrow"] == 5
    assert counts["wall"] == 1
    assert counts["band"] == 2
    assert counts["ring"] == 2
    assert counts["read"] == 2 * 4  # two polls of two lanes: a line and a circle each
    assert counts["pill"] == 2
    assert "lost" not in counts


def test_what_the_faults_show() -> None:
    counts = roles(faults())
    assert counts["lost"] == 2  # one cross
    assert counts["crash"] == 2
    assert counts["restart"] == counts["resume"] == counts["copy"] == 1
    assert counts["pause"] == 3


def test_a_band_lasts_from_the_election_to_the_end() -> None:
    picture = draw(split_brain())
    first, second = (line for line in picture.lines if line.role == "band")
    dots = sorted(shape.y for shape in picture.shapes if shape.role == "dot")
    assert first.points[0][1] == dots[3]
    assert second.points[0][1] == dots[-1]
    assert first.points[1][1] == second.points[1][1] > dots[-1]


def test_a_wall_stands_between_the_lanes_it_parts_until_it_is_healed() -> None:
    run = Run("n1", "n2", "n3").cut(*both_ways("n3", "n1", "n2")).local("n1", "tick").heal()
    run.local("n2", "tick")
    picture = draw(run.trace())
    (wall,) = (line for line in picture.lines if line.role == "wall")
    lanes = {label.text: label.x for label in picture.labels if label.role == "lane"}
    assert lanes["n2"] < wall.points[0][0] < lanes["n3"]
    first, second = (shape.y for shape in picture.shapes if shape.role == "dot")
    assert wall.points[0][1] < first < wall.points[1][1] < second


def test_a_message_waits_on_its_senders_side_of_the_wall() -> None:
    sent = Envelope("n1", "n3", message("Ping"))
    run = Run("n1", "n2", "n3").local("n1", "send", sent).cut(*both_ways("n1", "n2", "n3"))
    run.local("n2", "tick").heal().deliver(sent, "ping")
    picture = draw(run.trace())
    (wall,) = (line for line in picture.lines if line.role == "wall")
    (arrow,) = (line for line in picture.lines if line.role == "arrow")
    beyond = [y for x, y in arrow.points if x > wall.points[0][0]]
    assert min(beyond) > wall.points[1][1]


def test_an_arrow_ends_at_the_dot_of_its_receipt() -> None:
    sent = Envelope("n1", "n2", message("Ping"))
    picture = draw(Run("n1", "n2").local("n1", "send", sent).deliver(sent, "ping").trace())
    (arrow,) = (line for line in picture.lines if line.role == "arrow")
    send, receipt = (shape for shape in picture.shapes if shape.role == "dot")
    assert arrow.head
    assert arrow.points[0][0] == send.x
    assert arrow.points[0][1] > send.y
    assert abs(arrow.points[-1][0] - receipt.x) < 6 and abs(arrow.points[-1][1] - receipt.y) < 6


def test_dot_pins_every_part() -> None:
    source = to_dot(draw(split_brain()))
    for line in source.splitlines():
        if "[" in line and not line.strip().startswith(("graph", "node", "edge")):
            assert " pos=" in line
    assert "votes 3 >= minimum_master_nodes 1" in source


def test_svg_holds_any_text() -> None:
    run = Run("<n1>").local("<n1>", '<b>&amp;"\x00\ud800', note="a\\lb")
    root = ElementTree.fromstring(to_svg(draw(run.trace())))
    texts = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert {"<n1>", '<b>&amp;"', "a\\lb"} <= texts


def test_dot_holds_any_text() -> None:
    source = to_dot(draw(Run("n1").local("n1", '<b>&amp;"', note="a\\lb").trace()))
    assert 'label="<b>&amp;amp;\\"\\l"' in source
    assert 'label="a\\\\lb\\l"' in source


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(random_runs())
def test_both_formats_show_the_same_labels(run: Run) -> None:
    picture = draw(run.trace())
    root = ElementTree.fromstring(to_svg(picture))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert texts == [label.text for label in picture.labels]
    assert to_dot(picture).count("shape=plaintext") == len(texts)


def test_messages_that_wait_at_once_wait_beside_each_other() -> None:
    one, two = (Envelope("n1", "n2", message(name)) for name in ("One", "Two"))
    run = Run("n1", "n2").local("n1", "send", one, two).local("n2", "tick")
    picture = draw(run.deliver(one, "one").deliver(two, "two").trace())
    arrows = [line for line in picture.lines if line.role == "arrow"]
    assert len({arrow.points[1][0] for arrow in arrows}) == 2


def test_the_lifeline_is_dotted_from_crash_to_restart() -> None:
    picture = draw(Run("n1").crash("n1").restart("n1").local("n1", "tick").trace())
    (down,) = (line for line in picture.lines if line.dash == "dotted")
    (restart,) = (shape for shape in picture.shapes if shape.role == "restart")
    cross = next(line for line in picture.lines if line.role == "crash")
    assert down.points[0][1] == sum(y for _, y in cross.points) / 2
    assert down.points[1][1] == restart.y


def test_a_tag_at_the_edge_of_the_page_stands_left_of_its_cross() -> None:
    wide = "a name as long as a cell is wide, more or less"
    lost = Envelope("third_process", "n1", message("A"))
    run = Run("n1", "n2", "third_process").local("n1", wide).local("n2", wide)
    run.local("third_process", "x", lost)
    picture = draw(run.local("n1", "tick").drop(lost).trace())
    assert_clean(picture)
    (tag,) = (shape for shape in picture.shapes if shape.role == "tag")
    cross = next(line for line in picture.lines if line.role == "lost")
    assert tag.x + tag.width / 2 < min(x for x, _ in cross.points)


def test_a_ring_does_not_touch_a_tag_in_its_row() -> None:
    run = Run("n1", "n2")
    run.step(Action("timeout", "unplug", "n1"), blocked=both_ways("n1", "n2"))
    picture = draw(run.trace("n1"))
    (tag,) = (shape for shape in picture.shapes if shape.role == "tag")
    (ring,) = (shape for shape in picture.shapes if shape.role == "ring")
    assert tag.y + tag.height / 2 < ring.y - ring.height / 2


def test_an_arrow_ends_at_the_ring_around_its_receipt() -> None:
    """And above the text, from either side."""
    for receiver, other in (("n1", "n2"), ("n2", "n1")):
        sent = Envelope(other, receiver, message("Ping"))
        run = Run("n1", "n2").local(other, "send", sent).deliver(sent, "ping")
        picture = draw(run.trace(receiver))
        assert_clean(picture)
        (ring,) = (shape for shape in picture.shapes if shape.role == "ring")
        (arrow,) = (line for line in picture.lines if line.role == "arrow")
        x, y = arrow.points[-1]
        assert ring.width / 2 <= hypot(x - ring.x, y - ring.y) < ring.width / 2 + 3


def test_the_crosses_of_messages_that_wait_side_by_side_do_not_touch() -> None:
    one, two = (Envelope("n2", "n1", message(name)) for name in ("One", "Two"))
    run = Run("n1", "n2").local("n2", "send", one).local("n2", "send", two).local("n2", "tick")
    run.step(Action("crash", "crash", "n1"), down=("n1",), network=())
    picture = draw(run.trace())
    ends = sorted({x for line in picture.lines if line.role == "lost" for x, _ in line.points})
    left, right = sorted(line.width for line in picture.lines if line.role == "lost")[:2]
    assert len(ends) == 4 and ends[2] - ends[1] >= (left + right) / 2


def test_what_is_lost_at_once_ends_in_a_cross_without_a_head_beside_what_flies() -> None:
    lost, flies = (Envelope("n1", dst, message("Ping")) for dst in ("n2", "n3"))
    run = Run("n1", "n2", "n3").crash("n2")
    run.step(Action("timeout", "send", "n1", sends=(lost, flies)), down=("n2",), network=(flies,))
    picture = draw(run.trace())
    dead, flying = sorted(
        (line for line in picture.lines if line.role == "arrow"), key=lambda line: line.head
    )
    assert flying.head and not dead.head
    cross = [line for line in picture.lines if line.role == "lost"]
    assert {sum(x for x, _ in line.points) / 2 for line in cross} == {dead.points[-1][0]}
    (x, y), (far, low) = dead.points[-1], flying.points[-1]
    start, top = flying.points[0]
    assert y - top > (x - start) * (low - top) / (far - start) + 4, "below the other line"


def test_a_look_at_a_lane_begins_below_what_it_has_just_sent() -> None:
    sent = Envelope("n1", "n2", message("Ping"))
    run = Run("n1", "n2").local("n1", "send", sent)
    run.step(Action("poll", "look", "n2", reads=("n1",)))
    picture = draw(run.trace())
    (stub,) = (line for line in picture.lines if line.role == "arrow")
    (look,) = (line for line in picture.lines if line.role == "read")
    assert look.points[0][1] > stub.points[-1][1]
    assert_clean(picture)
