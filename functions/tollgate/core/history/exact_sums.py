"""Exact running sums of whole numbers too large for 64 bits, over columns.

A number is kept in two limbs of int64, so that a sum is exact and rounded once, when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats, Ints

LIMB_BITS = 40
_LIMB = 2.0**LIMB_BITS
_HALF_BITS = LIMB_BITS // 2
_HALF = (1 << _HALF_BITS) - 1
# Up to this, a whole number is a float without rounding.
_EXACT_FLOAT = 2**53
_NOTHING = np.zeros((), dtype=np.int64)
_NOTHING.flags.writeable = False


@dataclass(frozen=True)
class Limbs:
    """Whole numbers as ``high · 2^40 + low``; both have the same shape, or ``high`` is 0."""

    high: Ints
    low: Ints

    @classmethod
    def of(cls, numbers: Floats, times: Ints | None = None) -> Limbs:
        """Split whole numbers, and multiply each by one of ``times``."""
        whole = np.floor(numbers / _LIMB)
        high, low = whole.astype(np.int64), (numbers - whole * _LIMB).astype(np.int64)
        if times is None:
            return cls(high, low)
        # In halves: the low limb times a popular entity's events of a day would leave no room for their sum.
        lower = (low & _HALF) * times
        upper = (low >> _HALF_BITS) * times + (lower >> _HALF_BITS)
        return cls(high * times + (upper >> _HALF_BITS), ((upper & _HALF) << _HALF_BITS) + (lower & _HALF))

    @classmethod
    def small(cls, numbers: Ints) -> Limbs:
        """Hold whole numbers that fit in one limb."""
        return cls(_NOTHING, numbers)

    def __add__(self, other: Limbs) -> Limbs:
        return Limbs(self.high + other.high, self.low + other.low)

    def __sub__(self, other: Limbs) -> Limbs:
        return Limbs(self.high - other.high, self.low - other.low)

    def take(self, places: Ints) -> Limbs:
        """Return the numbers at some places."""
        return Limbs(self.high.take(places) if self.high.ndim else self.high, self.low.take(places))

    def to_floats(self) -> Floats:
        """Return the numbers, each rounded once."""
        if self.high.ndim == 0:
            return self.low.astype(np.float64)
        carry = self.low >> LIMB_BITS
        high, low = self.high + carry, self.low - (carry << LIMB_BITS)
        joined: Floats = high * _LIMB + low
        for place in zip(*np.nonzero(np.abs(high) > _EXACT_FLOAT), strict=True):
            joined[place] = float((int(high[place]) << LIMB_BITS) + int(low[place]))
        return joined


@dataclass(frozen=True)
class Runs:
    """Runs of arrivals of one key within one epoch, over arrivals grouped by key and in order of time within each.

    ``number`` gives each arrival's run; the rest has one entry per run. ``follows`` says whether the run before is of
    the same key and of the epoch before.
    """

    number: Ints
    starts: Ints
    codes: Ints
    epochs: Ints
    follows: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, codes: Ints, epochs: Ints) -> Runs:
        """Find the runs of n ≥ 1 arrivals."""
        changes = np.ones(len(codes), dtype=bool)
        changes[1:] = (codes[1:] != codes[:-1]) | (epochs[1:] != epochs[:-1])
        starts = np.flatnonzero(changes)
        run_codes, run_epochs = codes[starts], epochs[starts]
        follows = np.zeros(len(starts), dtype=bool)
        follows[1:] = (run_codes[1:] == run_codes[:-1]) & (run_epochs[1:] == run_epochs[:-1] + 1)
        return cls(np.cumsum(changes) - 1, starts, run_codes, run_epochs, follows)
