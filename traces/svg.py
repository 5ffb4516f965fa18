"""A picture as SVG, for machines without Graphviz."""

from xml.etree import ElementTree

from traces.picture import HEAD, Label, Line, Picture, Shape, number

_DASHES = {"solid": "", "dashed": "6,3.5", "dotted": "1.5,3.5"}
_SANS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_MONO = "'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"


def to_svg(picture: Picture) -> str:
    """The source of an SVG file."""
    width, height = number(picture.width), number(picture.height)
    root = ElementTree.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        width=f"{width}pt",
        height=f"{height}pt",
        viewBox=f"0 0 {width} {height}",
    )
    ElementTree.SubElement(root, "rect", width=width, height=height, fill="#ffffff")
    for line in picture.lines:
        _line(root, line)
    for shape in picture.shapes:
        _shape(root, shape)
    for label in picture.labels:
        _label(root, label)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _line(root: ElementTree.Element, line: Line) -> None:
    points = list(line.points)
    if line.head:
        (x, y), (from_x, from_y) = points[-1], points[-2]
        length = ((x - from_x) ** 2 + (y - from_y) ** 2) ** 0.5
        along = ((x - from_x) / length, (y - from_y) / length)
        base = (x - HEAD * along[0], y - HEAD * along[1])
        points[-1] = base
        side = (-along[1] * HEAD / 3, along[0] * HEAD / 3)
        corners = [
            (x, y),
            (base[0] + side[0], base[1] + side[1]),
            (base[0] - side[0], base[1] - side[1]),
        ]
        ElementTree.SubElement(root, "polygon", points=_points(corners), fill=line.color)
    attributes = {
        "class": line.role,
        "points": _points(points),
        "fill": "none",
        "stroke": line.color,
        "stroke-width": number(line.width),
    }
    if _DASHES[line.dash]:
        attributes["stroke-dasharray"] = _DASHES[line.dash]
    ElementTree.SubElement(root, "polyline", attributes)


def _shape(root: ElementTree.Element, shape: Shape) -> None:
    look = {
        "class": shape.role,
        "fill": shape.fill or "none",
        "stroke": shape.stroke or "none",
        "stroke-width": number(shape.stroke_width),
    }
    if shape.kind == "box":
        place = {
            "x": number(shape.x - shape.width / 2),
            "y": number(shape.y - shape.height / 2),
            "width": number(shape.width),
            "height": number(shape.height),
            "rx": number(min(4.0, shape.height / 3, shape.width / 3)),
        }
        ElementTree.SubElement(root, "rect", {**place, **look})
    else:
        place = {
            "cx": number(shape.x),
            "cy": number(shape.y),
            "rx": number(shape.width / 2),
            "ry": number(shape.height / 2),
        }
        ElementTree.SubElement(root, "ellipse", {**place, **look})


def _label(root: ElementTree.Element, label: Label) -> None:
    attributes = {
        "class": label.role,
        "x": number(label.x + (label.width / 2 if label.centred else 0.0)),
        # Lower-case letters sit in the middle of the box when the baseline is a third below it.
        "y": number(label.y + label.height / 2 + label.size * 0.34),
        "font-family": _MONO if label.mono else _SANS,
        "font-size": number(label.size),
        "fill": label.color,
    }
    if label.centred:
        attributes["text-anchor"] = "middle"
    if label.bold:
        attributes["font-weight"] = "bold"
    if label.italic:
        attributes["font-style"] = "italic"
    ElementTree.SubElement(root, "text", attributes).text = label.text


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)
