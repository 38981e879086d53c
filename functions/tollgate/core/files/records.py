"""Rows of whole numbers, as many as a disk holds: the first ones in memory, the others in a file.

Keys that are met early tend to come often, so the part in memory serves most reads. The rest is read and written in
blocks of a few kilobytes by plain calls: memory mapped pages would count as the process's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import numpy as np

from tollgate.core.event import Ints

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
        self._beside = path.with_name(f"{path.name}.first")
        self.width = width
        self._memory = memory
        self._in_memory = 0
        # Zeros that nothing was written to take no memory.
        self._first = np.zeros((memory.size_bytes // (8 * width), width), dtype=np.int64)
        self._per_block = max(_BLOCK_BYTES // (8 * width), 1)
        self._path = path
        self.count = 0

    def read(self, numbers: Ints) -> Ints:
        """Return the rows with these numbers, each of them once, shape (m, width)."""
        rows = np.empty((len(numbers), self.width), dtype=np.int64)
        near = numbers < self._in_memory
        if near.all():
            return self._first[numbers]
        rows[near] = self._first[numbers[near]]
        with self._open() as file:
            for places, inside, blocks, _ in self._blocks_of(file, np.flatnonzero(~near), numbers):
                rows[places] = blocks[inside]
        return rows

    def write(self, numbers: Ints, rows: Ints) -> None:
        """Put rows, shape (m, width), in place of those with these numbers, each of them once."""
        if not len(numbers):
            return
        self._grow(int(np.max(numbers)) + 1)
        near = numbers < self._in_memory
        if near.all():
            self._first[numbers] = rows
            return
        self._first[numbers[near]] = rows[near]
        with self._open() as file:
            for places, inside, blocks, which in self._blocks_of(file, np.flatnonzero(~near), numbers):
                blocks[inside] = rows[places]
                for place, block in enumerate(which):
                    part = blocks[place * self._per_block : (place + 1) * self._per_block]
                    file.seek(block * self._per_block * self.width * 8)
                    file.write(part)

    def _grow(self, count: int) -> None:
        if self.count <= self._in_memory < count:
            lots = -(-(count - self._in_memory) // self._per_block)
            while lots and not self._memory.take(lots * _BLOCK_BYTES):
                lots //= 2
            self._in_memory += lots * self._per_block
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
        """Yield all rows in order of their numbers: the first number of each lot, and the lot."""
        for first in range(0, self.count, rows_at_once):
            yield first, self.read(np.arange(first, min(first + rows_at_once, self.count)))

    def save(self) -> None:
        """Put what is in memory into a file of its own; the rest is in its file already."""
        self._first[: min(self.count, self._in_memory)].tofile(self._beside)

    def load(self, count: int) -> None:
        """Take up what `save` left of ``count`` rows."""
        held = np.fromfile(self._beside, dtype=np.int64).reshape(-1, self.width)
        if not self._memory.take(held.nbytes):
            raise ValueError("what was saved takes more memory than there is")
        self._first[: len(held)] = held
        self._in_memory, self.count = len(held), count
