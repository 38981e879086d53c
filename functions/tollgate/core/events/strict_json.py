"""Strict JSON parser for input from outside, the same for HTTP, files and streams, and as strict as our own answers.

It refuses a name that an object has twice, NaN, numbers that are too large, lone surrogates, and deep nesting.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

from tollgate.core.events.cells import shown
from tollgate.core.streams.foreign_bytes import recognize
from tollgate.errors import InputError

MAX_LEVELS = 32
_NESTED = frozenset({dict, list})
_BEGINNING_BYTES = 8


class _RefusedError(ValueError):
    """What is wrong with a text, to be put behind "This"."""


def read_json(body: bytes, called: str = "This") -> Any:  # noqa: ANN401 - whatever the JSON holds
    """Return what UTF-8 JSON holds; raise `InputError` for anything that could not be stored and shown again."""
    try:
        return parse_json(body)
    except ValueError as error:
        raise InputError(f"{called} {error}.") from None


def parse_json(body: bytes) -> Any:  # noqa: ANN401
    """Do what `read_json` does; raise `ValueError` with what is wrong, to be put behind the name of the text."""
    try:
        parsed = _read(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"is not valid JSON: {_say_not_utf8(body, error.start)}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {_say_not_json(body, error)}") from None
    except RecursionError:
        raise ValueError(f"is not valid JSON: it is nested more than {MAX_LEVELS} levels deep") from None
    except _RefusedError:
        raise
    except ValueError:
        raise ValueError("is not valid JSON: it has a number of more than 4,300 digits") from None
    if _levels(parsed) > MAX_LEVELS:
        raise ValueError(f"is JSON nested more than {MAX_LEVELS} levels deep; send flat events")
    if b"\\u" in body:
        _check_characters(parsed)
    return parsed


def _say_not_utf8(body: bytes, place: int) -> str:
    if said := recognize(body):
        return f"it looks like {said}"
    if body.lstrip()[:1] in (b"{", b"["):
        return f"byte {place + 1} is not UTF-8; write the text in UTF-8"
    return f"it is binary data that begins with {body[:_BEGINNING_BYTES].hex(' ')}; have it written as JSON"


def _say_not_json(body: bytes, error: json.JSONDecodeError) -> str:
    if not body.strip(b"\xef\xbb\xbf \t\r\n"):
        return "it is empty"
    if said := recognize(body):
        return f"it looks like {said}"
    if error.msg == "Extra data" and error.doc[error.pos :].strip() == ",":
        return "it has a comma behind it; leave that out"
    if error.msg == "Extra data" and error.doc[error.pos :].lstrip().startswith("{"):
        return "it has several objects, one behind the other; send one event at a time"
    if error.msg == "Extra data":
        return f"it ends at character {error.pos}, and more follows; send one event at a time"
    return f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}"


def _refuse_constant(name: str) -> NoReturn:
    raise _RefusedError(f"is not valid JSON: {name} is not a number that JSON knows")


def _read_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _RefusedError(f"is not valid JSON: {shown(text)} is larger than any number")
    return number


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise _RefusedError(f"is JSON with the name {shown(twice)} twice in one object; send it once")
    return read


# Made once: `json.loads` makes a decoder at every call that asks for more than its defaults.
_read = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_read_float, object_pairs_hook=_read_object
).decode


def _levels(parsed: object) -> int:
    inside: list[Any] = [parsed]
    levels = 0
    while inside and levels <= MAX_LEVELS:
        levels += 1
        nested = [value for value in inside if type(value) in _NESTED]
        inside = [part for value in nested for part in (value.values() if type(value) is dict else value)]
    return levels


def _check_characters(parsed: object) -> None:
    try:
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("is JSON with half of a character (\\ud800 to \\udfff alone); send whole ones") from None
