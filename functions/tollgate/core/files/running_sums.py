"""One sum before each event of a piece, on top of what earlier pieces left, and what the piece leaves in turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tollgate.core.event import Floats, Ints
from tollgate.core.exact_sums import LIMB_BITS, Limbs, Runs
from tollgate.core.files.lines import Line

# Below this, int64 holds every sum of a piece.
ONE_LIMB = 2.0**62


@dataclass(frozen=True)
class Passed:
    """What m events read of one sum before each of them, (m,), and in the epoch before, (r,); what is left of u keys."""

    current: Limbs
    older: Limbs
    left: Limbs
    left_older: Limbs


class RunsOnKept:
    """The runs of a line, r of them, over one half-life, on top of what is kept of its u keys.

    ``kept_epochs`` are those of the keys' last events so far. Places of kept sums are looked up once, for all sums.
    """

    def __init__(self, line: Line, epochs: Ints, kept_epochs: Ints) -> None:
        self.runs = Runs.of(line.keys, epochs[line.rows])
        self.kept_epochs = kept_epochs
        self.most = line.most
        self._m = len(line.rows)
        self._u = len(kept_epochs)

    @cached_property
    def ago(self) -> Ints:
        """By how many epochs each run comes before what is kept of its key; below 0 where it comes after."""
        return self.kept_epochs[self.runs.codes] - self.runs.epochs

    @cached_property
    def last(self) -> Ints:
        """The last run of each key."""
        return np.append(np.flatnonzero(np.diff(self.runs.codes)), len(self.runs.codes) - 1)

    @cached_property
    def latest(self) -> Ints:
        """The epoch of each key's last event behind this piece."""
        return np.maximum(self.kept_epochs, self.runs.epochs[self.last])

    @cached_property
    def plain(self) -> bool:
        """Whether every key has one run, in the epoch that is kept of it."""
        return len(self.runs.codes) == self._u and not self.ago.any()

    @cached_property
    def _ends(self) -> Ints:
        return np.append(self.runs.starts[1:], self._m) - 1

    @cached_property
    def _followers(self) -> Ints:
        return np.flatnonzero(self.runs.follows)

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """Where each run finds its own epoch and the one before among: kept sums, older ones, and nothing."""
        key, ago, nothing = self.runs.codes, self.ago, 2 * self._u
        own = np.where(ago == 0, key, np.where(ago == 1, self._u + key, nothing))
        return own, np.where(ago == 0, self._u + key, np.where(ago == -1, key, nothing))

    def base(self, current: Ints, older: Ints) -> tuple[Ints, Ints]:
        """Return one limb of what is kept for the epoch of each run, and for the one before, (r,)."""
        if self.plain:
            return current, older
        kept = np.concatenate([current, older, np.zeros(1, dtype=np.int64)])
        return kept.take(self._places[0]), kept.take(self._places[1])

    def read(self, current: Limbs, older: Limbs) -> tuple[Limbs, Limbs]:
        """Return what is kept for the epoch of each run, and for the one before, (r,), where nothing is added."""
        low, low_older = self.base(current.low, older.low)
        if current.high.ndim == 0:
            return Limbs.small(low), Limbs.small(low_older)
        high, high_older = self.base(current.high, older.high)
        return Limbs(high, low), Limbs(high_older, low_older)

    def add(self, added: Floats, current: Limbs, older: Limbs) -> Passed:
        """Add what m events add, whole numbers, to a sum that is kept."""
        if current.high.ndim == 0 and self._is_small(added, current, older):
            return Passed(*map(Limbs.small, self._add(added.astype(np.int64), current.low, older.low)))
        numbers = Limbs.of(added)
        kept_high = [np.broadcast_to(limbs.high, self._u) for limbs in (current, older)]
        lows = self._add(numbers.low, current.low, older.low)
        highs = self._add(numbers.high, *kept_high)
        both = [Limbs(high, low) for high, low in zip(highs, lows, strict=True)]
        return Passed(both[0], both[1], _settle(both[2]), _settle(both[3]))

    def _is_small(self, added: Floats, current: Limbs, older: Limbs) -> bool:
        largest = max(float(added.max()), -float(added.min())) * self.most
        kept = [abs(float(end)) for limbs in (current, older) for end in (limbs.low.max(), limbs.low.min())]
        return largest + max(kept) < ONE_LIMB

    def _add(self, added: Ints, current: Ints, older: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Do so for one limb: it is all addition, and the limbs of a number go their ways apart.

        Sums over all keys may wrap around; differences within a key are right all the same.
        """
        base, before_epoch = self.base(current, older)
        total = np.cumsum(added)
        ends = total.take(self._ends)
        starts = np.append(np.zeros(1, dtype=np.int64), ends[:-1])
        sums = ends - starts
        total -= added
        total += (base - starts).take(self.runs.number)
        if len(self._followers):
            before_epoch = before_epoch.copy()
            before_epoch[self._followers] += sums[self._followers - 1]
        end = base + sums
        if self.plain:
            return total, before_epoch, end, before_epoch
        return total, before_epoch, *self._leave(current, older, end, before_epoch)

    def _leave(self, current: Ints, older: Ints, end: Ints, before_epoch: Ints) -> tuple[Ints, Ints]:
        late = self.ago[self.last]
        left, left_older = end.take(self.last), before_epoch.take(self.last)
        if not (late > 0).any():
            return left, left_older
        left_older = np.where(late > 0, np.where(late == 1, left, older), left_older)
        return np.where(late > 0, current, left), left_older


def _settle(limbs: Limbs) -> Limbs:
    """Return the same numbers with low limbs below 2^40, so that they have room for more."""
    carry = limbs.low >> LIMB_BITS
    return Limbs(limbs.high + carry, limbs.low - (carry << LIMB_BITS))
