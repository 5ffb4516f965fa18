"""What checkpoints a search keeps; below the engines, one of which writes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs


@attrs.frozen
class Keep:
    """Checkpoints of a search. directory: where. identity: what another search must have in common to
    go on from one. every: seconds between two. resume: go on from the one that is there."""

    FILE: ClassVar[str] = "checkpoint.npz"

    directory: Path
    identity: Mapping[str, Any]
    every: float = 180.0
    resume: bool = False
