"""Where everything stands: a column for each lane, a row for each step, and the gaps between.

Text has its own room beside the lifeline. Messages fly only through the gaps between rows, and a
message that waits does so in a channel beside its sender's column, on the sender's side of any
wall. So nothing that is drawn crosses the text of a lane, by construction.
"""

from collections.abc import Iterable

from attrs import frozen

from traces import lettering
from traces.messages import Flight
from traces.picture import BLUE, BROWN, CODE, INK, RED, WHITE
from traces.story import Banner, Cell, Story

MARGIN = 22.0
GUTTER = 26.0
HEADER = 24.0
TEXT_OFFSET = 15.0
CHANNEL = 12.0
TEXT_LIMIT = 190.0
TAG_LIMIT = 190.0
TAG_LINE = 12.5
TAG_PADDING = 6.0
_LEAST_PAGE = 500.0
_LEFT = 16.0
_WALL = 18.0
_GAP = 32.0
_QUIET_GAP = 12.0


@frozen
class TextLine:
    """One line of a cell; `pill` fills its background."""

    role: str
    text: str
    size: float
    height: float
    width: float
    color: str
    bold: bool = False
    italic: bool = False
    mono: bool = False
    pill: bool = False


@frozen
class Column:
    """A lane: its lifeline at `x`, its text from `x + TEXT_OFFSET`, channels on both sides."""

    x: float
    header: float
    right_channels: float


@frozen
class Row:
    """A step: banners from `top`, then dots at `dot` and text from `text` down to `bottom`."""

    top: float
    dot: float
    text: float
    bottom: float


@frozen
class Layout:
    """Positions in points.

    channels: for each waiting flight (by its number) the number of its channel.
    walls: gap between lanes -> x; ring: the height of the rings around those who break the
        property; foot: the end of the lifelines.
    """

    columns: dict[str, Column]
    rows: tuple[Row, ...]
    blocks: dict[tuple[str, int], tuple[TextLine, ...]]
    tags: dict[int, tuple[tuple[Banner, tuple[str, ...]], ...]]
    channels: dict[int, int]
    walls: dict[int, float]
    width: float
    ring: float
    foot: float

    def channel_x(self, number: int, flight: Flight) -> float:
        """Where flight `number` waits."""
        column = self.columns[flight.envelope.src]
        offset = CHANNEL * (self.channels[number] + 0.5)
        if self.columns[flight.envelope.dst].x > column.x:
            return column.right_channels + offset
        return column.x - _LEFT - offset


def text_block(cell: Cell) -> tuple[TextLine, ...]:
    """The lines of a cell, top to bottom."""
    lines: list[TextLine] = []

    def add(role: str, text: str, size: float, color: str, **look: bool) -> None:
        pill = look.pop("pill", False)
        letters = {name: on for name, on in look.items() if name != "italic"}
        for piece in lettering.wrapped(text, TEXT_LIMIT, size, **letters):
            room = lettering.width(piece, size, **letters) + (12.0 if pill else 0.0)
            height = round(size * 1.3 + (3.0 if pill else 0.0), 1)
            lines.append(TextLine(role, piece, size, height, room, color, pill=pill, **look))

    add("title", cell.title, 11, INK, bold=True)
    add("received", cell.received, 9.5, BLUE)
    add("note", cell.note, 9.5, BROWN, italic=True)
    for change in cell.changes:
        add("change", change, 9, CODE, mono=True)
    add("leads", cell.leads, 9.5, WHITE, bold=True, pill=True)
    for sent in cell.sent:
        add("sent", sent.text, 9.5, RED if sent.lost else BLUE)
    return tuple(lines)


def header_width(lane: str) -> float:
    """The width of the box that names a lane."""
    return lettering.width(lettering.clean(lane), 12, bold=True) + 18


def tag_width(lines: tuple[str, ...]) -> float:
    """The width of a tag with these lines."""
    return max((lettering.width(line, 9.5, bold=True) for line in lines), default=0.0) + 14


