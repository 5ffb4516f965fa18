"""What the memory probe hands over, apart from it: whoever reads this need not load the compiler."""

from attrs import frozen


@frozen
class Reading:
    """Random reads of memory per second, by all threads together."""

    #: "dependent" or "independent".
    kind: str
    threads: int
    per_second: float
