"""Rows: how fields are packed, and how the layout grows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.table.orbits import recall, remember
from checker.table.rows import Layout

WIDTHS = st.lists(st.integers(0, 31), min_size=1, max_size=30)


@given(WIDTHS, st.data())
def test_a_row_gives_back_its_fields(bits: list[int], data: st.DataObject) -> None:
    layout = Layout(bits)
    fields = [data.draw(st.integers(0, (1 << width) - 1)) for width in bits]
    row = layout.pack(fields)
    assert layout.unpack(row) == fields
    assert len(row) == layout.words and all(0 <= word < 1 << 63 for word in row)


@given(WIDTHS, st.lists(st.integers(1, 2000), min_size=30, max_size=30))
def test_a_grown_layout_holds_what_it_must_in_as_few_words_as_can_be(
    bits: list[int], most: list[int]
) -> None:
    counts = most[: len(bits)]
    grown = Layout(bits).grown(counts)
    assert grown.fits(counts)
    assert grown.words == Layout([(count - 1).bit_length() for count in counts]).words


def test_what_is_left_goes_to_the_fields_that_are_nearly_full() -> None:
    counts = [1 << 21, (1 << 20) + 1, (1 << 19) + 1]
    assert Layout([21, 21, 20]).grown(counts).bits == [22, 21, 20]
    # The third has just outgrown its own.
    assert Layout([21, 21, 19]).grown(counts).bits == [21, 21, 21]
    # What needs no place gets none; and no field gets more than its mask can say.
    assert Layout([20, 0]).grown([1 << 20, 1]).bits == [31, 0]


@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_canonical_form_is_recalled_for_its_own_row_alone(words: int) -> None:
    rows = np.array([[0] * words] + [[0] * x + [9] + [0] * (words - 1 - x) for x in range(words)])
    keys = rows + 100
    recent = np.zeros((2, 2 * words), dtype=np.int64)
    found = np.zeros_like(rows)
    for k in range(len(rows)):
        assert not recall(recent, 1, rows, k, found), "nobody has written it yet"
    for k in range(len(rows)):
        remember(recent, 1, rows, k, keys)
        assert [bool(recall(recent, 1, rows, x, found)) for x in range(len(rows))] == [
            x == k for x in range(len(rows))
        ]
        assert found[k].tolist() == keys[k].tolist()
    assert not recent[0].any()
