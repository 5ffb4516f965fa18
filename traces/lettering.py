"""How wide text is, and where to break it.

The pictures are laid out before anyone knows which font will draw them, so the tables hold, for
each character, the wider of DejaVu Sans and Liberation Sans (which has the widths of Helvetica and
Arial). A label may come out narrower than its box, never wider.
"""

import unicodedata

#: Hundredths of the font size, for the characters from space to tilde.
_REGULAR = (
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 78, 67, 62, 78, 76, 30, 50, 67, 56, 87,
    75, 79, 67, 79, 73, 67, 62, 74, 69, 99, 69, 67, 69, 40, 34, 40, 84, 56, 50, 62, 64, 55, 64,
    62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64,
    34, 64, 84,
)  # fmt: skip
_BOLD = (
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 70, 40, 40, 84, 84, 84, 62, 100, 78, 77, 74, 84, 69, 69, 83, 84, 38, 56, 78, 64,
    100, 84, 86, 74, 86, 78, 73, 69, 82, 78, 111, 78, 73, 73, 46, 37, 46, 84, 56, 50, 68, 72,
    60, 72, 68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72, 66, 93, 65, 66,
    59, 72, 37, 72, 84,
)  # fmt: skip
_MONOSPACED = 61
_OTHER = 105


def width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """The most room, in points, that one line of `text` can take."""
    table = _BOLD if bold else _REGULAR
    total = 0
    for letter in text:
        if unicodedata.east_asian_width(letter) in "WF" or not 32 <= ord(letter) <= 126:
            total += _OTHER
        else:
            total += _MONOSPACED if mono else table[ord(letter) - 32]
    return total * size / 100


def clean(text: str) -> str:
    """`text` on one line, without characters that no font or file format can hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def wrapped(
    text: str, limit: float, size: float, *, bold: bool = False, mono: bool = False
) -> tuple[str, ...]:
    """`text` in lines no wider than `limit`, broken at spaces or inside a word too long for one."""
    lines: list[str] = []
    line = ""
    for word in clean(text).split():
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold, mono=mono) <= limit:
            line = longer
            continue
        if line:
            lines.append(line)
        line = ""
        for letter in word:
            if line and width(line + letter, size, bold=bold, mono=mono) > limit:
                lines.append(line)
                line = ""
            line += letter
    return (*lines, line) if line else tuple(lines)
