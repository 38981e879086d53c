"""Text form of a list, one value a line: read, checked and written the same way at every door.

A value in double quotes, as in CSV, is taken as it is: its shape is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tollgate.core.events.cells import MAX_TEXT
from tollgate.core.files.readers.magic import kind_of
from tollgate.core.rules.lists.faults import Others, find_fault, find_table, is_quoted, is_row, unquote
from tollgate.core.rules.lists.headers import NO_HEADER, find_header, may_be_header, says_nothing
from tollgate.core.rules.scope import ValueKind
from tollgate.core.rules.value_lists import MAX_ENTRIES, ValueList

# What an object that holds no value has to say, or it counts as damaged.
EMPTY = "# This list is empty on purpose."
# They stay behind where a file is put together from others, and nobody sees them.
_INVISIBLE = "\ufeff\u200b\u2060\x00"
_BLANK = f"{_INVISIBLE} \t\r\n"
_MAX_SHOWN = 40
_SAMPLE_SIZE = 4096
# All but tabs, which stand between cells, and the ends of lines.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class ListLine:
    """A value as it came. ``line`` counts from 1; None for one that came in JSON or in TOML.

    ``has_no_header`` says that a line above it says so of the file.
    """

    value: object
    line: int | None = None
    has_no_header: bool = False

    def fail(self, why: str) -> ValueError:
        """Return the error of this value; its text follows the name of the list or the file."""
        shown = _show(self.value)
        where = f"the value {shown}" if self.line is None else f"{shown} in line {self.line}"
        return ValueError(f"has {where}, which {why}")


def check_file(content: bytes) -> None:
    """Raise `ValueError`, whose text follows the file's name, for a file that is no list of values, one a line."""
    kind = kind_of(content[:_SAMPLE_SIZE])
    if kind is not None:
        raise ValueError(f"is {kind}, not a list; export its column as text, with one value per line")
    if content.count(0) > len(content) // 4 and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("is UTF-16 text; save it as UTF-8")
    text = content.decode("utf-8", "replace")
    if found := _CONTROL.search(text.replace("\0", "").replace("\t", "")):
        line = 1 + len(re.findall(r"\r\n|\r|\n", text[: text.index(found[0])]))
        raise ValueError(f"has a control character (U+{ord(found[0]):04X}) in line {line}; remove it")


def decode_list(content: bytes) -> str:
    """Return the text of a list's file; raise `ValueError`, whose text follows the file's name, for other files."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValueError("is a spreadsheet or a ZIP file; export its column as text, with one value per line")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("is UTF-16 text; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not UTF-8 text, as line {line} shows; save it as UTF-8") from None


def split_lines(text: str) -> list[ListLine]:
    """Return the values of a list's file with their lines, without blank ones and those that begin with "# "."""
    lines = [line.strip().strip(_INVISIBLE).strip() for line in text.splitlines()]
    has_no_header = NO_HEADER in lines
    return [ListLine(line, at, has_no_header) for at, line in enumerate(lines, 1) if line and not _is_comment(line)]


def _is_comment(text: str) -> bool:
    return text == "#" or text.startswith("# ")


def given_lines(values: Iterable[object]) -> list[ListLine]:
    """Return values that came one by one, in JSON or in TOML."""
    return [ListLine(value) for value in values]


def read_list(
    kind: ValueKind, lines: Sequence[ListLine], asked: Sequence[str] | None, *, may_be_empty: bool = True
) -> ValueList:
    """Return the values of a list; raise `ValueError`, whose text follows its name, for one that cannot be meant.

    ``asked`` are the names under which a header may stand there: those of the list, and of the columns that ask it;
    None for values that no file had, so that none is a header.
    """
    _check_count(lines)
    if not lines and not may_be_empty:
        raise ValueError("has no values; to empty the list, use --allow-empty or allow_empty")
    texts = [line.value if isinstance(line.value, str) else "" for line in lines]
    # One value that did not come as a line is no column.
    if asked is not None and lines and (len(lines) > 1 or lines[0].line is not None):
        table = find_table(texts, asked) if kind == "text" else None
        fault = table or _find_header(lines[0], texts, asked)
        if fault:
            raise lines[0].fail(fault)
    others = Others.among(texts)
    return ValueList.of(kind, [_read(kind, line, others) for line in lines])


def _find_header(first: ListLine, texts: Sequence[str], asked: Sequence[str]) -> str | None:
    if first.has_no_header:
        return None
    return find_header([*map(unquote, texts)], [*map(is_quoted, texts)], asked)


