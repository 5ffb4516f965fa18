"""How a state is packed into a row of 64-bit words.

A row has a field for each local state, the world, the history and each channel's content, each just
wide enough for the numbers in use. No field straddles two words. When numbers outgrow a field,
all rows are laid out anew, which is rare: a field grows by a bit at a time.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace

from checker.table.blocks import Block
from checker.table.kernels import kernel, part

#: How many bits of a word are used: without the last, arithmetic on it needs no unsigned numbers.
WIDTH = 63
#: The most bits of a field: its mask stands in a table, as an int32.
WIDEST = 31


class Layout:
    """Where each field of a row stands.

    bits: how wide each field is. word, shift, mask: (fields,) int64. words: how many 64-bit words a row
    has.
    """

    def __init__(self, bits: Sequence[int]) -> None:
        """bits: of each field, in the order in which they are given their places."""
        self.bits = list(bits)
        places, self.words = _placed(self.bits)
        self._fields = [
            (word, shift, (1 << width) - 1)
            for (word, shift), width in zip(places, self.bits, strict=True)
        ]
        self.word, self.shift, self.mask = (
            Block.of("int64", numbers) for numbers in zip(*self._fields, strict=True)
        )

    def grown(self, counts: Sequence[int]) -> "Layout":
        """A layout that holds so many numbers, of as few words as can be. What is left of these goes
        to the fields, bit by bit, each to that which is nearest to outgrowing its own; one that has
        just done so is likely to do it again."""
        bits = _widths(counts)
        _, words = _placed(bits)
        full = [
            (-count / (1 << width) * (2 if width > self.bits[field] else 1), field)
            for field, (count, width) in enumerate(zip(counts, bits, strict=True))
            if width
        ]
        heapify(full)
        while full:
            rate, field = full[0]
            bits[field] += 1
            if bits[field] <= WIDEST and _placed(bits)[1] == words:
                heapreplace(full, (rate / 2, field))
            else:
                bits[field] -= 1
                heappop(full)
        return Layout(bits)

    def fits(self, counts: Sequence[int]) -> bool:
        """Whether the fields can hold so many different numbers."""
        return all(count <= 1 << bits for count, bits in zip(counts, self.bits, strict=True))

    def pack(self, values: Sequence[int]) -> list[int]:
        """The row of these fields."""
        row = [0] * self.words
        for (word, shift, _), value in zip(self._fields, values, strict=True):
            row[word] |= value << shift
        return row

    def unpack(self, row: Sequence[int], count: int | None = None) -> list[int]:
        """The fields of a row, or so many of them."""
        return [row[w] >> s & m for w, s, m in self._fields[:count]]


def _widths(counts: Sequence[int]) -> list[int]:
    return [max(count - 1, 0).bit_length() for count in counts]


def _placed(bits: Sequence[int]) -> tuple[list[tuple[int, int]], int]:
    """Word and shift of each field, in the first word that has room, and how many words that takes."""
    used, places = [0], []
    for width in bits:
        word = 0
        while width and used[word] + width > WIDTH:
            word += 1
            if word == len(used):
                used.append(0)
        places.append((word, used[word]))
        used[word] += width
    return places, len(used)


@part
def move_row(rows, at, word, shift, mask, new_rows, k, new_word, new_shift):  # type: ignore[no-untyped-def]
    """Copies the fields of a row to another, laid out as the new words and shifts say."""
    for w in range(new_rows.shape[1]):
        new_rows[k, w] = 0
    for f in range(word.shape[0]):
        if mask[f] != 0:
            value = (rows[at, word[f]] >> shift[f]) & mask[f]
            new_rows[k, new_word[f]] |= value << new_shift[f]


@kernel
def move_rows(rows, begin, end, word, shift, mask, new_rows, new_word, new_shift):  # type: ignore[no-untyped-def]
    """The same for the rows from `begin` to `end`."""
    for at in range(begin, end):
        move_row(rows, at, word, shift, mask, new_rows, at, new_word, new_shift)
