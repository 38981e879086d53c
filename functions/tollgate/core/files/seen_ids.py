"""Which ids a file has had, and in which row: for files of any size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tollgate.core.event import Ints
from tollgate.core.files.key_index import UNKNOWN, KeyIndex
from tollgate.core.files.texts import Texts


class SeenIds:
    """The ids of the rows so far, by their hashes."""

    def __init__(self, folder: Path) -> None:
        self._rows = KeyIndex(folder, "ids")

    def find_repeated(self, ids: Texts, codes: Ints, first_row: int) -> Mapping[int, int]:
        """Return which rows of a piece repeat an id, by their place, and which row had it first; add the others.

        ``codes``, shape (n,), say which of the ids each row has.
        """
        if not len(ids.values):
            return {}
        known = self._rows.find(ids.hashes)
        given = np.flatnonzero(codes >= 0)
        _, first = np.unique(codes[given], return_index=True)
        firsts = given[first]
        new = known == UNKNOWN
        self._rows.add(ids.hashes[new], first_row + firsts[new])
        known[new] = first_row + firsts[new]
        repeated = given[known[codes[given]] != first_row + given]
        return dict(zip(repeated.tolist(), known[codes[repeated]].tolist(), strict=True))

    def save(self) -> None:
        """Leave everything in files."""
        self._rows.save()