def lay_out(story: Story, top: float) -> Layout:
    """Positions for `story` on a page whose head ends at `top`."""
    blocks = {(cell.lane, cell.row): text_block(cell) for cell in story.cells}
    tags: dict[int, tuple[tuple[Banner, tuple[str, ...]], ...]] = {}
    for banner in story.banners:
        lines = lettering.wrapped(banner.text, TAG_LIMIT, 9.5, bold=True)
        tags[banner.row] = (*tags.get(banner.row, ()), (banner, lines))
    position = {lane: place for place, lane in enumerate(story.lanes)}
    rightward = [way.envelope.dst for way in story.flights]
    right = [
        position[dst] > position[way.envelope.src]
        for dst, way in zip(rightward, story.flights, strict=True)
    ]
    channels = _channels(story.flights, right)
    columns: dict[str, Column] = {}
    walls: dict[int, float] = {}
    walled = {wall.gap for partition in story.partitions for wall in partition.walls}
    x = MARGIN + GUTTER
    for place, lane in enumerate(story.lanes):
        text = [
            line.width for (owner, _), block in blocks.items() if owner == lane for line in block
        ]
        widest = max(text, default=40.0)
        used = {side: _used(lane, side, story.flights, right, channels) for side in (False, True)}
        half = header_width(lane) / 2 + 5
        x += max(_LEFT + CHANNEL * used[False], half)
        right_channels = x + TEXT_OFFSET + widest + 6
        columns[lane] = Column(x, header_width(lane), right_channels)
        x = max(right_channels + CHANNEL * used[True] + 4, x + half)
        if place in walled:
            walls[place] = x + _WALL / 2
            x += _WALL
    rows = _rows(story, blocks, tags, top + HEADER)
    # A tag in the last row would lie under a ring at its height.
    only_tags = all(row < len(rows) - 1 for _, row in blocks)
    ring = rows[-1].bottom + 14 if only_tags and len(rows) - 1 in tags else rows[-1].dot
    return Layout(
        columns=columns,
        rows=rows,
        blocks=blocks,
        tags=tags,
        channels=channels,
        walls=walls,
        width=max(x + MARGIN, _LEAST_PAGE),
        ring=ring,
        foot=max(rows[-1].bottom, ring) + 22,
    )


def waits(flight: Flight) -> bool:
    """Whether a flight needs a channel: its end is not in the gap into which it was sent."""
    if flight.ended is None or flight.fate == "again":
        return False
    return flight.ended > flight.sent + (
        1 if flight.fate == "delivered" and not _to_itself(flight) else 0
    )


def _to_itself(flight: Flight) -> bool:
    return flight.envelope.src == flight.envelope.dst


def _channels(flights: tuple[Flight, ...], right: list[bool]) -> dict[int, int]:
    """For each waiting flight the lowest channel on its side that is free all the while."""
    channels: dict[int, int] = {}
    taken: dict[tuple[str, bool, int], list[tuple[int, int]]] = {}
    for number, flight in enumerate(flights):
        if not waits(flight) or flight.ended is None:
            continue
        channel = 0
        while True:
            spans = taken.setdefault((flight.envelope.src, right[number], channel), [])
            if all(flight.ended < first or last < flight.sent for first, last in spans):
                break
            channel += 1
        spans.append((flight.sent, flight.ended))
        channels[number] = channel
    return channels


def _used(
    lane: str,
    side: bool,
    flights: tuple[Flight, ...],
    right: list[bool],
    channels: dict[int, int],
) -> int:
    """How many channels a lane needs on its right (or left) side."""
    numbers = [
        channel + 1
        for number, channel in channels.items()
        if flights[number].envelope.src == lane and right[number] == side
    ]
    return max(numbers, default=0)


def _rows(
    story: Story,
    blocks: dict[tuple[str, int], tuple[TextLine, ...]],
    tags: dict[int, tuple[tuple[Banner, tuple[str, ...]], ...]],
    y: float,
) -> tuple[Row, ...]:
    busy = {way.sent for way in story.flights if way.fate != "again"}
    busy |= {way.ended - 1 for way in story.flights if way.ended and way.fate == "delivered"}
    busy |= {read.row - 1 for read in story.reads}
    heights: dict[int, float] = {}
    for (_, row), block in blocks.items():
        heights[row] = max(heights.get(row, 0.0), sum(line.height for line in block))
    rows = []
    y += _QUIET_GAP
    for row in range(story.rows):
        start = y
        dot = y + 5
        for number, (_, lines) in enumerate(tags.get(row, ())):
            height = tag_height(lines)
            dot = dot if number else y + height / 2
            y += height + 4
        text = y
        if row in heights:
            # Below a tag there is room for the ring around the dot.
            y += 6 if row in tags else 0
            text, dot = y, y + 5
            y += max(heights[row], 12.0)
        y = max(y, dot + 2)
        rows.append(Row(start, dot, text, y))
        y += _GAP if row in busy else _QUIET_GAP
    return tuple(rows)


def tag_height(lines: Iterable[str]) -> float:
    """The height of a tag with these lines."""
    return TAG_LINE * len(tuple(lines)) + TAG_PADDING
