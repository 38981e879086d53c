"""[lists] of a detector file: named sets of values, written there or in a file of their own."""

from __future__ import annotations

import re
from pathlib import Path

from tollgate.core.rules.members import Members, read_members, split_values
from tollgate.core.rules.scope import Kind
from tollgate.core.rules.tokens import RESERVED, WORDS
from tollgate.errors import DetectorFileError, suggest

from model_build.toml_reader import TomlReader

LIST_KEYS = ("values", "file", "kind")
_LIST_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def read_lists(reader: TomlReader) -> dict[str, Members]:
    """Read [lists]; raise `DetectorFileError` naming the list."""
    found = {}
    for name, given in reader.sections.get("lists", {}).items():
        if not _LIST_NAME.fullmatch(name) or name in RESERVED | WORDS:
            raise reader.fail("lists", name, "has to be lower-case letters, digits and _, beginning with a letter")
        if not isinstance(given, dict) or not ("values" in given) ^ ("file" in given) or set(given) - set(LIST_KEYS):
            odd = next((key for key in given if key not in LIST_KEYS), "") if isinstance(given, dict) else ""
            raise reader.fail("lists", name, f'has to be values = [...] or file = "..."{suggest(odd, LIST_KEYS)}')
        values = given["values"] if "values" in given else _read_values_file(reader, name, given["file"])
        found[name] = _read_members(reader, name, values, given.get("kind"))
    return found


def _read_values_file(reader: TomlReader, name: str, file: object) -> list[str]:
    path = reader.path.parent / str(file)
    try:
        return split_values(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise reader.fail("lists", name, f"names {path}, which cannot be read as text: {error}") from None


def _read_members(reader: TomlReader, name: str, values: object, kind: object) -> Members:
    if not isinstance(values, list):
        raise reader.fail("lists", name, "has to have values = [...]")
    if kind not in (None, "text", "number"):
        raise reader.fail("lists", name, f'has kind {kind!r}; it has to be "text" or "number"')
    first_is_text = not values or isinstance(values[0], str)
    wanted: Kind = "number" if kind == "number" or (kind is None and not first_is_text) else "text"
    try:
        return read_members(wanted, values)
    except ValueError as error:
        raise reader.fail("lists", name, str(error)) from None


def read_list_file(path: Path) -> list[str]:
    """Return the values in a file; raise `DetectorFileError` if it cannot be read as text."""
    try:
        return split_values(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise DetectorFileError(f"{path} cannot be read as text: {error}.") from None
