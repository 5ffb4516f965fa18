"""Kernels read and write within their arrays only: compiled, they do not look.

The same functions run as plain Python here, on arrays that refuse an index below 0 or beyond the end.
"""

from typing import Any

import numpy as np
import pytest
from table_arrays import array_of
from table_samples import Question, assert_agreement

from benchmarks.models.raft_election import RaftElection
from checker.reference import Limits, Search
from checker.registry import find
from checker.table.blocks import Block
from checker.table.kernels import Kernel


class Strict(np.ndarray[Any, Any]):
    """An array that has no negative indexes."""

    def _look(self, index: Any) -> None:
        for axis, at in enumerate(index if isinstance(index, tuple) else (index,)):
            if not isinstance(at, slice) and not 0 <= at < self.shape[axis]:
                raise IndexError(f"{index} in an array of shape {self.shape}")

    def __getitem__(self, index: Any) -> Any:
        self._look(index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._look(index)
        super().__setitem__(index, value)


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels run as plain Python, on strict arrays and numbers of 64 bits."""

    def given(arg: Any) -> Any:
        if isinstance(arg, Block):
            return array_of(arg).view(Strict)
        # Kernels that call each other pass on what they were given.
        return arg if isinstance(arg, Strict) else np.int64(arg)

    def call(kernel: Kernel, *args: Any) -> int:
        with np.errstate(over="ignore"):
            return int(kernel.function(*map(given, args)) or 0)

    monkeypatch.setattr(Kernel, "__call__", call)


@pytest.mark.parametrize("search", ["bfs", "dfs", "random"])
@pytest.mark.parametrize("symmetry", [False, True], ids=["plain", "symmetric"])
def test_no_kernel_leaves_its_arrays(search: Search, symmetry: bool) -> None:
    model = RaftElection(nodes=3, max_term=1)
    limits = Limits(walks=10, depth=12 if search == "random" else None)
    asked = Question(model, model.environment, model.properties, search, limits, symmetry)
    assert_agreement(asked)


@pytest.mark.parametrize("name", ["elasticsearch", "zab", "raft", "bully"])
def test_nor_with_polls_faults_and_histories(name: str) -> None:
    model = find(name).protocol()
    asked = Question(model, type(model).environment, model.properties, limits=Limits(states=150))
    assert_agreement(asked)


@pytest.mark.parametrize("index", [-1, 4, (-1,)])
def test_strict_arrays_refuse_what_lies_outside(index: Any) -> None:
    slots = np.zeros(4, dtype=np.int64).view(Strict)
    with pytest.raises(IndexError):
        slots[index]
    with pytest.raises(IndexError):
        slots[index] = 1
