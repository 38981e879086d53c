"""Search query: the blocks that may hold what is wanted, and the rows that match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tollgate.core.events.cells import earlier_spellings
from tollgate.core.search.entry import LABELS, EntryKind, Rows, write_text
from tollgate.core.search.ordering import Position, list_places
from tollgate.core.search.segment import Head

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Query:
    """Decisions of some days by outcome, label, rule, entity and score, all of which are optional.

    Without ``outcomes``, any will do. ``entity`` is a name and a key, ``scores`` the lowest and the highest that is
    wanted; events without a score are found by neither.
    """

    outcomes: tuple[str, ...] = ()
    label: str | None = None
    rule: str | None = None
    entity: tuple[str, str] | None = None
    scores: tuple[int, int] | None = None
    sort: str = "newest"
    after: Position | None = None
    limit: int = 50

    def blocks(self, head: Head, *, by_label: bool) -> Iterator[tuple[int, float]]:
        """Yield the blocks of a segment that may hold what is wanted, each with the highest value in it.

        Everything but an event's label is the same in all of its rows, so each of them is found with the others.
        ``by_label`` leaves out blocks without the label as well: it may be done where no other segment of the day has
        an older row of an event that is left out.
        """
        wanted = {place for place, kind in enumerate(head.kinds) if self._wants(kind)}
        for place, zone in enumerate(head.zones):
            if wanted.isdisjoint(zone.kinds):
                continue
            if self.scores and not (zone.scores[0] <= self.scores[1] and self.scores[0] <= zone.scores[1]):
                continue
            if by_label and self.label and LABELS.index(self.label) not in zone.labels:
                continue
            yield place, zone.highest[self.sort]

    def select(self, rows: Rows) -> Rows:
        """Return the latest rows that are wanted, whatever their place in the list."""
        rows = rows.take(self._lasting(rows))
        if self.entity:
            rows = rows.take(_of_entity(rows, *self.entity))
        rows = rows.latest()
        return rows.take(rows.columns["label"] == LABELS.index(self.label)) if self.label else rows

    def page(self, rows: Rows) -> Rows:
        """Return those of the selected rows that are to be listed, in order."""
        return rows.take(list_places(rows.columns, self.sort, self.after, self.limit))

    def _lasting(self, rows: Rows) -> Bools:
        """Return which rows are wanted by all that no label changes."""
        kinds = np.array([self._wants(kind) for kind in rows.kinds], dtype=bool)
        mask: Bools = kinds[rows.columns["kind"]]
        if self.scores:
            mask &= (rows.columns["score"] >= self.scores[0]) & (rows.columns["score"] <= self.scores[1])
        return mask

    def _wants(self, kind: EntryKind) -> bool:
        if self.outcomes and kind.outcome not in self.outcomes:
            return False
        return self.rule is None or any(rule == self.rule for rule, _ in kind.rules)


def is_older_than_all(head: Head, others: Sequence[Head]) -> bool:
    """Return whether all rows of a segment are older than any of the others."""
    return all(head.sequences[1] < other.sequences[0] for other in others)


def _of_entity(rows: Rows, entity: str, key: str) -> Bools:
    keys = (key, *earlier_spellings(key))
    written = [write_text(one) for one in keys]

    def has(place: int, text: str) -> bool:
        return any(one in text for one in written) and rows.read_text(place)[1].get(entity) in keys

    return np.array([has(place, text) for place, text in enumerate(rows.texts)], dtype=bool)
