"""Lookup tables of shallow trees' contributions: one row for each pattern of the splits' answers.

A table belongs to a small subtree and the splits above it. Its row for a pattern holds the Shapley values of the
subtree's leaves, summed by feature, so that one look-up serves several leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places

# As many rows as have values that fit the processor's cache together.
_BLOCK_ROWS = 16


@dataclass(frozen=True)
class Tables:
    """g tables of up to ``width`` splits each (8 or 16), in one block of r rows.

    ``splits``, shape (g · width,), are places among the answers, padded with the one that is always false; the first
    split is the lowest bit of a pattern. ``first``, shape (g,), is the place of each table's row for pattern 0,
    ``rows`` the contributions, float32 (r, width). ``columns`` names the used ones among the g · width values that are
    found, sorted by feature; those of the k-th of ``features`` begin at the k-th of ``starts``.
    """

    splits: Places
    first: Places
    rows: npt.NDArray[np.float32]
    columns: Places
    features: Places
    starts: Places

    @property
    def width(self) -> int:
        """How many splits and how many features a table has at most."""
        return int(self.rows.shape[1])

    def contribute(self, answers: Bools, out: Floats) -> None:
        """Add to ``out``, shape (n, f), the contributions of n rows of answers, shape (n, s + 1)."""
        if not len(self.features):
            return
        for begin in range(0, len(out), _BLOCK_ROWS):
            some = answers[begin : begin + _BLOCK_ROWS]
            bits = np.packbits(some.take(self.splits, axis=1), axis=1, bitorder="little")
            patterns = bits if self.width == 8 else bits.view("<u2")
            found = self.rows.take(self.first + patterns, axis=0).reshape(len(some), -1).take(self.columns, axis=1)
            sums = np.add.reduceat(found, self.starts, axis=1, dtype=np.float64)
            out[begin : begin + _BLOCK_ROWS, self.features] += sums
