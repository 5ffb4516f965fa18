"""Checkpoints: a search on disk, from which it goes on as if it had never been interrupted.

States are numbers, and numbers are given in the order in which the model is asked. So what was asked
is kept, and asked again when the search goes on: everything gets its old number, and no object of
the model's need be written. A file is written whole or not at all.
"""

import json
import os
from array import array
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from checker.errors import ModelError, UsageError
from checker.keeping import Keep
from checker.table.blocks import CODES, Block
from checker.table.rows import Layout
from checker.table.searching import INITIAL, TableSearch


def save(search: TableSearch, keep: Keep, place: Mapping[str, int]) -> None:
    """Write the search to disk. place: numbers that say where in its states it is."""
    store, size = search.store, search.store.size
    meta = {
        "identity": keep.identity,
        "place": dict(place),
        "transitions": search.transitions,
        "depth": search.counts.depth,
        "events": search.events,
        "counts": search.filling.counts(),
        "names": [str(name) for name in search.filling.names.items],
        "seconds": search.seconds,
    }
    arrays: dict[str, Any] = {
        "meta": np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
        "rows": array_of(store.rows.part(0, size)),
        "parents": array_of(store.parents.part(0, size)),
        "bits": np.array(search.filling.layout.bits, dtype=np.int64),
        "log": np.array(search.filling.log, dtype=np.int64).reshape(-1, 5),
        "coverage": array_of(search.coverage),
    }
    file = keep.directory / keep.FILE
    aside = file.with_suffix(f".{os.getpid()}.part")
    try:
        with aside.open("wb") as stream:
            np.savez(stream, **arrays)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def load(search: TableSearch, keep: Keep) -> dict[str, int]:
    """Bring a search that has not begun to where the checkpoint was; its place. Raises UsageError."""
    file = keep.directory / keep.FILE
    try:
        with np.load(file, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        meta = json.loads(arrays["meta"].tobytes())
        rows, parents = arrays["rows"], arrays["parents"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{file} is no checkpoint of splitbrain: {error}") from error
    _compare(file, meta["identity"], dict(keep.identity))
    _ask_again(search, arrays["log"])
    filling, store = search.filling, search.store
    names = [str(name) for name in filling.names.items]
    if filling.counts() != meta["counts"] or names != meta["names"]:
        raise UsageError(
            f"{file}: the model answers otherwise than when the checkpoint was written: begin anew,"
            " without --resume"
        )
    before = filling.layout
    filling.take_layout(Layout(arrays["bits"].tolist()))
    # Also what is written to while the search runs has rows of so many words.
    search.lay_out(before, filling.layout)
    store.take(block_of(rows), block_of(parents))
    search.filled()
    _enter(search)
    block_of(arrays["coverage"]).copy_to(search.coverage)
    search.transitions, search.counts.depth = meta["transitions"], meta["depth"]
    search.spend(meta["seconds"])
    for at, fields in meta["events"]:
        if fields is None:
            search.decide(at)
        else:
            search.breaks(at, filling.layout.pack(fields))
    return dict(meta["place"])


def array_of(block: Block) -> Any:
    """The numbers of a block, for NumPy."""
    return np.frombuffer(block.flat, dtype=CODES[block.kind]).reshape(block.shape)


def block_of(array: Any) -> Block:
    """The numbers of an array of NumPy's."""
    made = Block(array.dtype.name, *array.shape)
    made.flat[:] = memoryview(array.ravel()).cast("B").cast(CODES[made.kind])
    return made


def _enter(search: TableSearch) -> None:
    """Enter all states into the visited set. Their images are known, for they were asked again."""
    store = search.store
    if not search.symmetry:
        store.enter(store.rows)
        return
    keys = Block("int64", store.size, store.rows.shape[1])
    search.canonical(store.rows, keys, store.size)
    store.enter(keys)


def _ask_again(search: TableSearch, log: Any) -> None:
    """Ask the model all that was asked, in the same order."""
    initial = list(search.system.initial_states())
    for entry in log.tolist():
        if entry[0] == INITIAL:
            search.filling.encode(initial[entry[1]])
        else:
            with suppress(ModelError):
                search.ask(tuple(entry))
        search.filling.make_room()
    search.filling.log = array("q", log.ravel().tolist())


def _compare(file: Any, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises UsageError, with what differs, unless the checkpoint is of the same search."""
    for what, here in now.items():
        there = then.get(what)
        if there == here:
            continue
        if isinstance(here, dict) and isinstance(there, dict):
            names = {**there, **here}
            name = next(name for name in names if there.get(name) != here.get(name))
            what, there, here = f"{what}: {name}", there.get(name), here.get(name)
        raise UsageError(
            f"{file} is of another search: its {what} is {there}, here it is {here}. Resume with"
            " the same model, knobs, scope and properties"
        )
