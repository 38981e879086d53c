"""The past, replayed over columns: what each event read from the histories of its entities as it arrived.

Training replays labelled payments from nothing; a file is replayed on top of what is stored. Both give, to the bit,
what recording and reading the events one at a time gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.history import UNITS, HistoryPlan, Kind, fade, quantise, summed_values, weigh
from tollgate.core.stored_history import StoredSums, attribute

# Whole numbers beyond 2^62 are summed in two limbs, so that a sum is rounded once, when it is read.
_LIMB_BITS = 40
_LIMB = 2.0**_LIMB_BITS


@dataclass(frozen=True)
class Frauds:
    """Frauds among n events: the row of each, and when it became known, in seconds since 1970. Shapes (m,)."""

    rows: Ints
    known_s: Floats


NO_FRAUDS = Frauds(np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True)
class Arrivals:
    """All that happened, in order of arrival: payments, and labels that became known.

    ``rows`` holds the event of each happening, ``is_label`` whether it is its label, ``times_s`` when it was. A label
    that becomes known at the very time of a payment comes after it: a payment never reads its own label.
    """

    rows: Ints
    is_label: npt.NDArray[np.bool_]
    times_s: Floats

    @classmethod
    def of(cls, events: Events, frauds: Frauds = NO_FRAUDS) -> Arrivals:
        """Put events and labels in order of time; events of the same time keep the order of their rows."""
        n = len(events)
        times = np.concatenate([events.times_s, frauds.known_s])
        order = np.argsort(times, kind="stable")
        rows = np.concatenate([np.arange(n), frauds.rows])[order]
        return cls(rows, order >= n, times[order])


def replay(
    plan: HistoryPlan,
    entity: str,
    events: Events,
    arrivals: Arrivals,
    stored: Mapping[str, StoredSums] | None = None,
) -> Floats:
    """Return what each event read from the history of its ``entity``: shape (n, k), NaN where the entity is missing.

    ``stored`` maps the entity's keys to the sums that were there before the first event.
    """
    keys = events.entities[entity]
    sums = plan.sums[entity]
    out = np.full((len(events), len(sums)), np.nan)
    line = _Line.of(keys.codes, arrivals)
    if not len(line.rows):
        return out
    values = summed_values(events)
    reads = np.flatnonzero(~line.is_label)
    rows_read = line.rows[reads]
    for index, half_life_s in enumerate(plan.half_lives_s):
        columns = [(column, s.kind) for column, s in enumerate(sums) if s.half_life == index]
        if not columns:
            continue
        epochs, weights = weigh(line.times_s, half_life_s)
        segments = _Segments.of(line.codes, epochs)
        for column, kind in columns:
            added = quantise(line.pick(values[kind], kind), weights, kind)
            before = _Stored.of(stored, keys.values, kind, index, segments) if stored else None
            current, older = segments.totals_before(added, before)
            faded = fade(current[reads], older[reads], weights[reads], UNITS[kind])
            out[rows_read, column] = faded
    return out


@dataclass(frozen=True)
class _Line:
    """The arrivals that concern an entity, grouped by its key and in order within each."""

    rows: Ints
    codes: Ints
    is_label: npt.NDArray[np.bool_]
    times_s: Floats

    @classmethod
    def of(cls, codes: Ints, arrivals: Arrivals) -> _Line:
        arrived = codes[arrivals.rows]
        order = np.argsort(arrived, kind="stable")
        order = order[np.searchsorted(arrived[order], 0) :]  # code -1: no entity, no history
        return cls(arrivals.rows[order], arrived[order], arrivals.is_label[order], arrivals.times_s[order])

    def pick(self, values: Floats, kind: Kind) -> Floats:
        if kind == "f":
            return self.is_label.astype(np.float64)
        return np.where(self.is_label, 0.0, values[self.rows])


@dataclass(frozen=True)
class _Segments:
    """Runs of arrivals of one key within one epoch. ``number`` gives each arrival's run; the rest has one per run."""

    number: Ints
    starts: Ints
    codes: Ints
    epochs: Ints
    follows: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, codes: Ints, epochs: Ints) -> _Segments:
        changes = np.ones(len(codes), dtype=bool)
        changes[1:] = (codes[1:] != codes[:-1]) | (epochs[1:] != epochs[:-1])
        starts = np.flatnonzero(changes)
        run_codes, run_epochs = codes[starts], epochs[starts]
        follows = np.zeros(len(starts), dtype=bool)
        follows[1:] = (run_codes[1:] == run_codes[:-1]) & (run_epochs[1:] == run_epochs[:-1] + 1)
        return cls(np.cumsum(changes) - 1, starts, run_codes, run_epochs, follows)

    def totals_before(self, added: Floats, stored: _Stored | None) -> tuple[Floats, Floats]:
        """Return for each arrival the total of its epoch before it, and that of the epoch before."""
        if stored is None and float(np.abs(added).sum()) < 2.0**62:
            before, previous = self._sum(added.astype(np.int64))
            return before.astype(np.float64), previous.astype(np.float64)[self.number]
        (high, older_high), (low, older_low) = (self._sum(limb) for limb in _split(added))
        if stored is not None:
            high, low = high + stored.current[0][self.number], low + stored.current[1][self.number]
            older_high, older_low = older_high + stored.older[0], older_low + stored.older[1]
        return _join(high, low), _join(older_high, older_low)[self.number]

    def _sum(self, added: Ints) -> tuple[Ints, Ints]:
        """Return the sum before each arrival within its run, and for each run the total of the epoch before."""
        # int64 sums may wrap around over all keys; differences within a run are right all the same.
        total = np.cumsum(added)
        before = total - added
        starting = before[self.starts]
        run_totals = np.append(starting[1:], total[-1]) - starting
        previous = np.zeros(len(starting), dtype=np.int64)
        previous[1:] = np.where(self.follows[1:], run_totals[:-1], 0)
        return before - starting[self.number], previous


