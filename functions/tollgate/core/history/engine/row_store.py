"""Row store: numbered rows of whole numbers in memory, within what all of them may take together.

A block of rows lies column by column: gathering thousands of rows one column after the other is several times as fast
as gathering rows and turning them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.errors import TooManyKeysError

_BLOCK_ROWS = 250
# Room is made for an eighth more rows at a time.
_GROWTH = 8


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
        self._memory = memory
        self._cells = np.zeros(0, dtype=np.int64)
        self._blocks = 0
        # Columns that have nothing but zeros are passed over.
        self._filled = np.zeros(width, dtype=bool)
        self.count = 0

    def read(self, numbers: Ints) -> Ints:
        """Return the columns of the rows with these numbers, which rise, shape (width, m)."""
        self._meet(numbers)
        columns = np.empty((self.width, len(numbers)), dtype=np.int64)
        places = self._places(numbers)
        for column, filled in enumerate(self._filled.tolist()):
            if filled:
                np.take(self._cells[column * _BLOCK_ROWS :], places, out=columns[column], mode="clip")
            else:
                columns[column] = 0
        return columns

    def write(self, numbers: Ints, columns: Sequence[Ints] | Ints) -> None:
        """Put columns, m long each, in place of those of the rows with these numbers, which rise."""
        self._meet(numbers)
        places = self._places(numbers)
        for column, given in enumerate(columns):
            if self._filled[column] or given.any():
                self._filled[column] = True
                self._cells[column * _BLOCK_ROWS :][places] = given

    def walk(self, rows_at_once: int = 4096) -> Iterator[tuple[int, Ints]]:
        """Yield all rows in order of their numbers: the first number of each block, and its columns."""
        for first in range(0, self.count, rows_at_once):
            yield first, self.read(np.arange(first, min(first + rows_at_once, self.count)))

    @property
    def cells(self) -> Ints:
        """All rows as `load` takes them: block after block, each column by column."""
        return self._cells

    def load(self, cells: Ints, count: int, more: Ints | None = None) -> None:
        """Take up ``count`` rows from their ``cells``; older code kept some behind these as ``more``, (r, width)."""
        first = len(cells) // max(self.width, 1)
        self._meet(np.array([max(count, first) - 1]))
        self._cells[: len(cells)] = cells
        self._filled = cells.reshape(-1, self.width, _BLOCK_ROWS).any(axis=(0, 2))
        if more is not None:
            self.write(np.arange(first, first + len(more)), more.T)
        self.count = count

    def _places(self, numbers: Ints) -> Ints:
        """Return where the first column of rows is; each further one is a block's length behind."""
        return numbers + numbers // _BLOCK_ROWS * (_BLOCK_ROWS * (self.width - 1))

    def _meet(self, numbers: Ints) -> None:
        """Make room for rows."""
        if not len(numbers):
            return
        self.count = max(self.count, int(numbers[-1]) + 1)
        needed = -(-self.count // _BLOCK_ROWS)
        if needed > self._blocks:
            # Some more at once, in place: Linux moves no bytes for that.
            blocks = max(needed, self._blocks + self._blocks // _GROWTH)
            self._memory.take((blocks - self._blocks) * 8 * self.width * _BLOCK_ROWS)
            self._cells.resize(blocks * self.width * _BLOCK_ROWS, refcheck=False)
            self._blocks = blocks
