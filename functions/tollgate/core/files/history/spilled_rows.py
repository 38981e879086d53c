"""Rows of whole numbers spilled to a file, read and changed through windows that map some hundred rows.

What a window maps counts as the process's own only as long as it is open, and around each row that is read Linux maps
64 KB. Blocks read and written by plain calls cost five times as much: rows that are asked for together lie far apart,
and a block brings its neighbours twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from mmap import ALLOCATIONGRANULARITY, mmap
from pathlib import Path

import numpy as np

from tollgate.core.events.event import Ints

_WINDOW_ROWS = 128
_APPENDED_ROWS = 4096


class SpilledRows:
    """Numbered rows of ``width`` int64 each; a row that was never written is all zeros."""

    def __init__(self, path: Path, width: int) -> None:
        self._path = path
        self._width = width
        self._row_bytes = 8 * width

    def read(self, numbers: Ints, out: Ints) -> None:
        """Fill the columns ``out``, (width, m), with those of the rows with these numbers, which rise."""
        there = self._count_there(numbers)
        out[:, there:] = 0

        def take(part: slice, rows: Ints, places: Ints) -> None:
            out[:, part] = rows[places].T

        self._map(numbers[:there], take)

    def write(self, numbers: Ints, columns: Sequence[Ints]) -> None:
        """Put columns, m long each, in place of those of the rows with these numbers, which rise."""
        there = self._count_there(numbers)

        def put(part: slice, rows: Ints, places: Ints) -> None:
            rows[places] = np.array([column[part] for column in columns]).T

        self._map(numbers[:there], put)
        if there < len(numbers):
            self._add(numbers[there:], [column[there:] for column in columns])

    @property
    def _size_bytes(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _count_there(self, numbers: Ints) -> int:
        return int(np.searchsorted(numbers, self._size_bytes // self._row_bytes))

    def _add(self, numbers: Ints, columns: Sequence[Ints]) -> None:
        """Write rows behind those that are there. By plain calls, which tell of a full disk."""
        count = self._size_bytes // self._row_bytes
        with self._path.open("ab") as file:
            for first in range(count, int(numbers[-1]) + 1, _APPENDED_ROWS):
                begin, end = np.searchsorted(numbers, (first, first + _APPENDED_ROWS))
                rows = np.zeros((min(_APPENDED_ROWS, int(numbers[-1]) + 1 - first), self._width), dtype=np.int64)
                rows[numbers[begin:end] - first] = np.array([column[begin:end] for column in columns]).T
                file.write(rows)

    def _map(self, numbers: Ints, use: Callable[[slice, Ints, Ints], None]) -> None:
        """Let ``use`` have some rows at a time: which of the numbers, the rows of the file around them, and where."""
        if not len(numbers):
            return
        with self._path.open("r+b") as file:
            for first in range(0, len(numbers), _WINDOW_ROWS):
                part = slice(first, min(first + _WINDOW_ROWS, len(numbers)))
                some = numbers[part]
                begin, end = int(some[0]) * self._row_bytes, (int(some[-1]) + 1) * self._row_bytes
                offset = begin // ALLOCATIONGRANULARITY * ALLOCATIONGRANULARITY
                with mmap(file.fileno(), end - offset, offset=offset) as window:
                    rows = np.frombuffer(window, dtype=np.int64, offset=begin - offset).reshape(-1, self._width)
                    use(part, rows, some - some[0])
                    del rows  # or the window could not be closed