def _split(numbers: Floats) -> tuple[Ints, Ints]:
    high = np.floor(numbers / _LIMB)
    return high.astype(np.int64), (numbers - high * _LIMB).astype(np.int64)


def _join(high: Ints, low: Ints) -> Floats:
    carry = low >> _LIMB_BITS
    return (high + carry) * _LIMB + (low - (carry << _LIMB_BITS))


@dataclass(frozen=True)
class _Stored:
    """What was stored of one sum for the epoch of each run and for the one before, as two limbs. Shapes (runs,)."""

    current: tuple[Ints, Ints]
    older: tuple[Ints, Ints]

    @classmethod
    def of(
        cls, stored: Mapping[str, StoredSums], values: Sequence[str], kind: Kind, half_life: int, runs: _Segments
    ) -> _Stored:
        nothing: StoredSums = {}
        current, older = [], []
        for code, epoch in zip(runs.codes.tolist(), runs.epochs.tolist(), strict=True):
            sums = stored.get(values[code], nothing)
            current.append(divmod(sums.get(attribute(kind, half_life, epoch), 0), 1 << _LIMB_BITS))
            older.append(divmod(sums.get(attribute(kind, half_life, epoch - 1), 0), 1 << _LIMB_BITS))
        return cls(_columns(current), _columns(older))


def _columns(limbs: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    table = np.array(limbs, dtype=np.int64)
    return table[:, 0], table[:, 1]


def totals(
    plan: HistoryPlan, entity: str, events: Events, arrivals: Arrivals, *, since_s: float = -np.inf
) -> dict[str, dict[str, int]]:
    """Return all that the arrivals add to the histories of ``entity``: key → stored name → whole number.

    With ``since_s``, what no event at that time or later can read is left out.
    """
    keys = events.entities[entity]
    line = _Line.of(keys.codes, arrivals)
    added: dict[str, dict[str, int]] = {}
    if not len(line.rows):
        return added
    values = summed_values(events)
    for s in plan.sums[entity]:
        epochs, weights = weigh(line.times_s, plan.half_lives_s[s.half_life])
        oldest = _oldest_epoch(since_s, plan.half_lives_s[s.half_life])
        runs = _Segments.of(line.codes, epochs)
        high, low = (
            np.add.reduceat(limb, runs.starts).tolist()
            for limb in _split(quantise(line.pick(values[s.kind], s.kind), weights, s.kind))
        )
        for run, (code, epoch) in enumerate(zip(runs.codes.tolist(), runs.epochs.tolist(), strict=True)):
            number = (high[run] << _LIMB_BITS) + low[run]
            if number and epoch >= oldest:
                added.setdefault(keys.values[code], {})[attribute(s.kind, s.half_life, epoch)] = number
    return added


def _oldest_epoch(since_s: float, half_life_s: float) -> float:
    return float(weigh(np.array([since_s]), half_life_s)[0][0]) - 1 if np.isfinite(since_s) else -np.inf
