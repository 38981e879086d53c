"""Labels of events in a table: the frauds among them, and the events that were not let through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats, Ints


@dataclass(frozen=True)
class Frauds:
    """Frauds among n events: the row of each, and when it became known, in seconds since 1970. Shapes (m,)."""

    rows: Ints
    known_s: Floats

    def by(self, until_s: float) -> Frauds:
        """Return those that were known by a moment."""
        known = np.flatnonzero(self.known_s <= until_s)
        return Frauds(self.rows[known], self.known_s[known])


@dataclass(frozen=True)
class Withheld:
    """Events among n that were not let through: the row of each, and when it became known as legitimate; inf: never.

    They do not mature: nobody will complain of them. Shapes (m,).
    """

    rows: Ints
    legitimate_s: Floats

    def cleared(self, until_s: float) -> Withheld:
        """Return those that were known as legitimate by a moment."""
        known = np.flatnonzero(self.legitimate_s <= until_s)
        return Withheld(self.rows[known], self.legitimate_s[known])


NOTHING_WITHHELD = Withheld(np.empty(0, dtype=np.int64), np.empty(0))
NO_FRAUDS = Frauds(np.empty(0, dtype=np.int64), np.empty(0))
