"""JSON from outside, as strict as what we answer: no NaN, no half characters, not nested without end."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from tollgate.errors import InputError

MOST_LEVELS = 32
_NESTED = frozenset({dict, list})


def read_json(body: bytes) -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Return what UTF-8 JSON holds; raise `InputError` for anything that could not be stored and shown again."""
    try:
        parsed = _read(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"This is not valid JSON: {error}.") from None
    if _levels(parsed) > MOST_LEVELS:
        raise InputError(f"This JSON is nested more than {MOST_LEVELS} levels deep; send flat events.")
    if b"\\u" in body:
        _check_characters(parsed)
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON knows")


# Made once: `json.loads` makes a decoder at every call that asks for more than its defaults.
_read = json.JSONDecoder(parse_constant=_refuse_constant).decode


def _levels(parsed: object) -> int:
    inside: list[Any] = [parsed]
    levels = 0
    while inside and levels <= MOST_LEVELS:
        levels += 1
        nested = [value for value in inside if type(value) in _NESTED]
        inside = [part for value in nested for part in (value.values() if type(value) is dict else value)]
    return levels


def _check_characters(parsed: object) -> None:
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError("This JSON holds half of a character (\\ud800 to \\udfff alone); send whole ones.") from None
