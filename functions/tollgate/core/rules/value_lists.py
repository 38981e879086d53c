"""Value lists: named sets of values, in which one value or a column is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt

from tollgate.core.events.cells import one_spelling
from tollgate.core.events.event import Floats, Keys
from tollgate.core.rules.scope import ValueKind

MAX_ENTRIES = 100_000


@dataclass(frozen=True)
class ValueList:
    """The values of a list: all texts or all numbers. ``ordered`` has the numbers, sorted.

    ``changed_s`` is when they were put in place of those sealed, in seconds since 1970; None for those sealed.
    """

    kind: ValueKind
    values: frozenset[str] | frozenset[float]
    ordered: Floats = field(repr=False, compare=False)
    changed_s: float | None = None

    @classmethod
    def of(cls, kind: ValueKind, values: Iterable[str | float]) -> ValueList:
        """Keep values, which have to be of ``kind``, "text" or "number"."""
        kept = frozenset(one_spelling(value) if isinstance(value, str) else value for value in values)
        numbers = sorted(float(value) for value in kept) if kind == "number" else []
        return cls(kind, kept, np.array(numbers, dtype=np.float64))  # type: ignore[arg-type]

    def contains(self, column: Floats | Keys) -> npt.NDArray[np.bool_]:
        """Return which values of a column, shape (n,), are in the list; a missing one is not."""
        return self._has_texts(column) if isinstance(column, Keys) else self._has_numbers(column)

    def _has_numbers(self, column: Floats) -> npt.NDArray[np.bool_]:
        if not len(self.ordered):
            return np.zeros(len(column), dtype=bool)
        places = np.searchsorted(self.ordered, column)
        found: npt.NDArray[np.bool_] = self.ordered[np.minimum(places, len(self.ordered) - 1)] == column
        return found

    def _has_texts(self, column: Keys) -> npt.NDArray[np.bool_]:
        return spread(map(self.values.__contains__, column.values), column)


Lists = Mapping[str, ValueList]


def spread(answers: Iterable[bool], column: Keys, *, if_missing: bool = False) -> npt.NDArray[np.bool_]:
    """Give every row the answer of its distinct value, and ``if_missing`` where the value is missing."""
    # Code -1 reads the last place.
    return np.fromiter(chain(answers, (if_missing,)), dtype=bool, count=len(column.values) + 1)[column.codes]
