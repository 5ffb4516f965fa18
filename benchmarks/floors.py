"""What splitbrain's table engine must reach beside the others, as ratios within one run."""

from collections.abc import Sequence

from attrs import frozen

from benchmarks.measuring import Row, ratio
from benchmarks.tools import (
    REFERENCE,
    SPIN_BREADTH,
    SPIN_DEPTH,
    TABLE,
    TABLE_2,
    TABLE_SYMMETRY,
    Tlc,
)

#: Renaming pays where many states are one: the floor is for this size.
SYMMETRIC = "raft-5-2"


@frozen
class Floor:
    """A ratio that must be reached."""

    size: str
    what: str
    asked: float
    #: None where a run that it needs is missing.
    reached: float | None

    @property
    def met(self) -> bool | None:
        """Whether it was met in this run, if that can be said."""
        return None if self.reached is None else self.reached >= self.asked


def floors(rows: Sequence[Row]) -> list[Floor]:
    """The floors for the rows of one size."""
    right = {row.tool: row for row in rows if row.counts and not row.wrong and not row.failed}

    def rounds(*names: str) -> list[float]:
        """The seconds of each round; of several tools, those of the fastest in it."""
        return [min(r) for r in zip(*(right[n].rounds for n in names if n in right), strict=False)]

    def least(*names: str) -> list[float]:
        """The memory of the leanest of several tools, which does not change from round to round."""
        return sorted(right[name].bytes_per_state for name in names if name in right)[:1]

    one, two = rounds(TABLE.name), rounds(TABLE_2.name)
    spin = (SPIN_DEPTH.name, SPIN_BREADTH.name)
    ratios = [
        ("time of SPIN (the faster order) / one worker", 1.0, rounds(*spin), one),
        ("time of one worker / two workers", 1.7, one, two),
        ("time of TLC with two workers / two workers", 20.0, rounds(Tlc(None).name), two),
        ("time of the reference explorer / one worker", 50.0, rounds(REFERENCE.name), one),
        ("memory of SPIN (the leaner order) / one worker", 1.0, least(*spin), least(TABLE.name)),
    ]
    if rows[0].size.name == SYMMETRIC:
        ratios.append(("time without symmetry / with", 10.0, one, rounds(TABLE_SYMMETRY.name)))
    return [
        Floor(rows[0].size.title, what, asked, ratio(above, below))
        for what, asked, above, below in ratios
    ]
