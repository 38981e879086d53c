"""Sums before each event of a piece, on top of those that earlier pieces left, and what the piece leaves in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tollgate.core.event import Floats, Ints
from tollgate.core.exact_sums import LIMB_BITS, Limbs, Runs

# Below this, int64 holds every sum of a piece.
ONE_LIMB = 2.0**62


@dataclass(frozen=True)
class Kept:
    """c sums of u keys, for the ``epochs`` of their last events and for those before: whole numbers in two limbs.

    ``current`` and ``older`` have shape (c, u); ``epochs`` has shape (u,).
    """

    epochs: Ints
    current: Limbs
    older: Limbs


@dataclass(frozen=True)
class Passed:
    """What m events read, before each of them, (c, m) and (c, r) for r runs; and what is kept behind them."""

    current: Limbs
    older: Limbs
    kept: Kept


def pass_events(
    runs: Runs, most: int, added: Floats, kept: Kept, base: tuple[Limbs, Limbs] | None = None
) -> Passed:
    """Add what m events add, whole numbers of shape (c, m), to c sums that are kept; no key has more than ``most``.

    ``base``, of shape (c, r) each, is read as well and not kept: what is stored, for each run's epoch and the one before.
    """
    last = np.append(np.flatnonzero(np.diff(runs.codes)), len(runs.codes) - 1)
    ago = kept.epochs[runs.codes] - runs.epochs
    lows = _Limb(runs, last, ago, kept.current.low, kept.older.low)
    numbers = Limbs.small(added.astype(np.int64)) if _is_small(most, added, kept) else Limbs.of(added)
    if numbers.high.ndim == 0 and kept.current.high.ndim == 0:
        current, older, left, left_older = lows.add(numbers.low)
        read = Limbs.small(current), Limbs.small(older)
        behind = Limbs.small(left), Limbs.small(left_older)
    else:
        shape = added.shape
        current_high, older_high = (
            np.broadcast_to(limbs.high, limbs.low.shape) for limbs in (kept.current, kept.older)
        )
        highs = _Limb(runs, last, ago, current_high, older_high).add(np.broadcast_to(numbers.high, shape))
        current, older, left, left_older = lows.add(numbers.low)
        read = Limbs(highs[0], current), Limbs(highs[1], older)
        behind = _settle(Limbs(highs[2], left)), _settle(Limbs(highs[3], left_older))
    if base is not None:
        read = _spread(base[0], runs, read[0]), base[1] + read[1]
    latest = np.maximum(kept.epochs, runs.epochs[last])
    return Passed(read[0], read[1], Kept(latest, *behind))


def _is_small(most: int, added: Floats, kept: Kept) -> bool:
    largest = float(np.abs(added).max(initial=0.0)) * most
    before = max(float(np.abs(limbs.low).max(initial=0)) for limbs in (kept.current, kept.older))
    return largest + before < ONE_LIMB


def _spread(base: Limbs, runs: Runs, read: Limbs) -> Limbs:
    high = base.high if base.high.ndim == 0 else base.high[:, runs.number]
    return Limbs(high, base.low[:, runs.number]) + read


def _settle(limbs: Limbs) -> Limbs:
    """Return the same numbers with low limbs below 2^40, so that they have room for more."""
    carry = limbs.low >> LIMB_BITS
    return Limbs(limbs.high + carry, limbs.low - (carry << LIMB_BITS))


@dataclass(frozen=True)
class _Limb:
    """One limb of c sums. Everything here is addition, so that the limbs of a number go their ways apart.

    ``last`` is the last run of each key; ``ago`` says by how many epochs each run is before the kept one.
    """

    runs: Runs
    last: Ints
    ago: Ints
    current: Ints
    older: Ints

    def add(self, added: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Return what is read: (c, m) and, of the epoch before, (c, r); and what is kept for u keys: (c, u) twice."""
        runs, key, ago = self.runs, self.runs.codes, self.ago
        current, older = self.current[:, key], self.older[:, key]
        base = np.where(ago == 0, current, np.where(ago == 1, older, 0))
        base_older = np.where(ago == 0, older, np.where(ago == -1, current, 0))
        total = np.cumsum(added, axis=1)
        sums = np.diff(total[:, np.append(runs.starts[1:], total.shape[1]) - 1], axis=1, prepend=0)
        before = total[:, runs.starts] - added[:, runs.starts]
        read = (base - before)[:, runs.number]
        read += total
        read -= added
        end = base + sums
        base_older[:, 1:] += np.where(runs.follows[1:], sums[:, :-1], 0)
        late = ago[self.last]
        left = np.where(late > 0, self.current, end[:, self.last])
        left_older = np.where(
            late > 0, np.where(late == 1, end[:, self.last], self.older), base_older[:, self.last]
        )
        return read, base_older, left, left_older
