"""Columns of whole numbers, as many rows as a disk holds: the first ones in memory, the others in a file.

Rows that are met early tend to come often, so the part in memory serves most reads. There a lot of rows lies column by
column: gathering thousands of rows one column after the other is several times as fast as gathering and turning rows.
The rest is read and written in blocks of a few kilobytes by plain calls: memory mapped pages would count as the
process's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path

import numpy as np

from tollgate.core.event import Ints

_LOT = 250
_BLOCK_BYTES = 1 << 15
_BLOCKS_AT_ONCE = 32


class Memory:
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


class Records:
    """Numbered rows of ``width`` int64 each; a row that was never written is all zeros."""

    def __init__(self, path: Path, width: int, memory: Memory) -> None:
        self._beside = path.with_name(f"{path.name}.columns")
        self.width = width
        self._memory = memory
        self._in_memory = 0
        # Zeros that nothing was written to take no memory.
        self._first = np.zeros(memory.size_bytes // (8 * width * _LOT) * width * _LOT, dtype=np.int64)
        # Columns that have nothing but zeros are passed over.
        self._filled = np.zeros(width, dtype=bool)
        self._per_block = max(_BLOCK_BYTES // (8 * width), 1)
        self._path = path
        self.count = 0

    def read(self, numbers: Ints) -> Ints:
        """Return the columns of the rows with these numbers, each of them once, shape (width, m)."""
        self._grow(numbers)
        columns = np.zeros((self.width, len(numbers)), dtype=np.int64)
        near = numbers < self._in_memory
        if near.all():
            places = self._places(numbers)
            for column in np.flatnonzero(self._filled).tolist():
                np.take(self._first[column * _LOT :], places, out=columns[column], mode="clip")
            return columns
        places = self._places(numbers[near])
        for column in np.flatnonzero(self._filled).tolist():
            columns[column, near] = self._first[column * _LOT :].take(places)
        with self._open() as file:
            for far, inside, blocks, _ in self._blocks_of(file, np.flatnonzero(~near), numbers):
                columns[:, far] = blocks[inside].T
        return columns

    def write(self, numbers: Ints, columns: Ints | Sequence[Ints]) -> None:
        """Put columns, m long each, in place of those of the rows with these numbers, each of them once."""
        self._grow(numbers)
        near = numbers < self._in_memory
        all_near = bool(near.all())
        places = self._places(numbers if all_near else numbers[near])
        for column, given in enumerate(columns):
            if self._filled[column] or given.any():
                self._filled[column] = True
                self._first[column * _LOT :][places] = given if all_near else given[near]
        if all_near:
            return
        with self._open() as file:
            for far, inside, blocks, which in self._blocks_of(file, np.flatnonzero(~near), numbers):
                blocks[inside] = np.stack([column[far] for column in columns], axis=1)
                for place, block in enumerate(which):
                    part = blocks[place * self._per_block : (place + 1) * self._per_block]
                    file.seek(block * self._per_block * self.width * 8)
                    file.write(part)

    def _places(self, numbers: Ints) -> Ints:
        """Return where the first column of rows in memory is; each further one is a lot's length behind."""
        return numbers + numbers // _LOT * (_LOT * (self.width - 1))

    def _grow(self, numbers: Ints) -> None:
        count = int(np.max(numbers, initial=-1)) + 1
        if self.count <= self._in_memory < count:
            lots = -(-(count - self._in_memory) // _LOT)
            while lots and not self._memory.take(lots * _LOT * self.width * 8):
                lots //= 2
            self._in_memory += lots * _LOT
        self.count = max(self.count, count)

    def _open(self) -> FileIO:
        self._path.touch()
        return FileIO(self._path, "r+")

    def _blocks_of(self, file: FileIO, far: Ints, numbers: Ints) -> Iterator[tuple[Ints, Ints, Ints, list[int]]]:
        """Yield some blocks at a time.

        They come as places among ``numbers``, where these are in the blocks, the rows of the blocks, and their numbers.
        """
        beyond = numbers[far] - self._in_memory
        order = np.argsort(beyond, kind="stable")
        beyond, far = beyond[order], far[order]
        of_block = beyond // self._per_block
        which, starts = np.unique(of_block, return_index=True)
        ends = np.append(starts[1:], len(beyond))
        for first in range(0, len(which), _BLOCKS_AT_ONCE):
            some = which[first : first + _BLOCKS_AT_ONCE].tolist()
            blocks = np.empty((len(some) * self._per_block, self.width), dtype=np.int64)
            for place, block in enumerate(some):
                part = blocks[place * self._per_block : (place + 1) * self._per_block]
                file.seek(block * self._per_block * self.width * 8)
                size = file.readinto(part.reshape(-1).view(np.uint8)) or 0
                part.reshape(-1)[size // 8 :] = 0
            taken = slice(starts[first], ends[first + len(some) - 1])
            places = np.searchsorted(np.array(some), of_block[taken])
            inside = places * self._per_block + beyond[taken] % self._per_block
            yield far[taken], inside, blocks, some

    def walk(self, rows_at_once: int = 4096) -> Iterator[tuple[int, Ints]]:
        """Yield all rows in order of their numbers: the first number of each lot, and its columns."""
        for first in range(0, self.count, rows_at_once):
            yield first, self.read(np.arange(first, min(first + rows_at_once, self.count)))

    def save(self) -> None:
        """Put what is in memory into a file of its own; the rest is in its file already."""
        lots = -(-min(self.count, self._in_memory) // _LOT)
        self._first[: lots * _LOT * self.width].tofile(self._beside)

    def load(self, count: int) -> None:
        """Take up what `save` left of ``count`` rows."""
        held = np.fromfile(self._beside, dtype=np.int64)
        if not self._memory.take(held.nbytes):
            raise ValueError("what was saved takes more memory than there is")
        self._first[: len(held)] = held
        self._filled = held.reshape(-1, self.width, _LOT).any(axis=(0, 2))
        self._in_memory, self.count = len(held) // self.width, count
