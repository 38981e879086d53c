"""Events as columns. A single event is columns of one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Joins the values of a pair into one key: a character that no spreadsheet or form lets a person type.
PAIR_SEPARATOR = "\x1f"
# The codes of single rows, which share them.
_FIRST, _MISSING = np.array([0]), np.array([-1])
_FIRST.flags.writeable = _MISSING.flags.writeable = False


@dataclass(frozen=True)
class Keys:
    """A column of text as codes into its distinct values; code -1 is a missing value.

    ``codes`` has shape (n,); every code is below ``len(values)``.
    """

    codes: Ints
    values: Sequence[str]

    @classmethod
    def of(cls, column: Sequence[str | None]) -> Keys:
        """Number the distinct values of ``column`` in the order in which they appear."""
        numbers: dict[str, int] = {}
        codes = [-1 if value is None else numbers.setdefault(value, len(numbers)) for value in column]
        return cls(np.array(codes, dtype=np.int64), list(numbers))

    @classmethod
    def alone(cls, value: str | None) -> Keys:
        """Return the column of one row."""
        return cls(_MISSING, []) if value is None else cls(_FIRST, [value])

    @property
    def only(self) -> str | None:
        """The value of the only row, None where it is missing."""
        code = self.codes.item()
        return self.values[code] if code >= 0 else None

    def take(self, rows: Ints | slice) -> Keys:
        """Return the keys of the given rows, in their order."""
        return Keys(self.codes[rows], self.values)


def join_keys(parts: Sequence[Keys]) -> Keys:
    """Return the keys of an entity identified by several columns; missing where any part is missing."""
    if len(parts) == 1:
        return parts[0]
    if len(parts[0].codes) == 1:
        return _join_one(parts)
    codes, first = join_codes([(part.codes, len(part.values)) for part in parts])
    rows = first.tolist()
    return Keys(codes, [PAIR_SEPARATOR.join(part.values[part.codes[row]] for part in parts) for row in rows])


def used_codes(codes: Ints, count: int) -> tuple[Ints, Ints | None]:
    """Renumber codes into ``count`` values so that all are used; also return the places of those, None for all."""
    used = np.bincount(codes + 1, minlength=count + 1)[1:] > 0
    if used.all():
        return codes, None
    return np.append(np.cumsum(used) - 1, -1)[codes], np.flatnonzero(used)


def join_codes(parts: Sequence[tuple[Ints, int]]) -> tuple[Ints, Ints]:
    """Number the pairs of several columns, each given as codes and how many values these have.

    Returns codes, -1 where any part is missing, and the first row of each distinct pair.
    """
    combined = parts[0][0].copy()
    missing = combined < 0
    for codes, count in parts[1:]:
        combined = combined * max(count, 1) + codes
        missing |= codes < 0
    combined[missing] = -1
    present, first_row, joined = np.unique(combined, return_index=True, return_inverse=True)
    offset = int(len(present) > 0 and present[0] == -1)
    return joined.astype(np.int64) - offset, first_row[offset:]


def _join_one(parts: Sequence[Keys]) -> Keys:
    """Return what `join_keys` does for one event, without sorting."""
    values = [part.only for part in parts]
    present = [value for value in values if value is not None]
    return Keys.alone(PAIR_SEPARATOR.join(present) if len(present) == len(values) else None)


def unit_sphere(latitudes: Floats, longitudes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return places in degrees as points on the unit sphere; NaN where a coordinate is missing."""
    phi, theta = np.radians(latitudes), np.radians(longitudes)
    return np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)


def parent_key(pair_key: str) -> str:
    """Return the key of a pair's parent: its first value."""
    return pair_key.partition(PAIR_SEPARATOR)[0]


@dataclass(frozen=True)
class Events:
    """``n`` events. Every array has shape (n,).

    ``times_us`` are microseconds since 1970 UTC. Amounts, coordinates and numeric variables are NaN where missing;
    a boolean variable is a numeric one of 0 and 1.
    """

    ids: Sequence[str]
    times_us: Ints
    amounts: Floats | None
    latitudes: Floats | None
    longitudes: Floats | None
    numeric: Mapping[str, Floats]
    categories: Mapping[str, Keys]
    entities: Mapping[str, Keys]

    def __len__(self) -> int:
        return len(self.times_us)

    @cached_property
    def times_s(self) -> Floats:
        """Seconds since 1970 UTC."""
        return self.times_us / 1e6

    @cached_property
    def points(self) -> tuple[Floats, Floats, Floats]:
        """Where the events were, on the unit sphere; NaN where a coordinate is missing or none is declared."""
        if self.latitudes is None or self.longitudes is None:
            nowhere = np.full(len(self), np.nan)
            return nowhere, nowhere, nowhere
        return unit_sphere(self.latitudes, self.longitudes)

    def part(self, start: int, stop: int) -> Events:
        """Return the rows from ``start`` to before ``stop``, as views."""
        if start == 0 and stop == len(self):
            return self
        return self._select(slice(start, stop), self.ids[start:stop])

    def take(self, rows: Ints) -> Events:
        """Return the given rows, in their order."""
        return self._select(rows, [self.ids[row] for row in rows.tolist()])

    def _select(self, rows: Ints | slice, ids: Sequence[str]) -> Events:
        def rows_of(column: Floats | None) -> Floats | None:
            return None if column is None else column[rows]

        return Events(
            ids=ids,
            times_us=self.times_us[rows],
            amounts=rows_of(self.amounts),
            latitudes=rows_of(self.latitudes),
            longitudes=rows_of(self.longitudes),
            numeric={name: column[rows] for name, column in self.numeric.items()},
            categories={name: keys.take(rows) for name, keys in self.categories.items()},
            entities={name: keys.take(rows) for name, keys in self.entities.items()},
        )
