"""What the memory probe hands over, apart from it: whoever reads this need not load the compiler."""

from attrs import frozen


@frozen
class Reading:
    """Random reads of memory per second, or steps of arithmetic, by all threads together."""

    #: "dependent", "independent" or "arithmetic".
    kind: str
    threads: int
    per_second: float
