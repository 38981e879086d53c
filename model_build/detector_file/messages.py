"""Error messages for a detector file, each one sentence: line, key, what is wrong and what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from tollgate.errors import suggest

from model_build.detector_file import toml

_KINDS = {
    "string_type": ("a string in quotes", None),
    "int_type": ("a whole number", "10"),
    "float_type": ("a number", "0.5"),
    "bool_type": ("true or false", None),
    "tuple_type": ("a list", None),
    "list_type": ("a list", None),
    "dict_type": ("a table in braces", None),
}
_MAX_SHOWN = 60


class WrongValueError(ValueError):
    """A value that a detector file cannot have: the end of a sentence that begins with its key.

    ``place`` are the keys that lead to it; a validator leaves out those that lead to the value that it was given. With
    ``offset``, the mistake is at that character of the value, and the sentence is whole.
    """

    def __init__(self, message: str, *place: str | int, offset: int | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.offset = offset


def show(value: object) -> str:
    """Return a value for a message in the notation of TOML, cut where it is long."""
    plain = _write(value)
    return plain if len(plain) <= _MAX_SHOWN else f"{plain[:_MAX_SHOWN]}…"


def _write(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_write(inner)}' for key, inner in value.items())} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_write, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)


def write_message(path: Path, text: str, mistake: WrongValueError) -> str:
    """Return the sentence about a mistake in a file and where it is, without its full stop."""
    place, said = mistake.place, str(mistake)
    found = toml.find(text, place)
    if found is None:
        where = str(path)
    elif mistake.offset is not None and found.path == place and found.value_at is not None:
        where = f"{path}, {toml.find_in_text(text, found.value_at, mistake.offset)}"
    else:
        where = f"{path}, line {toml.place_of(text, found.start).line}"
    return f"{where}: {said}" if mistake.offset is not None else f"{where}: {_name(place)} {said}"


def _name(place: Sequence[str | int]) -> str:
    names = [part for part in place if isinstance(part, str)]
    if place[0] == "rules":
        number = f" number {int(place[1]) + 1}" if len(place) > 1 else ""
        return f"{names[-1]} in [[rules]]{number}" if len(names) > 1 else f"[[rules]]{number}"
    *tables, key = names
    return f"{key} in [{'.'.join(tables)}]" if tables else f"[{key}]"


def find_mistake(error: ValidationError, model: type[BaseModel]) -> WrongValueError:
    """Return the mistake to tell of those that Pydantic found: unknown keys come first, as others follow from them."""
    found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    kind, place, given = first["type"], first["loc"], first["input"]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, WrongValueError):
        return WrongValueError(str(cause), *place, *cause.place)
    owner, field = _follow(model, place)
    if kind == "extra_forbidden":
        what = "a known key" if len(place) > 1 else "a section of a detector file"
        return WrongValueError(f"is not {what}{suggest(str(place[-1]), owner.model_fields)}", *place)
    if kind == "missing" or (kind == "string_too_short" and field and field.is_required()):
        return WrongValueError("is required but missing", *place)
    if kind == "model_type" or len(place) == 1:
        written = f"[[{place[0]}]]" if place[0] == "rules" else f"[{place[0]}]"
        return WrongValueError(f"is not a value; write {written} on a line of its own, and its keys below it", *place)
    if kind not in _KINDS and kind not in ("literal_error", "string_too_short"):
        return WrongValueError(first["msg"].replace("Input should be", "must be"), *place)
    choices = re.findall("'(.*?)'", first.get("ctx", {}).get("expected", ""))
    return WrongValueError(_describe(kind, choices, field, place, given), *place)


def _follow(model: type[BaseModel], place: Sequence[str | int]) -> tuple[type[BaseModel], FieldInfo | None]:
    """Return the model that has the last key of a place, and that key; None for a key that it does not know."""
    field: FieldInfo | None = None
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            field = model.model_fields[part]
            inner = [field.annotation, *get_args(field.annotation)]
            nested = [one for one in inner if get_origin(one) is None and isinstance(one, type)]
            model = next((one for one in nested if issubclass(one, BaseModel)), model)
    return model, field


def _describe(
    kind: str, known: Sequence[str], field: FieldInfo | None, place: Sequence[str | int], given: object
) -> str:
    extra: dict[str, Any] = field.json_schema_extra if field and isinstance(field.json_schema_extra, dict) else {}
    in_list = isinstance(place[-1], int)
    if kind == "literal_error":
        if not isinstance(given, str):
            return f"must be {_any_of([show(name) for name in known])}, not {show(given)}"
        if in_list:
            return f"names {show(given)}, which is not one of {', '.join(known)}{suggest(given, known)}"
        return f"must be {_any_of(known)}{suggest(given, known)}"
    if in_list:
        example = extra.get("example", '["a", "b"]')
        return f"must be a list of strings in quotes, such as {example}"
    if kind == "string_too_short":
        return "must not be empty; remove the key if there is none"
    what, usual = _KINDS[kind]
    example = extra.get("example") or usual or _quote(kind, given)
    return f"must be {what}{f', such as {example},' if example else ','} not {show(given)}"


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(names) if len(names) == 2 else f"one of {', '.join(names)}"


def _quote(kind: str, given: object) -> str | None:
    """Return what was given in the form that was wanted; None where that cannot be told."""
    if isinstance(given, list | dict) or len(str(given)) > _MAX_SHOWN // 2:
        return None
    quoted = show(given) if isinstance(given, str) else f'"{show(given)}"'
    return {"string_type": quoted, "tuple_type": f"[{quoted}]"}.get(kind)
