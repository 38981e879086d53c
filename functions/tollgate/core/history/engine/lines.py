"""Arrivals of a chunk grouped by the key of one entity, in order of time within each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tollgate.core.events.event import Ints


@dataclass(frozen=True)
class Line:
    """Arrivals of u keys that follow each other: the row of each and the place of its key, and where keys begin.

    Rows below ``n`` are those of events, the others of labels.
    """

    rows: Ints
    keys: Ints
    starts: Ints
    n: int

    @classmethod
    def of(cls, codes: Ints, arrival: Ints, n: int) -> Line:
        """Sort the arrivals whose code is not -1; every code below the highest one has at least one."""
        bits = max(int(len(codes) - 1).bit_length(), 1)
        joined = np.sort((codes << bits) | arrival)
        joined = joined[np.searchsorted(joined, 0) :]
        keys, ranks = joined >> bits, joined & ((1 << bits) - 1)
        rows = ranks
        if len(codes) and not np.array_equal(arrival, np.arange(len(codes))):
            by_rank = np.empty(len(codes), dtype=np.int64)
            by_rank[arrival] = np.arange(len(codes))
            rows = by_rank[ranks]
        return cls(rows, keys, np.flatnonzero(np.diff(keys, prepend=-1)), n)

    @cached_property
    def _has_labels(self) -> bool:
        return bool(len(self.rows)) and int(np.max(self.rows)) >= self.n

    @cached_property
    def is_whole(self) -> bool:
        """Whether it holds all n events, and nothing else."""
        return len(self.rows) == self.n and not self._has_labels

    @cached_property
    def events(self) -> Ints | slice:
        """Where in the line the events are."""
        return np.flatnonzero(self.rows < self.n) if self._has_labels else slice(None)

    @cached_property
    def last(self) -> Ints:
        """The place of the last arrival of each key, shape (u,)."""
        return np.append(self.starts[1:], len(self.keys)) - 1

    @cached_property
    def most(self) -> int:
        """How many arrivals the busiest key has."""
        return int(np.diff(self.starts, append=len(self.keys)).max(initial=0))

    @cached_property
    def places(self) -> Ints:
        """Where in the line each event is, if it is whole."""
        places = np.empty(len(self.rows), dtype=np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return places
