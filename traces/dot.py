"""A picture as Graphviz source with pinned positions, for `neato -n2`.

Every part is given its place, so Graphviz only draws: the text is the same on every machine and
needs no Graphviz to be made. Graphviz counts y upwards.
"""

from itertools import pairwise

import graphviz

from traces.picture import HEAD, Label, Line, Picture, Point, Shape, number

_POINTS_PER_INCH = 72.0


def to_dot(picture: Picture) -> str:
    """The source of the graph."""
    source: str = graph(picture).source
    return source


def graph(picture: Picture) -> graphviz.Digraph:
    """The graph, ready for `neato -n2`."""
    # Labels are nodes without a frame; lines are edges between two invisible corners of the page.
    page = graphviz.Digraph(
        "trace",
        engine="neato",
        graph_attr={"outputorder": "edgesfirst", "splines": "true", "bgcolor": "white", "pad": "0"},
        node_attr={"fixedsize": "true", "margin": "0", "label": ""},
        edge_attr={"arrowhead": "none"},
    )
    corners = {"lower": (0.0, picture.height), "upper": (picture.width, 0.0)}
    for name, corner in corners.items():
        place = _place(corner, picture)
        page.node(name, pos=f"{place}!", shape="point", style="invis", width="0", height="0")
    for line in picture.lines:
        _line(page, line, picture)
    for index, shape in enumerate(picture.shapes):
        _shape(page, f"shape{index}", shape, picture)
    for index, label in enumerate(picture.labels):
        _label(page, f"label{index}", label, picture)
    return page


def _line(page: graphviz.Digraph, line: Line, picture: Picture) -> None:
    points = list(line.points)
    tip = ""
    attributes = {
        "class": line.role,
        "color": line.color,
        "penwidth": number(line.width),
        "style": line.dash,
    }
    if line.head:
        (x, y), (from_x, from_y) = points[-1], points[-2]
        length = ((x - from_x) ** 2 + (y - from_y) ** 2) ** 0.5
        tip = f"e,{_place((x, y), picture)} "
        points[-1] = (x - HEAD * (x - from_x) / length, y - HEAD * (y - from_y) / length)
        attributes |= {"arrowhead": "normal", "arrowsize": number(HEAD / 10)}
    spline = [points[0]]
    for start, end in pairwise(points):
        spline += [_between(start, end, 1 / 3), _between(start, end, 2 / 3), end]
    pos = tip + " ".join(_place(point, picture) for point in spline)
    page.edge("lower", "upper", pos=pos, **attributes)


def _shape(page: graphviz.Digraph, name: str, shape: Shape, picture: Picture) -> None:
    styles = (["rounded"] if shape.kind == "box" else []) + (["filled"] if shape.fill else [])
    page.node(
        name,
        pos=_place((shape.x, shape.y), picture) + "!",
        shape=shape.kind,
        style=",".join(styles),
        fillcolor=shape.fill or "transparent",
        color=shape.stroke or shape.fill or "transparent",
        penwidth=number(shape.stroke_width if shape.stroke else 0),
        width=_inches(shape.width),
        height=_inches(shape.height),
        **{"class": shape.role},
    )


def _label(page: graphviz.Digraph, name: str, label: Label, picture: Picture) -> None:
    text = graphviz.escape(label.text.replace("&", "&amp;"))
    font = "DejaVu Sans Mono" if label.mono else "Helvetica"
    look = ("-Bold" if label.bold else "") + ("-Oblique" if label.italic else "")
    middle = (label.x + label.width / 2, label.y + label.height / 2)
    page.node(
        name,
        label=str(text) + ("" if label.centred else "\\l"),
        pos=_place(middle, picture) + "!",
        shape="plaintext",
        fontname=font + look,
        fontsize=number(label.size),
        fontcolor=label.color,
        width=_inches(label.width),
        height=_inches(label.height),
        **{"class": label.role},
    )


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _place(point: Point, picture: Picture) -> str:
    return f"{number(point[0])},{number(picture.height - point[1])}"


def _inches(points: float) -> str:
    return f"{points / _POINTS_PER_INCH:.4f}".rstrip("0").rstrip(".")
