"""JSON Lines reader in chunks: one object per line, and a reason for each line that is not one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tollgate.core.events.strict_json import parse_json
from tollgate.core.files.readers.chunk import MAX_COLUMNS, MAX_ROW_BYTES, Chunk, Position, ReadOptions
from tollgate.core.files.readers.decompress import open_stream
from tollgate.core.files.readers.source import Source
from tollgate.core.streams.foreign_bytes import looks_like_csv
from tollgate.errors import TableError

# The names of columns are those of the first lines.
LINES_OF_NAMES = 1000
_HEAD_BYTES = 4096
_CR_ALONE, _GLUED = re.compile(rb"\}\s*\r\s*\{"), re.compile(rb"\}\s*\{")
_WRITE_LINES = "write one object a line"
_NO_OBJECT = "is not a JSON object"
_TOO_LONG = f"is longer than {MAX_ROW_BYTES >> 20} MB"


def read_json_chunks(name: str, source: Source, options: ReadOptions, start: Position) -> Iterator[Chunk]:
    """Yield the chunks of a file of JSON lines from ``start`` on; a position's place counts bytes of UTF-8 text.

    The columns are those that the first thousand lines have; a row with another one has a problem.
    """
    names = _find_names(name, source, options)
    reading = _JsonReading(name, source, options, start)
    row = start.row
    for lines in reading.batches():
        rows, misshapen = _read_lines(lines, names)
        columns = [[found.get(column) for found in rows] for column in names]
        first, row = row, row + len(rows)
        yield Chunk(names, columns, first, Position(row, reading.place), misshapen)
    if not row:
        raise TableError(f'"{name}" has no rows.')


def _find_names(name: str, source: Source, options: ReadOptions) -> list[str]:
    names: dict[str, None] = {}
    lines = next(_JsonReading(name, source, options, Position()).batches(), [])
    for line in lines[:LINES_OF_NAMES]:
        found, _ = read_json_line(line)
        names |= dict.fromkeys(found)
    known = [line.strip() for line in lines[:LINES_OF_NAMES] if line]
    if lines and lines[0] is None:
        known = [open_stream(name, source, options.form.encoding, 0).read(_HEAD_BYTES).lstrip()]
    if (not names or _is_array(known)) and (other := _name_other(known)):
        raise TableError(f'"{name}" {other}.')
    if not names:
        _, wrong = read_json_line(lines[0] if lines else None)
        first = f"; the first {wrong}" if lines else ""
        raise TableError(f'"{name}" has no JSON object in its first {LINES_OF_NAMES:,} lines{first}.')
    if len(names) > MAX_COLUMNS:
        raise TableError(f'"{name}" has {len(names):,} columns; a file may have {MAX_COLUMNS:,}.')
    return list(names)


def _is_array(lines: Sequence[bytes]) -> bool:
    """Return whether lines are those of one JSON array, with or without its brackets."""
    if len(lines) > 1 and all(line.endswith(b",") for line in lines[:-1]):
        return True
    return bool(lines) and lines[0].startswith(b"[") and read_json_line(lines[0])[1] != _NO_OBJECT


def _name_other(lines: Sequence[bytes]) -> str | None:
    """Return what a file without JSON lines looks like, and what to do."""
    first = lines[0][:_HEAD_BYTES] if lines else b""
    looks = (
        (first.startswith(b"["), f"is a JSON array; {_WRITE_LINES}, as jq -c '.[]' does"),
        (_is_array(lines), "has a comma behind each line, as an array has; leave them out"),
        (_CR_ALONE.search(first), "has lines that end in a carriage return alone; end them in line feeds"),
        (first.startswith(b"\x1e"), f"is a JSON text sequence, with U+001E before each object; {_WRITE_LINES} without"),
        (_GLUED.search(first), f"has several objects in one line; {_WRITE_LINES}, as jq -c does"),
        (first == b"{", f"is JSON with an object over several lines; {_WRITE_LINES}, as jq -c does"),
        (looks_like_csv(b"\n".join(lines)[:_HEAD_BYTES]), "looks like CSV; give it a name that ends in .csv"),
    )
    return next((said for looks_so, said in looks if looks_so), None)


class _JsonReading:
    """Lines that are not blank, in batches; ``place`` is where the next batch begins."""

    def __init__(self, name: str, source: Source, options: ReadOptions, start: Position) -> None:
        self._stream = open_stream(name, source, options.form.encoding, start.place)
        self._options = options
        self.place = start.place

    def batches(self) -> Iterator[list[bytes | None]]:
        """Yield batches of lines; None stands for one that is too long to be kept."""
        window = b""
        most = max(self._options.chunk_bytes, 2 * MAX_ROW_BYTES)
        while window := window + self._stream.read(most + 1 - len(window)):
            at_end = len(window) <= most
            lines = window[:most].split(b"\n")
            whole = lines if at_end else lines[:-1]
            some = whole[: self._options.chunk_rows]
            taken = sum(map(len, some)) + len(some)
            if not some:
                while b"\n" not in window and (more := self._stream.read(most)):
                    self.place += len(window)
                    window = more
                taken, some = (window.find(b"\n") + 1) or len(window), [b"x" * (MAX_ROW_BYTES + 1)]
            taken = min(taken, len(window))
            window = window[taken:]
            self.place += taken
            if kept := [None if len(line) > MAX_ROW_BYTES else line for line in some if line.strip()]:
                yield kept


def _read_lines(lines: Sequence[bytes | None], names: Sequence[str]) -> tuple[list[Mapping[str, Any]], dict[int, str]]:
    known = set(names)
    rows: list[Mapping[str, Any]] = []
    misshapen = {}
    for place, line in enumerate(lines):
        row, wrong = read_json_line(line)
        if not wrong and not row.keys() <= known:
            wrong = f'has "{next(iter(row.keys() - known))}", which the first {LINES_OF_NAMES:,} lines lack'
        if wrong:
            misshapen[place] = wrong
        rows.append(row)
    return rows, misshapen


def read_json_line(line: bytes | None) -> tuple[dict[str, Any], str]:
    """Return the object that a line holds, and what is wrong with it; None stands for a line that is too long."""
    if line is None:
        return {}, _TOO_LONG
    try:
        found = parse_json(line)
    except ValueError as error:
        return {}, str(error)
    if not isinstance(found, dict):
        return {}, _NO_OBJECT
    return found, ""
