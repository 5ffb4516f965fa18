"""How a state is packed into a row of 64-bit words.

A row has a field for each local state, the world, the history and each channel's content, each just
wide enough for the numbers in use. No field straddles two words. When numbers outgrow a field,
all rows are laid out anew, which is rare: a field grows by a bit at a time.
"""

from collections.abc import Sequence

import numpy as np

from checker.table.arrays import Array
from checker.table.kernels import kernel, part


class Layout:
    """Where each field of a row stands.

    word, shift, mask: (fields,) int64. words: how many 64-bit words a row has. 63 bits of a word are
    used, so that arithmetic on it needs no unsigned numbers.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        """counts: how many different numbers each field must hold."""
        self._pack([max(count - 1, 0).bit_length() for count in counts])

    @classmethod
    def of_bits(cls, bits: Sequence[int]) -> "Layout":
        """The layout whose fields have these widths."""
        return cls([1 << width for width in bits])

    def _pack(self, bits: list[int]) -> None:
        self.bits = bits
        self.word = np.zeros(len(bits), dtype=np.int64)
        self.shift = np.zeros(len(bits), dtype=np.int64)
        used = [0]
        for field, width in enumerate(bits):
            at = next((w for w, u in enumerate(used) if u + width <= 63), len(used))
            if at == len(used):
                used.append(0)
            self.word[field], self.shift[field] = at, used[at]
            used[at] += width
        self.mask = np.array([(1 << width) - 1 for width in bits], dtype=np.int64)
        self.words = len(used)
        self._fields = list(
            zip(self.word.tolist(), self.shift.tolist(), self.mask.tolist(), strict=True)
        )

    def grown(self, counts: Sequence[int]) -> "Layout":
        """A layout that holds so many numbers, of as few words as can be. What is left of these goes
        to the fields, a bit each: to those that have outgrown theirs, which are likely to do so again,
        then to all, the narrowest first."""
        found = Layout(counts)
        fields = sorted(
            (f for f, width in enumerate(found.bits) if width), key=found.bits.__getitem__
        )
        for field in [*(f for f in fields if found.bits[f] > self.bits[f]), *fields]:
            spare = Layout.of_bits([w + (f == field) for f, w in enumerate(found.bits)])
            if spare.words == found.words:
                found = spare
        return found

    def fits(self, counts: Sequence[int]) -> bool:
        """Whether the fields can hold so many different numbers."""
        return all(count <= 1 << bits for count, bits in zip(counts, self.bits, strict=True))

    def pack(self, values: Sequence[int]) -> Array:
        """The row of these fields."""
        row = np.zeros(self.words, dtype=np.int64)
        for field, value in enumerate(values):
            row[self.word[field]] |= value << int(self.shift[field])
        return row

    def unpack(self, row: Array) -> list[int]:
        """The fields of a row."""
        words = row.tolist()
        return [words[w] >> s & m for w, s, m in self._fields]


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
def move_rows(rows, size, word, shift, mask, new_rows, new_word, new_shift):  # type: ignore[no-untyped-def]
    """The same for the first `size` rows."""
    for at in range(size):
        move_row(rows, at, word, shift, mask, new_rows, at, new_word, new_shift)
