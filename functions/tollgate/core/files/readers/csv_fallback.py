"""CSV rows read by Python's own reader: for blocks that are odd in any way, and the reference for quick reading."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from tollgate.core.files.readers.csv_arrow import has_plain_quotes
from tollgate.core.files.readers.csv_dialect import BAD_ESCAPE, ESCAPE, MAX_ROW_BYTES, CsvDialect, say_cells

_NOT_CLOSED = "has a quote that is not closed"
_TOO_LONG = f"is longer than {MAX_ROW_BYTES >> 20} MB"


@dataclass
class RowsRead:
    """Rows of cells, what is wrong with some of them by their place, and how many bytes they took."""

    rows: list[list[str]] = field(default_factory=list)
    misshapen: dict[int, str] = field(default_factory=dict)
    taken: int = 0


def read_rows(dialect: CsvDialect, block: bytes, most_rows: int, *, at_end: bool) -> RowsRead:
    """Read the whole rows of a block, up to ``most_rows`` of them; with ``at_end``, nothing follows the block.

    A row that cannot be read ends with its first line, so that a quote that is never closed spoils one row and not the
    file. Where the block does not hold the whole first line, nothing is taken.
    """
    lines = block.splitlines(keepends=True)
    if lines and not at_end:
        lines.pop()  # a last line may go on, and a last carriage return may be half an end
    reading = _Reading(dialect, lines, RowsRead(), at_end=at_end)
    while reading.first < len(lines) and len(reading.read.rows) < most_rows and reading.go_on(most_rows):
        pass
    return reading.read


@dataclass
class _Reading:
    dialect: CsvDialect
    lines: list[bytes]
    read: RowsRead
    at_end: bool
    first: int = 0
    at: int = 0
    wrong: str = ""
    exhausted: bool = False

    def go_on(self, most_rows: int) -> bool:
        """Read rows until one cannot be read; return whether there may be more."""
        self.at, self.wrong = self.first, ""
        reader = csv.reader(self._feed(), delimiter=self.dialect.delimiter)
        try:
            for row in reader:
                if self.exhausted:
                    if self.at_end:
                        self._spoil(self._not_closed())
                    return self.at_end
                if not self._take(row):
                    return True
                if len(self.read.rows) == most_rows:
                    return False
        except csv.Error as error:
            self._spoil(self._not_closed() if self.at > self.first + 1 else f"cannot be read: {error}")
            return True
        return False

    def _not_closed(self) -> str:
        return BAD_ESCAPE if ESCAPE in self.lines[self.first] else _NOT_CLOSED

    def _feed(self) -> Iterator[str]:
        size = 0
        begun = self.first
        while self.at < len(self.lines):
            line = self.lines[self.at]
            size = len(line) if begun != self.first else size + len(line)
            begun = self.first
            self.at += 1
            if size > MAX_ROW_BYTES:
                raise csv.Error(_TOO_LONG)
            if b"\0" in line:
                self.wrong = "has a NUL character"
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self.wrong = 'is not UTF-8 text; declare encoding in [files], such as "cp1252"'
                yield line.decode(errors="replace")
        self.exhausted = True

    def _take(self, row: list[str]) -> bool:
        """Take a row; return False where only its first line was, as an escaped quote led reading astray."""
        width = len(self.dialect.names)
        raw = b"".join(self.lines[self.first : self.at]) if row else b""
        astray = ESCAPE in raw and not _is_plain(raw, self.dialect.delimiter)
        if astray and self.at > self.first + 1:
            self._spoil(BAD_ESCAPE)
            return False
        if row:
            if len(row) != width:
                self.wrong = self.wrong or say_cells(len(row), width, raw)
            elif astray:
                self.wrong = self.wrong or BAD_ESCAPE
            self._append(row)
        self._move_to(self.at)
        return True

    def _spoil(self, wrong: str) -> None:
        """Take the first line of a row for all of it."""
        line = self.lines[self.first]
        self.wrong = f"is longer than {MAX_ROW_BYTES >> 20} MB" if len(line) > MAX_ROW_BYTES else wrong
        self._append([])
        self._move_to(self.first + 1)
        self.exhausted = False

    def _append(self, row: list[str]) -> None:
        width = len(self.dialect.names)
        if self.wrong:
            self.read.misshapen[len(self.read.rows)] = self.wrong
        self.read.rows.append((row + [""] * width)[:width] if len(row) != width else row)
        self.wrong = ""

    def _move_to(self, line: int) -> None:
        self.read.taken += sum(map(len, self.lines[self.first : line]))
        self.first = line


def _is_plain(raw: bytes, delimiter: str) -> bool:
    return len(delimiter.encode()) == 1 and has_plain_quotes(raw.rstrip(b"\r\n"), delimiter)
