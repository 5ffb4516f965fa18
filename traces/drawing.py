"""The space-time diagram of a trace, as a `Picture`."""

from itertools import pairwise
from math import hypot

from attrs import define, field

from traces import lettering
from traces.layout import (
    GUTTER,
    HEADER,
    MARGIN,
    TAG_LINE,
    TAG_PADDING,
    TEXT_OFFSET,
    Layout,
    header_width,
    lay_out,
    tag_height,
    tag_width,
)
from traces.messages import Flight
from traces.picture import (
    BLUE,
    BROWN,
    CODE,
    FAINT,
    GREEN,
    GREY,
    INK,
    PALE,
    PALE_GREEN,
    PALE_RED,
    RED,
    WHITE,
    Dash,
    Label,
    Line,
    Picture,
    Point,
    Shape,
)
from traces.story import Banner, Span, Story, story
from traces.trace import Trace

_STUB = 46.0
_LOST_STUB = 30.0
_CROSS = 4.5


def draw(trace: Trace) -> Picture:
    """The picture of a trace."""
    return _Artist.of(story(trace)).finish()


@define
class _Artist:
    """Collects the parts of one picture."""

    story: Story
    layout: Layout
    head: tuple[Label, ...]
    lines: list[Line] = field(factory=list)
    shapes: list[Shape] = field(factory=list)
    labels: list[Label] = field(factory=list)

    @classmethod
    def of(cls, told: Story) -> "_Artist":
        # The page must be as wide as its columns before the head can be wrapped to it.
        width = lay_out(told, 0.0).width
        head = _head(told, width)
        bottom = max(label.y + label.height for label in head)
        return cls(told, lay_out(told, bottom + 14), head)

    def finish(self) -> Picture:
        self._lifelines()
        self._partitions()
        self._reads()
        for number, flight in enumerate(self.story.flights):
            self._flight(number, flight)
        self._headers()
        self._marks()
        self._tags()
        self._texts()
        bottom = self._foot()
        return Picture(
            width=self.layout.width,
            height=bottom + MARGIN,
            lines=tuple(self.lines),
            shapes=tuple(self.shapes),
            labels=(*self.head, *self.labels),
        )

    # -- lanes --------------------------------------------------------------------------------

    def _after(self, row: int) -> float:
        """Where something that lasts through `row` ends: at the next dot, or at the foot."""
        rows = self.layout.rows
        return rows[row + 1].dot if row + 1 < len(rows) else self.layout.foot

    def _from(self, row: int) -> float:
        return self.layout.rows[row].dot if row else self._top()

    def _top(self) -> float:
        """The lower edge of the boxes with the names of the lanes."""
        return self._head_bottom() + HEADER

    def _head_bottom(self) -> float:
        return max(label.y + label.height for label in self.head) + 14

    def _lifelines(self) -> None:
        for band in self.story.bands:
            x = self.layout.columns[band.lane].x
            points = ((x, self._from(band.first)), (x, self._after(band.last)))
            self.lines.append(Line("band", points, PALE_GREEN, 13.0))
        looks: tuple[tuple[tuple[Span, ...], Dash], ...] = (
            (self.story.down, "dotted"),
            (self.story.paused, "dashed"),
        )
        for lane, column in self.layout.columns.items():
            outages = [
                (self._from(span.first), self._after(span.last), dash)
                for spans, dash in looks
                for span in spans
                if span.lane == lane
            ]
            edges = sorted(
                {self._top(), self.layout.foot, *(y for out in outages for y in out[:2])}
            )
            for start, end in pairwise(edges):
                dash: Dash = next((d for low, high, d in outages if low <= start < high), "solid")
                points = ((column.x, start), (column.x, end))
                color, width = (GREY, 1.2) if dash == "solid" else (INK, 1.8)
                self.lines.append(Line("lifeline", points, color, width, dash))

    def _headers(self) -> None:
        for lane, column in self.layout.columns.items():
            for y in (self._head_bottom(), self.layout.foot):
                guilty = lane in self.story.culprits and y == self.layout.foot
                middle = y + HEADER / 2
                self.shapes.append(
                    Shape(
                        "lane",
                        "box",
                        column.x,
                        middle,
                        column.header,
                        HEADER - 2,
                        PALE_RED if guilty else PALE,
                        RED if guilty else INK,
                        1.6 if guilty else 1.0,
                    )
                )
                width = header_width(lane) - 4
                text = lettering.clean(lane)
                self.labels.append(
                    Label(
                        "lane",
                        text,
                        column.x - width / 2,
                        middle - 8,
                        width,
                        16,
                        12,
                        RED if guilty else INK,
                        bold=True,
                        centred=True,
                    )
                )

    # -- partitions, reads and messages --------------------------------------------------------

    def _partitions(self) -> None:
        looks: dict[str, tuple[float, Dash]] = {
            "full": (4.5, "solid"),
            "one-way": (4.5, "dashed"),
            "partial": (1.8, "dashed"),
        }
        for partition in self.story.partitions:
            for wall in partition.walls:
                x = self.layout.walls[wall.gap]
                width, dash = looks[wall.kind]
                points = ((x, self._from(partition.first)), (x, self._after(partition.last)))
                self.lines.append(Line("wall", points, RED, width, dash))

    def _reads(self) -> None:
        sent = {(way.envelope.src, way.sent) for way in self.story.flights}
        for read in self.story.reads:
            x = self.layout.columns[read.lane].x
            # Below the messages that leave the lane there.
            sends = (read.lane, read.row - 1) in sent
            y = self.layout.rows[read.row - 1].bottom + (18 if sends else 4)
            points = ((x, y), self._tip(read.reader, read.row, x))
            self.lines.append(Line("read", points, INK, 1.1, "dotted", head=True))
            self.shapes.append(Shape("read", "ellipse", x, y, 6, 6, WHITE, INK))

    def _tip(self, lane: str, row: int, x: float) -> Point:
        """Where an arrow from `x` touches the dot, or the ring around it: on the upper edge, above
        the text."""
        target, dot = self.layout.columns[lane].x, self.layout.rows[row].dot
        ringed = lane in self.story.culprits and dot == self.layout.ring
        side, up = (6.5, 11.0) if ringed else (3.5, 5.5)
        return target + (side if x > target else -side), dot - up

    def _flight(self, number: int, flight: Flight) -> None:
        if flight.fate == "again":
            return
        start = (self.layout.columns[flight.envelope.src].x, self.layout.rows[flight.sent].bottom)
        if number in self.layout.channels:
            self._waiting_flight(number, flight, start)
        elif flight.fate == "delivered" and flight.ended is not None:
            tip = self._tip(flight.envelope.dst, flight.ended, start[0])
            self._arrow((start, tip))
        elif flight.copied is None or flight.fate != "in flight":
            end = self._stub_end(flight, start)
            if flight.fate == "in flight":
                self._arrow((start, end), "dotted")
            else:
                self.lines.append(Line("arrow", (start, end), BLUE, 1.3, "dotted"))
                self._cross(*end)

    def _stub_end(self, flight: Flight, start: Point) -> Point:
        """A short way towards the receiver, still inside the gap. What is lost at once ends earlier, so
        that its cross lies on no other message."""
        reach = self.layout.columns[flight.envelope.dst].x - start[0]
        if reach == 0:
            return start[0] - 12, start[1] + 14
        length = _STUB if flight.fate == "in flight" else _LOST_STUB
        step = min(length, abs(reach) / 2)
        return start[0] + (step if reach > 0 else -step), start[1] + 14

    def _waiting_flight(self, number: int, flight: Flight, start: Point) -> None:
        assert flight.ended is not None
        rows = self.layout.rows
        x = self.layout.channel_x(number, flight)
        gap_end = rows[flight.sent + 1].top - 6
        if flight.fate == "delivered":
            leave = max(rows[flight.ended - 1].bottom + 4, gap_end)
            tip = self._tip(flight.envelope.dst, flight.ended, x)
            self._arrow((start, (x, gap_end), (x, leave), tip))
        else:
            end = self._cross_y(flight)
            self.lines.append(Line("arrow", (start, (x, gap_end), (x, end)), BLUE, 1.3))
            self._cross(x, end)
        if flight.copied is not None:
            y = rows[flight.copied].dot
            self.shapes.append(Shape("copy", "ellipse", x, y, 8, 8, WHITE, BLUE, 1.6))

    def _cross_y(self, flight: Flight) -> float:
        assert flight.ended is not None
        return self.layout.rows[flight.ended].dot

    def _arrow(self, points: tuple[Point, ...], dash: Dash = "solid") -> None:
        kept = [points[0]]
        for point in points[1:]:
            if hypot(point[0] - kept[-1][0], point[1] - kept[-1][1]) > 0.5:
                kept.append(point)
        self.lines.append(Line("arrow", tuple(kept), BLUE, 1.3, dash, head=True))

    def _cross(self, x: float, y: float, color: str = RED, role: str = "lost") -> None:
        for sign in (1, -1):
            ends = ((x - _CROSS, y - _CROSS * sign), (x + _CROSS, y + _CROSS * sign))
            self.lines.append(Line(role, ends, color, 2.6))

    # -- marks and text -----------------------------------------------------------------------

    def _marks(self) -> None:
        for cell in self.story.cells:
            x, row = self.layout.columns[cell.lane].x, self.layout.rows[cell.row]
            y = row.dot if cell.row else self._top() + 8
            if cell.sent and cell.mark is not None:
                self.lines.append(Line("stem", ((x, y), (x, row.bottom)), INK, 2.4))
            if cell.mark == "dot":
                self.shapes.append(Shape("dot", "ellipse", x, y, 10, 10, INK, WHITE))
            elif cell.mark == "crash":
                self._cross(x, y, INK, "crash")
            elif cell.mark == "restart":
                self.shapes.append(Shape("restart", "ellipse", x, y, 10, 10, WHITE, INK, 2.0))
            elif cell.mark == "resume":
                self.shapes.append(Shape("resume", "box", x, y, 9, 9, WHITE, INK, 2.0))
            elif cell.mark == "pause":
                self.shapes.append(Shape("pause", "box", x, y, 12, 12, WHITE))
                for side in (-3, 3):
                    self.shapes.append(Shape("pause", "box", x + side, y, 3, 11, INK))
        for lane in self.story.culprits:
            x = self.layout.columns[lane].x
            self.shapes.append(Shape("ring", "ellipse", x, self.layout.ring, 23, 23, "", RED, 2.6))

    def _tags(self) -> None:
        for row, tags in self.layout.tags.items():
            y = self.layout.rows[row].top
            for banner, lines in tags:
                width, height = tag_width(lines), tag_height(lines)
                left = self._tag_left(banner, width)
                calm = banner.kind == "heal"
                middle = (left + width / 2, y + height / 2)
                fill, stroke = (WHITE, GREY) if calm else (PALE_RED, RED)
                self.shapes.append(Shape("tag", "box", *middle, width, height, fill, stroke))
                for number, line in enumerate(lines):
                    top = y + TAG_PADDING / 2 + number * TAG_LINE
                    box = (left + 2, top, width - 4, TAG_LINE)
                    color = CODE if calm else RED
                    self.labels.append(
                        Label("tag", line, *box, 9.5, color, bold=True, centred=True)
                    )
                y += height + 4

    def _tag_left(self, banner: Banner, width: float) -> float:
        """A tag stands on its wall, or beside the message that it speaks of."""
        low, high = MARGIN + GUTTER, self.layout.width - MARGIN - width
        for number, flight in enumerate(self.story.flights):
            if number in self.layout.channels and banner.row in (
                flight.copied if banner.kind == "duplicate" else None,
                flight.ended if banner.kind == "drop" and flight.fate == "lost" else None,
            ):
                x = self.layout.channel_x(number, flight)
                return x + 9 if x + 9 <= high else max(low, x - 9 - width)
        wanted = self.layout.width / 2
        for partition in self.story.partitions:
            if banner.kind == "cut" and partition.first == banner.row:
                wanted = self.layout.walls[partition.walls[0].gap]
            if banner.kind == "heal" and partition.last == banner.row - 1:
                wanted = self.layout.walls[partition.walls[0].gap]
        return min(max(low, wanted - width / 2), high)

    def _texts(self) -> None:
        for number, row in enumerate(self.layout.rows):
            if number:
                box = (MARGIN, row.dot - 7, GUTTER - 8, 14)
                self.labels.append(Label("step", str(number), *box, 9, GREY, centred=True))
        for (lane, number), block in self.layout.blocks.items():
            x = self.layout.columns[lane].x + TEXT_OFFSET
            y = self.layout.rows[number].text
            for line in block:
                if line.pill:
                    middle = (x + line.width / 2, y + line.height / 2)
                    size = (line.width, line.height - 1.5)
                    self.shapes.append(Shape("pill", "box", *middle, *size, GREEN))
                inset = 5.0 if line.pill else 0.0
                self.labels.append(
                    Label(
                        line.role,
                        line.text,
                        x + inset,
                        y,
                        line.width - inset,
                        line.height,
                        line.size,
                        line.color,
                        line.bold,
                        line.italic,
                        line.mono,
                    )
                )
                y += line.height

    def _foot(self) -> float:
        """The property in words; gives the lower edge of the last line."""
        broken = bool(self.story.culprits or self.story.reason)
        y = self.layout.foot + HEADER + 12
        limit = self.layout.width - 2 * MARGIN
        parts = (
            (self.story.property, 12, RED if broken else INK, True),
            (self.story.sentence, 11, INK, False),
            (self.story.reason, 11, RED, False),
        )
        for text, size, color, bold in parts:
            for line in lettering.wrapped(text, limit, size, bold=bold):
                box = (MARGIN, y, limit, size * 1.35)
                self.labels.append(Label("foot", line, *box, size, color, bold=bold))
                y += size * 1.35
        self.lines.append(
            Line(
                "rule",
                (
                    (MARGIN, self.layout.foot + HEADER + 6),
                    (MARGIN + limit, self.layout.foot + HEADER + 6),
                ),
                FAINT,
            )
        )
        return y


def _head(told: Story, width: float) -> tuple[Label, ...]:
    """The model and its settings at the head of the page."""
    limit = width - 2 * MARGIN
    labels: list[Label] = []
    y = MARGIN
    parts = [(told.title, 15.0, INK, True), (told.property, 11.0, BROWN, True)]
    parts += [(line, 9.5, CODE, False) for line in told.settings]
    for text, size, color, bold in parts:
        for line in lettering.wrapped(text, limit, size, bold=bold):
            labels.append(
                Label("head", line, MARGIN, y, limit, size * 1.35, size, color, bold=bold)
            )
            y += size * 1.35
    return tuple(labels)
