"""One entity in one piece of a file: what its events read, and what they leave for the pieces behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tollgate.core.event import Floats, Ints
from tollgate.core.exact_sums import Limbs, Runs
from tollgate.core.files.lines import Line
from tollgate.core.files.open_events import Maturity, Steps, find_matured
from tollgate.core.files.piece_times import PieceTimes, last_step_before
from tollgate.core.files.running_sums import Kept, pass_events
from tollgate.core.files.stored_entries import Entries
from tollgate.core.history import UNITS, HistoryPlan, Sum, fade, weigh


@dataclass(frozen=True)
class Left:
    """What is left of u keys: the times of their last events, (u,); c sums of the epochs of these, then c of the epochs
    before, (2 · c, u); and how many events are open, (u, r).
    """

    last_us: Ints
    sums: Limbs
    ring: Ints


@dataclass
class EntityPiece:
    """The events of a piece that have an entity, and what was left of its u keys by the pieces before."""

    plan: HistoryPlan
    entity: str
    left: Left
    line: Line
    stored: Entries
    _behind: list[tuple[Sequence[int], Limbs, Limbs]] = field(default_factory=list)

    def __post_init__(self) -> None:
        sums = self.plan.sums[self.entity]
        kept = [s for s in sums if s.kind not in ("f", "v")]
        self._row_of = {s: row for row, s in enumerate(kept)}
        self._c = len(kept)

    def read(self, times: PieceTimes, sums: Sequence[Sum], out: Floats) -> None:
        """Fill ``out``, shape (k, n), with what the events read of k sums; NaN for those without the entity."""
        if len(self.line.rows) < out.shape[1]:
            out[:] = np.nan
        if not len(self.line.rows):
            return
        self._behind = []
        opened = self._open_events(times) if any(s.kind == "l" for s in sums) else None
        for half_life in dict.fromkeys(s.half_life for s in sums):
            its = [(place, s) for place, s in enumerate(sums) if s.half_life == half_life]
            self._read_half_life(times, half_life, its, opened, out)

    def _read_half_life(
        self, times: PieceTimes, half_life: int, its: Sequence[tuple[int, Sum]], opened: _Opened | None, out: Floats
    ) -> None:
        epochs, weights = times.weighed(half_life)
        runs = self.line.runs(epochs)
        weights = weights[self.line.rows]
        added = [(place, s) for place, s in its if s.kind not in ("f", "v", "l")]
        if added:
            numbers = np.stack([times.added(s.kind, half_life)[self.line.rows] for _, s in added])
            kept, rows = self._kept(half_life, [s for _, s in added])
            passed = pass_events(runs, self.line.most, numbers, kept, self._base(half_life, [s for _, s in added], runs))
            self._behind.append((rows, passed.kept.current, passed.kept.older))
            self._put(out, added, runs, weights, passed.current, passed.older)
        for place, s in its:
            if s.kind in ("f", "v"):
                self._put_stored(out, place, s, runs, weights)
            elif s.kind == "l":
                assert opened is not None
                self._put_legitimate(out, place, s, runs, weights, opened)

    def _put_stored(self, out: Floats, place: int, s: Sum, runs: Runs, weights: Floats) -> None:
        base = self._base(s.half_life, [s], runs)
        if base is None:
            out[place, self.line.rows] = 0.0
            return
        current, older = base
        spread = Limbs(current.high[:, runs.number], current.low[:, runs.number])
        self._put(out, [(place, s)], runs, weights, spread, older)

    def _put_legitimate(
        self, out: Floats, place: int, s: Sum, runs: Runs, weights: Floats, opened: _Opened
    ) -> None:
        kept, rows = self._kept(s.half_life, [s])
        nothing = np.zeros((1, len(self.line.rows)))
        passed = pass_events(runs, 1, nothing, kept, self._base(s.half_life, [s], runs))
        assert self.plan.maturing is not None
        half_life_s = self.plan.half_lives_s[s.half_life]
        matured = Maturity.of(self.plan.maturing, half_life_s, opened.read)
        current, older = matured.before(runs, opened.until)
        first = runs.starts
        self._put(out, [(place, s)], runs, weights, passed.current + current, passed.older + _at(older, first))
        own = matured if opened.own is opened.read else Maturity.of(self.plan.maturing, half_life_s, opened.own)
        left, left_older = own.fold(kept, passed.kept.epochs, opened.own_until)
        self._behind.append((rows, left, left_older))

    def _put(
        self,
        out: Floats,
        its: Sequence[tuple[int, Sum]],
        runs: Runs,
        weights: Floats,
        current: Limbs,
        older: Limbs,
    ) -> None:
        sums, sums_before = current.to_floats(), older.to_floats()
        for row, (place, s) in enumerate(its):
            before = sums_before[row][runs.number]
            out[place, self.line.rows] = fade(sums[row], before, weights, UNITS[s.kind])

    def _kept(self, half_life: int, sums: Sequence[Sum]) -> tuple[Kept, list[int]]:
        rows = [self._row_of[s] for s in sums]
        epochs = weigh(self.left.last_us / 1e6, self.plan.half_lives_s[half_life])[0]
        low, high = self.left.sums.low, self.left.sums.high
        before = [self._c + row for row in rows]
        if high.ndim == 0:
            return Kept(epochs, Limbs.small(low[rows]), Limbs.small(low[before])), rows
        return Kept(epochs, Limbs(high[rows], low[rows]), Limbs(high[before], low[before])), rows

    def _base(self, half_life: int, sums: Sequence[Sum], runs: Runs) -> tuple[Limbs, Limbs] | None:
        if not len(self.stored.keys):
            return None
        order = {s: place for place, s in enumerate(self.plan.sums[self.entity])}
        return self.stored.base(half_life, [order[s] for s in sums], runs)

    def _open_events(self, times: PieceTimes) -> _Opened:
        assert self.plan.maturing is not None
        step_s = self.plan.maturing.step_s
        first = last_step_before(self.left.last_us, step_s) + 1
        own = Steps.of_ring(self.left.ring, first) + Steps.of_line(self.line, times.steps)
        stored = self.stored.opened(len(self.plan.half_lives_s))
        read = own + stored
        over = times.last_matured_step()[self.line.rows]
        over_last = last_step_before(self.last_us(times), step_s)
        keys = np.arange(len(self.left.last_us))
        return _Opened(
            own, read, find_matured(read, self.line.keys, over), find_matured(own, keys, over_last), over_last
        )

    def last_us(self, times: PieceTimes) -> Ints:
        """Return the time of the last event of each key so far, shape (u,)."""
        return np.maximum(self.left.last_us, times.times_us[self.line.rows[self.line.last]])

    def behind(self, times: PieceTimes) -> Left:
        """Return what is left behind this piece, once all sums are read."""
        if not len(self.line.rows):
            return self.left
        wide = any(limbs.high.ndim for _, *pair in self._behind for limbs in pair) or self.left.sums.high.ndim > 0
        low = np.empty_like(self.left.sums.low)
        high = np.zeros(low.shape if wide else (), dtype=np.int64)
        for rows, current, older in self._behind:
            for offset, limbs in ((0, current), (self._c, older)):
                places = [offset + row for row in rows]
                low[places] = limbs.low
                if wide:
                    high[places] = limbs.high
        ring = self.left.ring
        if ring.shape[1]:
            opened = self._open_events(times)
            open_still = opened.own.steps > opened.over_last[opened.own.keys]
            ring = opened.own.take(np.flatnonzero(open_still)).roll(len(low[0]), ring.shape[1])
        return Left(self.last_us(times), Limbs(high, low), ring)


@dataclass(frozen=True)
class _Opened:
    """Open events of a piece's keys: those of the file, and with those stored; and how many are over for whom."""

    own: Steps
    read: Steps
    until: Ints
    own_until: Ints
    over_last: Ints


def _at(limbs: Limbs, places: Ints) -> Limbs:
    if limbs.high.ndim == 0:
        return Limbs.small(limbs.low[places])
    return Limbs(limbs.high[places], limbs.low[places])
