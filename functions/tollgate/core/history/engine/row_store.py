"""Row store: numbered rows of whole numbers in memory, within a memory budget for all of them together.

Rows lie column by column. Gathering thousands of rows one column after the other is several times as fast as gathering
whole rows and transposing them, and a column of nothing but zeros, as many are, takes no memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.errors import TooManyKeysError

# Room is made for a sixteenth more rows at a time.
_GROWTH = 16
_LEAST_ROWS = 1024


class MemoryBudget:
    """The bytes that what is kept of all keys of a file may take together; by default, without a limit."""

    def __init__(self, size_bytes: int = 1 << 62) -> None:
        self.size_bytes = size_bytes
        self._left = size_bytes

    def take(self, size_bytes: int) -> None:
        """Take some of it, or give some back; raise `TooManyKeysError` if there is not enough."""
        if size_bytes > self._left:
            raise TooManyKeysError(self.size_bytes)
        self._left -= size_bytes


class RowStore:
    """Numbered rows of ``width`` int64 each, as many as ``memory`` has room for; those never written are all zeros."""

    def __init__(self, width: int, memory: MemoryBudget) -> None:
        self.width = width
        self.count = 0
        self._memory = memory
        self._room = 0
        # By place; those that are not here are all zeros.
        self._columns: dict[int, Ints] = {}

    def read(self, numbers: Ints) -> Ints:
        """Return the columns of the rows with these numbers, which rise, shape (width, m)."""
        self._meet(numbers)
        columns = np.empty((self.width, len(numbers)), dtype=np.int64)
        for place in range(self.width):
            if place in self._columns:
                np.take(self._columns[place], numbers, out=columns[place], mode="clip")
            else:
                columns[place] = 0
        return columns

    def write(self, numbers: Ints, columns: Sequence[Ints] | Ints) -> None:
        """Put columns, m long each, in place of those of the rows with these numbers, which rise."""
        self._meet(numbers)
        for place, given in enumerate(columns):
            if place in self._columns or given.any():
                self._column(place)[numbers] = given

    def walk(self, rows_at_once: int = 4096) -> Iterator[tuple[int, Ints]]:
        """Yield all rows in order of their numbers: the first number of each block, and its columns."""
        for first in range(0, self.count, rows_at_once):
            yield first, self.read(np.arange(first, min(first + rows_at_once, self.count)))

    def _column(self, place: int) -> Ints:
        if place not in self._columns:
            self._memory.take(8 * self._room)
            self._columns[place] = np.zeros(self._room, dtype=np.int64)
        return self._columns[place]

    def _meet(self, numbers: Ints) -> None:
        """Make room for rows."""
        if not len(numbers):
            return
        self.count = max(self.count, int(numbers[-1]) + 1)
        if self.count > self._room:
            room = max(self.count, self._room + self._room // _GROWTH, _LEAST_ROWS)
            self._memory.take(8 * (room - self._room) * len(self._columns))
            for column in self._columns.values():
                # In place: Linux moves no bytes for that.
                column.resize(room, refcheck=False)
            self._room = room
