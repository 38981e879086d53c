"""Key hashes of 64 bits: two different keys have the same one by a chance of 2^-64, even if an attacker chose them.

Each half is the upper half of a sum of characters times random numbers (multilinear hashing: Lemire, Kaser: "Strongly
universal string hashing is fast", 2014), so nobody who does not know the numbers can make keys that collide.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]
# `read_text` lets no longer text pass: 256 characters of up to four bytes, twice for a pair, and its length.
_MAX_CHARACTERS = 4 * 256 + 1
_HALF = np.uint64(32)


class KeyHashes:
    """Random numbers to hash with: ``multipliers`` has shape (2, m), one row for each half of a hash."""

    def __init__(self, multipliers: Hashes | None = None) -> None:
        if multipliers is None:
            multipliers = np.frombuffer(secrets.token_bytes(2 * _MAX_CHARACTERS * 8), dtype=np.uint64).reshape(2, -1)
        self.multipliers = multipliers

    def of_texts(self, texts: pa.StringArray) -> Hashes:
        """Return the hashes of n texts, none of them missing, shape (n,)."""
        n = len(texts)
        if not n:
            return np.empty(0, dtype=np.uint64)
        _, offsets_buffer, data_buffer = texts.buffers()
        offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[texts.offset : texts.offset + n + 1].astype(np.int64)
        lengths = np.diff(offsets)
        data = np.frombuffer(data_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
        places = np.arange(len(data)) - np.repeat(offsets[:-1] - offsets[0], lengths)
        # Text by text, of which the empty ones have nothing to sum.
        filled = np.flatnonzero(lengths)
        starts = (offsets[:-1] - offsets[0])[filled]
        halves = []
        for row in self.multipliers:
            sums = row[-1] * (lengths.astype(np.uint64) + np.uint64(1))
            if len(filled):
                sums[filled] += np.add.reduceat(row[places] * (data.astype(np.uint64) + np.uint64(1)), starts)
            halves.append(sums >> _HALF)
        hashes: Hashes = (halves[0] << _HALF) | halves[1]
        return hashes

    def join(self, parts: Sequence[Hashes]) -> Hashes:
        """Return the hashes of pairs, given those of their parts, shape (n,) each."""
        halves = []
        for row in self.multipliers:
            sums = np.zeros(len(parts[0]), dtype=np.uint64)
            for place, part in enumerate(parts):
                sums += row[2 * place] * (part & np.uint64(0xFFFFFFFF)) + row[2 * place + 1] * (part >> _HALF)
            halves.append((sums + row[-1]) >> _HALF)
        hashes: Hashes = (halves[0] << _HALF) | halves[1]
        return hashes
