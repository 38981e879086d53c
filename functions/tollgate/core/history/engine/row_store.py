"""Row store: rows of whole numbers, as many as a disk holds, the first ones in memory and the others in a file.

Rows that are met early tend to come often, so the part in memory serves most reads. There a block of rows lies column
by column: gathering thousands of rows one column after the other is several times as fast as gathering rows and
turning them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.files.history.spilled_rows import SpilledRows

_BLOCK_ROWS = 250


class MemoryBudget:
    """The bytes that all records of a file may hold in memory together: who comes first takes them."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._left = size_bytes

    def take(self, size_bytes: int) -> bool:
        """Take some of it; return whether there was enough."""
        if size_bytes > self._left:
            return False
        self._left -= size_bytes
        return True


class RowStore:
    """Numbered rows of ``width`` int64 each; a row that was never written is all zeros."""

    def __init__(self, path: Path, width: int, memory: MemoryBudget) -> None:
        self._beside = path.with_name(f"{path.name}.columns")
        self.width = width
        self._memory = memory
        self._in_memory = 0
        # Zeros that nothing was written to take no memory.
        self._first = np.zeros(memory.size_bytes // (8 * width * _BLOCK_ROWS) * width * _BLOCK_ROWS, dtype=np.int64)
        # Columns that have nothing but zeros are passed over.
        self._filled = np.zeros(width, dtype=bool)
        self._far = SpilledRows(path, width)
        self.count = 0

    def read(self, numbers: Ints) -> Ints:
        """Return the columns of the rows with these numbers, which rise, shape (width, m)."""
        near = self._meet(numbers)
        columns = np.empty((self.width, len(numbers)), dtype=np.int64)
        places = self._places(numbers[:near])
        for column, filled in enumerate(self._filled.tolist()):
            if filled:
                np.take(self._first[column * _BLOCK_ROWS :], places, out=columns[column, :near], mode="clip")
            else:
                columns[column, :near] = 0
        if near < len(numbers):
            self._far.read(numbers[near:] - self._in_memory, columns[:, near:])
        return columns

    def write(self, numbers: Ints, columns: Sequence[Ints] | Ints) -> None:
        """Put columns, m long each, in place of those of the rows with these numbers, which rise."""
        near = self._meet(numbers)
        places = self._places(numbers[:near])
        for column, given in enumerate(columns):
            if self._filled[column] or given[:near].any():
                self._filled[column] = True
                self._first[column * _BLOCK_ROWS :][places] = given[:near]
        if near < len(numbers):
            self._far.write(numbers[near:] - self._in_memory, [given[near:] for given in columns])

    def _places(self, numbers: Ints) -> Ints:
        """Return where the first column of rows in memory is; each further one is a block's length behind."""
        return numbers + numbers // _BLOCK_ROWS * (_BLOCK_ROWS * (self.width - 1))

    def _meet(self, numbers: Ints) -> int:
        """Make room for rows; return how many of these are in memory."""
        count = int(numbers[-1]) + 1 if len(numbers) else 0
        if self.count <= self._in_memory < count:
            blocks = -(-(count - self._in_memory) // _BLOCK_ROWS)
            while blocks and not self._memory.take(blocks * _BLOCK_ROWS * self.width * 8):
                blocks //= 2
            self._in_memory += blocks * _BLOCK_ROWS
        self.count = max(self.count, count)
        return int(np.searchsorted(numbers, self._in_memory))

    def walk(self, rows_at_once: int = 4096) -> Iterator[tuple[int, Ints]]:
        """Yield all rows in order of their numbers: the first number of each block, and its columns."""
        for first in range(0, self.count, rows_at_once):
            yield first, self.read(np.arange(first, min(first + rows_at_once, self.count)))

    def save(self) -> None:
        """Put what is in memory into a file of its own; the rest is in its file already."""
        blocks = -(-min(self.count, self._in_memory) // _BLOCK_ROWS)
        self._first[: blocks * _BLOCK_ROWS * self.width].tofile(self._beside)

    def load(self, count: int) -> None:
        """Take up what `save` left of ``count`` rows."""
        held = np.fromfile(self._beside, dtype=np.int64)
        if not self._memory.take(held.nbytes):
            raise ValueError("what was saved takes more memory than there is")
        self._first[: len(held)] = held
        self._filled = held.reshape(-1, self.width, _BLOCK_ROWS).any(axis=(0, 2))
        self._in_memory, self.count = len(held) // self.width, count
