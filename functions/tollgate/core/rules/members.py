"""Named sets of values, asked by one event or by a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Floats, Keys
from tollgate.core.rules.scope import Kind
from tollgate.core.values import MAX_TEXT, one_spelling

MOST_ENTRIES = 100_000


@dataclass(frozen=True)
class Members:
    """The values of a list: all texts or all numbers. ``ordered`` has the numbers, sorted.

    ``changed_s`` is when they were put in place of those sealed, in seconds since 1970; None for those sealed.
    """

    kind: Kind
    values: frozenset[str] | frozenset[float]
    ordered: Floats = field(repr=False, compare=False)
    changed_s: float | None = None

    @classmethod
    def of(cls, kind: Kind, values: Iterable[str | float]) -> Members:
        """Keep values, which have to be of ``kind``, "text" or "number"."""
        kept = frozenset(one_spelling(value) if isinstance(value, str) else value for value in values)
        numbers = sorted(float(value) for value in kept) if kind == "number" else []
        return cls(kind, kept, np.array(numbers, dtype=np.float64))  # type: ignore[arg-type]

    def has_numbers(self, column: Floats) -> npt.NDArray[np.bool_]:
        """Return which numbers of a column, shape (n,), are in the list; a missing one, NaN, is not."""
        if not len(self.ordered):
            return np.zeros(len(column), dtype=bool)
        places = np.searchsorted(self.ordered, column)
        found: npt.NDArray[np.bool_] = self.ordered[np.minimum(places, len(self.ordered) - 1)] == column
        return found

    def has_texts(self, column: Keys) -> npt.NDArray[np.bool_]:
        """Return which texts of a column, shape (n,), are in the list; a missing one is not."""
        return spread(map(self.values.__contains__, column.values), column)


def split_values(text: str) -> list[str]:
    """Return the values of a list's file: one a line, without blanks around it; empty lines count for nothing."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_members(kind: Kind, values: Sequence[object]) -> Members:
    """Return a list of values; raise `ValueError` for one that is not of its kind, or for too many."""
    if len(values) > MOST_ENTRIES:
        raise ValueError(f"has {len(values):,} values; a list may have {MOST_ENTRIES:,}")
    return Members.of(kind, [_read_text(value) if kind == "text" else _read_number(value) for value in values])


def write_values(members: Members) -> list[str]:
    """Return the values as a list's file has them, sorted: numbers by size, texts by code points."""
    if members.kind == "number":
        return [repr(int(number)) if number.is_integer() else repr(number) for number in members.ordered.tolist()]
    return sorted(map(str, members.values))


def _read_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"has the value {value!r}, which is no text")
    if len(value.strip().splitlines()) > 1:
        raise ValueError(f"has the value {value[:40]!r}, which has a line break")
    if len(value.strip()) > MAX_TEXT:
        raise ValueError(f'has the value "{value[:40]}…", which is longer than {MAX_TEXT} characters')
    return value.strip()


def _read_number(value: object) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        number = float(value)
        if not abs(number) < float("inf"):
            raise ValueError
    except ValueError:
        raise ValueError(f"has the value {value!r}, which is no number") from None
    return number


Lists = Mapping[str, Members]


def spread(answers: Iterable[bool], column: Keys) -> npt.NDArray[np.bool_]:
    """Give every row the answer of its distinct value, and False where the value is missing."""
    # Code -1 reads the last place.
    return np.fromiter(chain(answers, (False,)), dtype=bool, count=len(column.values) + 1)[column.codes]
