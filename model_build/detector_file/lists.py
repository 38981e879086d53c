"""Section [lists] of a detector file: named sets of values, inline or in a file of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tollgate.core.rules.lexer import RESERVED, WORDS
from tollgate.core.rules.lists.text import ListLine, check_file, decode_list, given_lines, read_list, split_lines
from tollgate.core.rules.rule_set import columns_looked_up
from tollgate.core.rules.scope import ValueKind
from tollgate.core.rules.value_lists import ValueList
from tollgate.errors import DetectorFileError, suggest

from model_build.detector_file.toml import TomlReader

LIST_KEYS = ("values", "file", "kind", "allow_empty")
_LIST_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def read_lists(reader: TomlReader) -> dict[str, ValueList]:
    """Read [lists]; raise `DetectorFileError` naming the list."""
    found = {}
    for name, given in reader.sections.get("lists", {}).items():
        if not _LIST_NAME.fullmatch(name) or name in RESERVED | WORDS:
            raise reader.fail("lists", name, "must be lowercase letters, digits and _, starting with a letter")
        if not isinstance(given, dict) or not ("values" in given) ^ ("file" in given) or set(given) - set(LIST_KEYS):
            odd = next((key for key in given if key not in LIST_KEYS), "") if isinstance(given, dict) else ""
            raise reader.fail("lists", name, f'must be values = [...] or file = "..."{suggest(odd, LIST_KEYS)}')
        lines = _read_values_file(reader, name, given["file"]) if "file" in given else _read_values(reader, name, given)
        found[name] = _read_members(reader, name, lines, given)
    return found


def _read_values(reader: TomlReader, name: str, given: Mapping[str, object]) -> list[ListLine]:
    values = given["values"]
    if not isinstance(values, list):
        raise reader.fail("lists", name, "must have values = [...]")
    return given_lines(values)


def _read_values_file(reader: TomlReader, name: str, file: object) -> list[ListLine]:
    try:
        return read_list_file(reader.path.parent / str(file))
    except DetectorFileError as error:
        raise reader.fail("lists", name, f"names a file that cannot be read: {str(error).removesuffix('.')}") from None


def _read_members(reader: TomlReader, name: str, lines: Sequence[ListLine], given: Mapping[str, object]) -> ValueList:
    kind, may_be_empty = given.get("kind"), given.get("allow_empty", "file" not in given)
    if kind not in (None, "text", "number"):
        raise reader.fail("lists", name, f'has kind {kind!r}; it must be "text" or "number"')
    if not isinstance(may_be_empty, bool):
        raise reader.fail("lists", name, "must have allow_empty = true or false")
    first_is_text = not lines or isinstance(lines[0].value, str)
    wanted: ValueKind = "number" if kind == "number" or (kind is None and not first_is_text) else "text"
    try:
        asked = _names(reader, name) if "file" in given else None
        return read_list(wanted, lines, asked, may_be_empty=may_be_empty)
    except ValueError as error:
        of_file = f"names {given['file']}, which " if "file" in given else ""
        raise reader.fail("lists", name, f"{of_file}{error}") from None


def _names(reader: TomlReader, name: str) -> tuple[str, ...]:
    """Return the names that a header of the list may have."""
    rules = reader.sections.get("rules", [])
    expressions = [rule["when"] for rule in rules if isinstance(rule, dict) and isinstance(rule.get("when"), str)]
    return name, *columns_looked_up(name, expressions)


def read_list_file(path: Path) -> list[ListLine]:
    """Return the values in a file with their lines; raise `DetectorFileError` if it cannot be read as text."""
    try:
        content = path.read_bytes()
        check_file(content)
        return split_lines(decode_list(content))
    except OSError as error:
        raise DetectorFileError(f"{path} cannot be read as text: {error}.") from None
    except ValueError as error:
        raise DetectorFileError(f"{path} {error}.") from None
