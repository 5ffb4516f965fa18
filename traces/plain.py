"""Model values as plain data in the encoding of the Informal Trace Format (Apalache, ADR 015).

`plain` turns the values of a model into strings, numbers and containers of them, by their structure
alone: it knows no model and no engine. `short` writes plain data for the eyes of a person.
"""

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

import attrs

#: Integers up to here are written as JSON numbers: every JSON reader keeps them exactly.
LARGEST_NUMBER = 2**53 - 1

#: `None`, as Quint and Apalache write the empty case of an option type.
NOTHING: Mapping[str, Any] = {"tag": "None", "value": {"#tup": []}}


def plain(value: Any) -> Any:
    """`value` as data that JSON can hold; the same value gives the same data in every process."""
    if value is None:
        return dict(NOTHING)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_NUMBER else {"#bigint": str(int(value))}
    if getattr(value, "is_id", False) is True:
        return str(value)
    if attrs.has(type(value)):
        return _record(value)
    if isinstance(value, tuple):
        return {"#tup": [plain(item) for item in value]}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (frozenset, set)):
        return {"#set": sorted((plain(item) for item in value), key=order)}
    if isinstance(value, Mapping):
        pairs = [[plain(key), plain(item)] for key, item in value.items()]
        return {"#map": sorted(pairs, key=lambda pair: order(pair[0]))}
    raise TypeError(
        f"a value of type {type(value).__qualname__} cannot be stored in a trace: {value!r} "
        "(use bool, int, str, None, tuple, list, frozenset, a mapping, an enum or an attrs class)"
    )


def _record(value: Any) -> dict[str, Any]:
    name = type(value).__name__
    record: dict[str, Any] = {"type": name}
    for attribute in attrs.fields(type(value)):
        if attribute.name == "type":
            raise TypeError(f"{name} has a field 'type', which a trace needs for the class name")
        record[attribute.name] = plain(getattr(value, attribute.name))
    return record


def order(data: Any) -> tuple[list[str | int], str]:
    """A sort key for plain data that puts n2 before n10 and never depends on hashing."""
    text = json.dumps(data, sort_keys=True)
    # The split alternates text and digits, so that lists compare text with text.
    parts: list[str | int] = [
        int(part) if index % 2 else part for index, part in enumerate(re.split("([0-9]+)", text))
    ]
    return parts, text


def short(data: Any) -> str:
    """Plain data as one compact line: `{n1, n2}`, `Vote(term 2)`, `-` for nothing.

    Fields of a record that hold nothing are left out, unless all of them do. A record that tells of
    nothing but another one is written with that one's fields, and a class is not named again where
    its field is called the same: `Publish(version 2)` for `Publish(cluster Cluster(version 2))`.
    """
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, int):
        return str(data)
    if isinstance(data, str):
        return data or '""'
    if isinstance(data, (list, tuple)):
        return f"[{_joined(data)}]"
    if not isinstance(data, Mapping):
        raise TypeError(f"{data!r} is not plain data: pass it through `plain` first")
    if data == NOTHING:
        return "-"
    if "#tup" in data:
        return f"({_joined(data['#tup'])})"
    if "#set" in data:
        return f"{{{_joined(data['#set'])}}}"
    if "#map" in data:
        pairs = (f"{short(key)}: {short(value)}" for key, value in data["#map"])
        return f"{{{', '.join(pairs)}}}"
    if "#bigint" in data:
        return str(data["#bigint"])
    fields = _fields(data)
    if "type" not in data:
        return f"({fields})"
    return f"{data['type']}({fields})" if fields else str(data["type"])


def _fields(data: Mapping[str, Any]) -> str:
    fields = {key: value for key, value in data.items() if key != "type"}
    told = {key: value for key, value in fields.items() if not _empty(value)} or fields
    if len(told) == 1 and is_record(*told.values()):
        return _fields(*told.values())
    return ", ".join(_field(key, value) for key, value in told.items())


def _field(key: str, value: Any) -> str:
    text = short(value)
    if is_record(value) and value["type"].lower() == key.lower():
        return key + text.removeprefix(value["type"])
    return f"{key} {text}"


def is_record(data: Any) -> bool:
    """Whether plain data stands for an instance of a class."""
    return isinstance(data, Mapping) and "type" in data


def _empty(data: Any) -> bool:
    """Whether a record's line leaves out a field with this value: nothing, or nothing in it."""
    return data in (NOTHING, {"#set": []}, {"#tup": []}, {"#map": []}, [])


def _joined(items: Any) -> str:
    return ", ".join(short(item) for item in items)
