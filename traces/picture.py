"""A drawing as plain shapes in points, y downwards: what every picture format is made from.

Lines lie below shapes, and shapes below labels; within each, later ones lie on top.
"""

from typing import Literal

from attrs import frozen

Point = tuple[float, float]

#: The length of an arrowhead.
HEAD = 8.0

Dash = Literal["solid", "dashed", "dotted"]

INK = "#1f2a44"
GREY = "#9aa3b2"
FAINT = "#c9ced8"
WHITE = "#ffffff"
BLUE = "#1d4f91"
RED = "#cc2936"
PALE_RED = "#fdeaea"
GREEN = "#2f8f77"
PALE_GREEN = "#8fd0bf"
PALE = "#eef1f6"
BROWN = "#8a5a00"
CODE = "#3d4452"


@frozen
class Line:
    """A line through `points`; `head` puts an arrowhead on its end."""

    role: str
    points: tuple[Point, ...]
    color: str
    width: float = 1.0
    dash: Dash = "solid"
    head: bool = False


@frozen
class Shape:
    """A box or an ellipse around the centre (x, y); an empty colour draws nothing."""

    role: str
    kind: Literal["box", "ellipse"]
    x: float
    y: float
    width: float
    height: float
    fill: str = ""
    stroke: str = ""
    stroke_width: float = 1.0


@frozen
class Label:
    """One line of text in a box whose upper left corner is (x, y)."""

    role: str
    text: str
    x: float
    y: float
    width: float
    height: float
    size: float
    color: str
    bold: bool = False
    italic: bool = False
    mono: bool = False
    centred: bool = False


@frozen
class Picture:
    """A page of `width` x `height` points and what is on it."""

    width: float
    height: float
    lines: tuple[Line, ...]
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]


def number(value: float) -> str:
    """At most two decimals, so that the text does not change with the last bit of a float."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
