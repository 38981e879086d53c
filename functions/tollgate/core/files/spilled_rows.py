"""Rows of whole numbers in a file, read and written through windows onto it that last for some hundred rows.

What a window maps counts as the process's own only as long as it is open. Blocks read and written by plain calls cost
ten times as much: rows that are asked for together lie far apart, and a block brings its neighbours twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from mmap import ALLOCATIONGRANULARITY, mmap
from pathlib import Path

import numpy as np

from tollgate.core.event import Ints

_AT_ONCE = 256


class SpilledRows:
    """Numbered rows of ``width`` int64 each; a row that was never written is all zeros."""

    def __init__(self, path: Path, width: int) -> None:
        self._path = path
        self._width = width

    def extend(self, count: int) -> None:
        """Let there be ``count`` rows."""
        size_bytes = count * self._width * 8
        with self._path.open("ab") as file:
            # Written, not skipped: what a full disk lacks is told here, and would end the process in a window.
            file.write(bytes(max(size_bytes - file.tell(), 0)))

    def read(self, numbers: Ints, out: Ints) -> None:
        """Fill the columns ``out``, (width, m), with those of the rows with these numbers, which rise."""
        for part, rows, places in self._windows(numbers):
            out[:, part] = rows[places].T

    def write(self, numbers: Ints, columns: Sequence[Ints]) -> None:
        """Put columns, m long each, in place of those of the rows with these numbers, which rise."""
        for part, rows, places in self._windows(numbers):
            rows[places] = np.array([column[part] for column in columns]).T

    def _windows(self, numbers: Ints) -> Iterator[tuple[slice, Ints, Ints]]:
        """Yield some rows at a time: which of the numbers, the rows of the file around them, and where they are."""
        row_bytes = self._width * 8
        with self._path.open("r+b") as file:
            for first in range(0, len(numbers), _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                some = numbers[part]
                begin, end = int(some[0]) * row_bytes, (int(some[-1]) + 1) * row_bytes
                offset = begin // ALLOCATIONGRANULARITY * ALLOCATIONGRANULARITY
                window = mmap(file.fileno(), end - offset, offset=offset)
                rows = np.frombuffer(window, dtype=np.int64, offset=begin - offset)
                yield part, rows.reshape(-1, self._width), some - some[0]