def read_stored(kind: ValueKind, text: str) -> ValueList:
    """Return the values of a list's object in the bucket, which this code, older code or any tool wrote.

    Only what cannot be a list raises `ValueError`: an object of rows, one without values that does not say that this is
    on purpose, or values of another kind.
    """
    lines = split_lines(text)
    _check_count(lines)
    if not lines and EMPTY not in text.splitlines():
        raise ValueError(f'has no values; if you want that, put "{EMPTY}" in it')
    if kind == "text" and lines and all(is_row(str(line.value)) for line in lines):
        raise lines[0].fail("looks like a row of CSV, as all other lines do; write one value per line")
    return ValueList.of(kind, [_keep(kind, line) for line in lines])


def write_list(members: ValueList) -> str:
    """Return the text of a list's object, sorted: what `read_stored` and `read_list` read as the same values."""
    values = show_values(members)
    lines = [_quote(value) for value in values] if members.kind == "text" else values
    if members.kind == "text" and values and may_be_header(values):
        lines[0] = _in_quotes(values[0])
        lines = [NO_HEADER, *lines] if says_nothing(values, [*map(is_quoted, lines)]) else lines
    return "\n".join([*(lines or [EMPTY]), ""])


def show_values(members: ValueList) -> list[str]:
    """Return the values as people see them, sorted: numbers by size, texts by code points."""
    if members.kind == "number":
        return [repr(int(number)) if number.is_integer() else repr(number) for number in members.ordered.tolist()]
    return sorted(map(str, members.values))


def _quote(value: str) -> str:
    plain = find_fault(value) is None and not _is_comment(value) and not any(sign in value for sign in '",;|')
    return value if plain else _in_quotes(value)


def _in_quotes(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _check_count(lines: Sequence[ListLine]) -> None:
    if len(lines) > MAX_ENTRIES:
        raise ValueError(f"has {len(lines):,} values, and the maximum is {MAX_ENTRIES:,}")


def _read(kind: ValueKind, line: ListLine, others: Others) -> str | float:
    if kind == "number":
        return _read_number(line)
    text = _text_of(line)
    if found := _CONTROL.search(str(line.value).strip(_BLANK)):
        raise line.fail(f"has a control character (U+{ord(found[0]):04X}); remove it")
    fault = find_fault(text, others)
    if fault:
        raise line.fail(fault)
    return _check_text(line, unquote(text))


def _keep(kind: ValueKind, line: ListLine) -> str | float:
    return _read_number(line) if kind == "number" else _check_text(line, unquote(_text_of(line)))


def _text_of(line: ListLine) -> str:
    if not isinstance(line.value, str) or not line.value.strip():
        raise line.fail("is not text")
    return line.value.strip().strip(_INVISIBLE).strip()


def _check_text(line: ListLine, text: str) -> str:
    if len(text.splitlines()) > 1:
        raise line.fail("has a line break")
    if len(text) > MAX_TEXT:
        raise line.fail(f"is longer than {MAX_TEXT} characters")
    return text


def _read_number(line: ListLine) -> float:
    value = unquote(line.value.strip()) if isinstance(line.value, str) else line.value
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float) or "_" in str(value):
            raise ValueError
        number = float(value)
        if not abs(number) < float("inf"):
            raise ValueError
    except (ValueError, OverflowError):
        raise line.fail("is not a number") from None
    return number


def _show(value: object) -> str:
    if not isinstance(value, str):
        return repr(value)
    return f'"{value[:_MAX_SHOWN]}…"' if len(value) > _MAX_SHOWN else f'"{value}"'


def describe_change(before: ValueList, after: ValueList) -> Iterator[str]:
    """Yield what a change of a list does: how many values it adds and removes, then the first of both."""
    added = ValueList.of(after.kind, after.values - before.values)
    removed = ValueList.of(after.kind, before.values - after.values)
    if not added.values and not removed.values:
        yield f"changes nothing: it already has these {len(before.values):,} values"
        return
    yield f"adds {len(added.values):,}, removes {len(removed.values):,} of {len(before.values):,} values"
    for verb, its in (("adds", added), ("removes", removed)):
        values = show_values(its)
        if values:
            more = f" and {len(values) - 5:,} more" if len(values) > 5 else ""
            yield f"{verb} {', '.join(map(_show, values[:5]))}{more}"
