"""History of one entity over one chunk of events: what these read, and what is left for later chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.decay import OLDER_EPOCH, find_epochs
from tollgate.core.history.engine.arrivals import Arrivals, Flags, Moments, last_step_before
from tollgate.core.history.engine.open_events import Maturity, Steps
from tollgate.core.history.engine.running_sums import Line, RunsOnKept
from tollgate.core.history.engine.stored_entries import Entries
from tollgate.core.history.exact_sums import Limbs
from tollgate.core.history.plan import HistoryPlan, Sum
from tollgate.core.history.sum_kinds import UNITS, SumKind


@dataclass(frozen=True)
class Left:
    """What is left of u keys: the times of their last events, (u,); c sums of the epochs of these, then c of the epochs
    before, (2 · c, u); and how many events are open, (r, u), by the remainder of their step.
    """

    last_us: Ints
    sums: Limbs
    ring: Ints


class EntityChunk:
    """The arrivals of a chunk that have an entity, and what was left of its u keys by the chunks before.

    Each sum is read once: what is left of it takes its place. ``as_of`` are the moments as of which the arrivals read,
    where some are late: no earlier than the latest addition to their key.
    """

    def __init__(
        self,
        plan: HistoryPlan,
        sums: Sequence[Sum],
        kept: Sequence[Sum],
        left: Left,
        line: Line,
        as_of: Moments | None = None,
    ) -> None:
        self._plan = plan
        self.as_of = as_of
        self._sums = sums
        self._row_of = {s: row for row, s in enumerate(kept)}
        self._left = left
        self._line = line
        low = left.sums.low
        self._largest_kept = max(float(np.max(low, initial=0)), -float(np.min(low, initial=0)))
        self._runs: dict[int, RunsOnKept] = {}
        self._opened: _Opened | None = None

    def read(self, arrivals: Arrivals, stored: Entries, places: Sequence[int], out: Floats) -> None:
        """Fill the rows at ``places`` of ``out``, shape (k, n), with what the events read of these of the k sums.

        It is NaN for events without the entity.
        """
        if not self._line.is_whole:
            out[list(places)] = np.nan
        if not len(self._line.rows):
            return
        its = [(place, self._sums[place]) for place in places]
        if any(s.kind is SumKind.LEGITIMATE for _, s in its):
            self._opened = _Opened.of(self._line, self._left, arrivals, self.as_of or arrivals, stored)
        for half_life in dict.fromkeys(s.half_life for _, s in its):
            self._read_half_life(
                arrivals, stored, half_life, [(place, s) for place, s in its if s.half_life == half_life], out
            )

    def _read_half_life(
        self, arrivals: Arrivals, stored: Entries, half_life: int, its: Sequence[tuple[int, Sum]], out: Floats
    ) -> None:
        runs = self._runs_over(half_life, arrivals)
        weights = (self.as_of or arrivals).weighed(half_life)[1].take(self._line.rows)
        by_units: dict[float, Floats] = {}
        for place, s in its:
            base = stored.base(half_life, place, runs.runs)
            if s not in self._row_of and base is None:  # a sum of labels: a file adds none
                self._fill(out[place], np.zeros(()))
                continue
            current, older = self._read_sum(s, runs, arrivals)
            if base is not None:
                current = current + base[0].take(runs.runs.number)
                older = runs.add_older(older, base[1])
            units = UNITS[s.kind]
            if units not in by_units:
                by_units[units] = weights * units
            self._put(out[place], runs, by_units[units], current, older)

    def _runs_over(self, half_life: int, arrivals: Arrivals) -> RunsOnKept:
        if half_life not in self._runs:
            kept = find_epochs(self._left.last_us / 1e6, self._plan.half_lives_s[half_life])
            self._runs[half_life] = RunsOnKept(self._line, (self.as_of or arrivals).weighed(half_life)[0], kept)
        return self._runs[half_life]

    def _read_sum(self, s: Sum, runs: RunsOnKept, arrivals: Arrivals) -> tuple[Limbs, Limbs]:
        if s not in self._row_of:
            sizes = len(self._line.rows), len(runs.runs.codes)
            nothing, before = (Limbs.small(np.zeros(size, dtype=np.int64)) for size in sizes)
            return nothing, before
        row = self._row_of[s]
        current, older = self._kept(row), self._kept(len(self._row_of) + row)
        if s.kind is SumKind.LEGITIMATE:
            return self._read_legitimate(s, runs, arrivals, current, older)
        added = arrivals.added(s.kind, s.half_life)
        if self.as_of is None:
            passed = runs.add(added, current, older, self._largest_kept)
        else:
            ago = self.as_of.weighed(s.half_life)[0] - arrivals.weighed(s.half_life)[0]
            passed = runs.add_late(added, ago, current, older, self._largest_kept)
        self._leave(row, passed.left, passed.left_older)
        return passed.current, passed.older

    def _read_legitimate(
        self, s: Sum, runs: RunsOnKept, arrivals: Arrivals, current: Limbs, older: Limbs
    ) -> tuple[Limbs, Limbs]:
        assert self._opened is not None
        own, read = self._opened.over(s.half_life)
        found, before = read.before(runs.runs, self._opened.until, *runs.read(current, older))
        # Only now: what was kept is read in its place.
        left, left_older = own.fold(current, older, runs, self._opened.own_until)
        disputed = arrivals.disputed(s.half_life, self._opened.at_once)
        if disputed is not None:
            epochs, added = disputed
            nothing = Limbs.small(np.zeros(len(left.low), dtype=np.int64))
            ago = (self.as_of or arrivals).weighed(s.half_life)[0] - epochs
            passed = runs.add_late(added, ago, nothing, nothing, 0.0)
            found, before = found + passed.current, runs.add_older(before, passed.older)
            left, left_older = left + passed.left, left_older + passed.left_older
        self._leave(self._row_of[s], left, left_older)
        return found, before

    def _put(self, out: Floats, runs: RunsOnKept, unit_weights: Floats, current: Limbs, older: Limbs) -> None:
        """Put the faded sums: those of the epoch, and those of the one before at 2^-32, over weights in units."""
        sums, before = current.to_floats(), older.to_floats()
        if before.any():
            sums += runs.spread(before * OLDER_EPOCH)
        sums /= unit_weights
        self._fill(out, sums)

    def _fill(self, out: Floats, found: Floats) -> None:
        """Put what was found for the arrivals of the line, or one number, into the rows of their events."""
        line = self._line
        if not found.ndim:
            out[line.rows[line.events]] = found
        elif line.is_whole:
            np.take(found, line.places, out=out, mode="clip")
        else:
            out[line.rows[line.events]] = found[line.events]

    def _kept(self, row: int) -> Limbs:
        low, high = self._left.sums.low, self._left.sums.high
        return Limbs(high[row], low[row]) if high.ndim and high[row].any() else Limbs.small(low[row])

    def _leave(self, row: int, current: Limbs, older: Limbs) -> None:
        sums = self._left.sums
        if (current.high.ndim or older.high.ndim) and not sums.high.ndim:
            sums = Limbs(np.zeros_like(sums.low), sums.low)
            self._left = replace(self._left, sums=sums)
        for place, limbs in ((row, current), (len(self._row_of) + row, older)):
            sums.low[place] = limbs.low
            if sums.high.ndim:
                sums.high[place] = limbs.high

    def behind(self, arrivals: Arrivals) -> Left:
        """Return what is left behind this chunk, once all sums are read."""
        if not len(self._line.rows):
            return self._left
        last_us = (self.as_of or arrivals).times_us[self._line.rows[self._line.last]]
        ring = self._opened.ring(len(self._left.ring)) if self._opened else self._left.ring
        return replace(self._left, last_us=last_us, ring=ring)


@dataclass(frozen=True)
class _Opened:
    """Open events of a chunk's keys: those that were read so far, and with those that are stored.

    ``until`` says how many are over before each arrival, ``own_until`` how many by the last arrival of each key. Those
    events that are so late that they mature ``at_once``, (n,), are not among them; None where none is late.
    """

    plan: HistoryPlan
    own: Steps
    read: Steps
    until: Ints
    own_until: Ints
    over_last: Ints
    at_once: Flags | None

    @classmethod
    def of(cls, line: Line, left: Left, arrivals: Arrivals, as_of: Moments, stored: Entries) -> _Opened:
        """Put together what earlier chunks left open, what is stored, and the events of this chunk."""
        plan = arrivals.plan
        assert plan.maturing is not None
        step_s = plan.maturing.step_s
        ring = Steps.of_ring(left.ring, last_step_before(left.last_us, step_s) + 1)
        at_once = arrivals.at_once(as_of)
        own = Steps.together(ring, Steps.of_line(line, arrivals.steps, _open(arrivals.lasting, at_once)))
        more = stored.opened(len(plan.half_lives_s), len(left.last_us))
        read = Steps.together(own, more) if len(more.keys) else own
        last_us = as_of.times_us[line.rows[line.last]]
        over_last = last_step_before(last_us, step_s)
        until = read.matured(line.keys, as_of.last_matured_step[line.rows])
        own_until = own.matured(np.arange(len(last_us)), over_last)
        return cls(plan, own, read, until, own_until, over_last, at_once)

    def over(self, half_life: int) -> tuple[Maturity, Maturity]:
        """Return what they are worth over a half-life: those read so far, and with those stored."""
        assert self.plan.maturing is not None
        half_life_s = self.plan.half_lives_s[half_life]
        own = Maturity.of(self.plan.maturing, half_life_s, self.own)
        return own, own if self.read is self.own else Maturity.of(self.plan.maturing, half_life_s, self.read)

    def ring(self, size: int) -> Ints:
        """Return the events that stay open, as a ring for each key."""
        still = self.own.steps > self.over_last.take(self.own.keys)
        return self.own.take(np.flatnonzero(still)).roll(size)


def _open(lasting: Flags | None, at_once: Flags | None) -> Flags | None:
    """Return which events mature by themselves after they arrived, shape (n,); None for all."""
    if at_once is None:
        return lasting
    return ~at_once if lasting is None else lasting & ~at_once
