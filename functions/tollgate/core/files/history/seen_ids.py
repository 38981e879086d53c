"""Seen ids of a file and their rows, to find repeated ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.key_index import UNKNOWN, KeyIndex
from tollgate.core.history.engine.row_store import MemoryBudget


class SeenIds:
    """The ids that rows took so far, by their hashes: those of rows that are decided on."""

    def __init__(self, memory: MemoryBudget) -> None:
        self._rows = KeyIndex(memory)

    def find_repeated(self, ids: DictionaryColumn, codes: Ints, first_row: int) -> Mapping[int, int]:
        """Return which rows of a chunk repeat an id, by their place, and which row had it first; add the others.

        ``codes``, shape (n,), say which of the ids each row would take: -1 for those that take none.
        """
        taking = np.flatnonzero(codes >= 0)
        if not len(taking):
            return {}
        taken, first, which = np.unique(codes[taking], return_index=True, return_inverse=True)
        firsts = first_row + taking[first]
        hashes = ids.hashes[taken]
        known = self._rows.find(hashes)
        new = known == UNKNOWN
        self._rows.add(hashes[new], firsts[new])
        known[new] = firsts[new]
        earlier = known[which]
        repeated = np.flatnonzero(earlier != first_row + taking)
        return dict(zip(taking[repeated].tolist(), earlier[repeated].tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write everything into files."""
        self._rows.save(folder, "ids")

    def load(self, folder: Path) -> None:
        """Take up what `save` wrote."""
        self._rows.load(folder, "ids")
