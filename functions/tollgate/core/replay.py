"""The past, replayed over columns: what each event read from the histories of its entities as it arrived.

Training replays labelled payments from nothing; a file is replayed on top of what is stored. Both give, to the bit,
what recording and reading the events one at a time gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tollgate.core.arrivals import EVENT, FRAUD, MATURED, NO_FRAUDS, TAKEN_BACK, Arrivals, Frauds
from tollgate.core.event import Events, Floats, Ints
from tollgate.core.exact_sums import LIMB_BITS, Limbs, Runs
from tollgate.core.history import (
    UNITS,
    HistoryPlan,
    Kind,
    Sum,
    fade,
    judge_amounts,
    quantise,
    summed_values,
    weigh,
)
from tollgate.core.stored_history import OPEN, StoredSums, attribute, epoch_of

# Entity → its key → the stored sums.
StoredHistories = Mapping[str, Mapping[str, StoredSums]]


@dataclass(frozen=True)
class Replayed:
    """What n events read on their arrival.

    ``reads`` maps each entity to an array of shape (n, k) in the order of the plan's sums, NaN where an event lacks the
    entity. ``excess`` is what `judge_amounts` says of them, shape (n,).
    """

    reads: Mapping[str, Floats]
    excess: Floats


def replay_histories(
    plan: HistoryPlan,
    events: Events,
    frauds: Frauds = NO_FRAUDS,
    stored: StoredHistories | None = None,
    *,
    threads: int = 1,
) -> Replayed:
    """Let the events happen in order of time, and the ``frauds`` among them become known, on top of what is stored.

    Entities are replayed ``threads`` at a time.
    """
    arrivals = Arrivals.of(events, frauds, plan.maturing)
    excess = _judge(plan, events, arrivals, stored or {})

    def read(entity: str) -> Floats:
        return replay(plan, entity, events, arrivals, excess, (stored or {}).get(entity))

    if threads == 1:
        return Replayed({entity: read(entity) for entity in plan.sums}, excess)
    with ThreadPoolExecutor(threads) as pool:
        return Replayed(dict(zip(plan.sums, pool.map(read, plan.sums), strict=True)), excess)


def _judge(plan: HistoryPlan, events: Events, arrivals: Arrivals, stored: StoredHistories) -> Floats:
    """Judge all amounts by the two sums that this takes."""
    if plan.unusual is None:
        return np.zeros(len(events))
    entity, longest = plan.unusual.entity, len(plan.half_lives_s) - 1
    needed = replace(plan, sums={entity: (Sum("n", longest), Sum("a", longest))})
    nothing = np.zeros(len(events))
    return judge_amounts(
        needed, events, {entity: replay(needed, entity, events, arrivals, nothing, stored.get(entity))}
    )


def replay(
    plan: HistoryPlan,
    entity: str,
    events: Events,
    arrivals: Arrivals,
    excess: Floats,
    stored: Mapping[str, StoredSums] | None = None,
) -> Floats:
    """Return what each event read from the history of its ``entity``: shape (n, k), NaN where the entity is missing.

    ``excess`` is what `judge_amounts` says of the events, ``stored`` maps the entity's keys to the sums that were
    there before the first event.
    """
    keys, sums = events.entities[entity], plan.sums[entity]
    out = np.full((len(events), len(sums)), np.nan)
    line = _Line.of(keys.codes, arrivals)
    if not len(line.rows):
        return out
    values = summed_values(events, excess)
    matured = line.with_open(plan, keys.values, stored) if plan.matures(entity) else line
    lines = {False: line.only(EVENT, FRAUD), True: matured}
    for index, half_life_s in enumerate(plan.half_lives_s):
        for labels in (False, True):
            columns = [
                (place, s.kind) for place, s in enumerate(sums) if s.half_life == index and (s.kind == "l") is labels
            ]
            if columns:
                _replay_columns(lines[labels], columns, _Reader(index, half_life_s, values, stored, keys.values), out)
    return out


@dataclass(frozen=True)
class _Reader:
    """What it takes to replay the sums of one half-life."""

    half_life: int
    half_life_s: float
    values: Mapping[Kind, Floats]
    stored: Mapping[str, StoredSums] | None
    names: Sequence[str]


def _replay_columns(line: _Line, columns: Sequence[tuple[int, Kind]], reader: _Reader, out: Floats) -> None:
    """Fill the columns of ``out``, given as (place, kind), with what the events of the line read."""
    epochs, weights = weigh(line.times_s, reader.half_life_s)
    runs = Runs.of(line.codes, epochs)
    reads = np.flatnonzero(line.what == EVENT)
    rows, read_weights = line.rows[reads], weights[reads]
    for place, kind in columns:
        current, older = _sums_before(line, kind, runs, weights, reader)
        out[rows, place] = fade(current.to_floats()[reads], older.to_floats()[reads], read_weights, UNITS[kind])


def _sums_before(line: _Line, kind: Kind, runs: Runs, weights: Floats, reader: _Reader) -> tuple[Limbs, Limbs]:
    if kind == "l":
        current, older = _legitimate_before(line, runs, weights, reader.half_life_s)
    else:
        current, older = runs.sums_before(quantise(line.pick(reader.values, kind), weights, kind))
    if reader.stored:
        stored_current, stored_older = _stored_sums(reader.stored, reader.names, kind, reader.half_life, runs)
        current, older = current + stored_current, older + stored_older
    return current, older


def _legitimate_before(line: _Line, runs: Runs, weights: Floats, half_life_s: float) -> tuple[Limbs, Limbs]:
    matured = quantise((line.what == MATURED).astype(np.float64), weights, "l")
    if not (line.what == TAKEN_BACK).any():
        return runs.sums_before(matured, line.numbers)
    # What is taken back stands in the epoch of its maturing: that of its arrival, or the one before.
    epochs, dated = weigh(line.dated_s, half_life_s)
    back = quantise(-(line.what == TAKEN_BACK).astype(np.float64), dated, "l")
    ago = runs.epochs[runs.number] - epochs
    numbers = np.ones(len(back), dtype=np.int64) if line.numbers is None else line.numbers
    current, older = runs.sums_before(np.where(ago == 0, back + matured, 0.0), numbers)
    late, _ = runs.sums_before(np.where(ago == 1, back, 0.0), numbers)
    return current, older + late


@dataclass(frozen=True)
class _Line:
    """The arrivals that concern an entity, grouped by its key and in order within each.

    ``numbers`` says how many events each stands for; None where each is one.
    """

    rows: Ints
    codes: Ints
    what: npt.NDArray[np.int8]
    times_s: Floats
    dated_s: Floats
    numbers: Ints | None = None

    @classmethod
    def of(cls, codes: Ints, arrivals: Arrivals) -> _Line:
        arrived = codes[arrivals.rows]
        order = np.argsort(arrived, kind="stable")
        order = order[np.searchsorted(arrived[order], 0) :]  # code -1: no entity, no history
        return cls(
            arrivals.rows[order], arrived[order], arrivals.what[order], arrivals.times_s[order], arrivals.dated_s[order]
        )

    def only(self, *what: int) -> _Line:
        kept = np.flatnonzero(np.isin(self.what, what))
        return _Line(self.rows[kept], self.codes[kept], self.what[kept], self.times_s[kept], self.dated_s[kept])

    def with_open(self, plan: HistoryPlan, names: Sequence[str], stored: Mapping[str, StoredSums] | None) -> _Line:
        """Return the line without frauds, and with the stored open events where they mature."""
        line = self.only(EVENT, MATURED, TAKEN_BACK)
        assert plan.maturing is not None
        found = [
            (code, epoch_of(name)[1] * plan.maturing.step_s, number)
            for code, key in enumerate(names if stored else ())
            for name, number in (stored or {}).get(key, {}).items()
            if name[0] == OPEN
        ]
        if not found:
            return line
        codes, times_s, numbers = (np.array(column) for column in zip(*found, strict=True))
        extra = len(found)
        columns = [
            (line.rows, np.zeros(extra, dtype=np.int64)),
            (line.codes, codes.astype(np.int64)),
            (line.what, np.full(extra, MATURED, dtype=np.int8)),
            (line.times_s, times_s.astype(np.float64)),
            (line.dated_s, times_s.astype(np.float64)),
            (np.ones(len(line.rows), dtype=np.int64), numbers.astype(np.int64)),
        ]
        joined = [np.concatenate(pair) for pair in columns]
        # An event reads what matured before its own moment: at the same time, the event stands first.
        order = np.lexsort((joined[2], joined[3], joined[1]))
        rows, line_codes, what, line_times_s, dated_s, line_numbers = (column[order] for column in joined)
        return _Line(rows, line_codes, what, line_times_s, dated_s, line_numbers)

    def pick(self, values: Mapping[Kind, Floats], kind: Kind) -> Floats:
        if kind == "f":
            return np.where(self.what == FRAUD, 1.0, 0.0)
        if kind == "v":
            return np.where(self.what == FRAUD, 1.0 - values["u"][self.rows], 0.0)
        return np.where(self.what == EVENT, values[kind][self.rows], 0.0)


def _stored_sums(
    stored: Mapping[str, StoredSums], names: Sequence[str], kind: Kind, half_life: int, runs: Runs
) -> tuple[Limbs, Limbs]:
    """Return what was stored of one sum, for the epoch of each arrival's run and for the one before."""
    nothing: StoredSums = {}
    found = []
    for code, epoch in zip(runs.codes.tolist(), runs.epochs.tolist(), strict=True):
        sums = stored.get(names[code], nothing)
        pair = (sums.get(attribute(kind, half_life, epoch - ago), 0) for ago in (0, 1))
        found.append([part for number in pair for part in divmod(number, 1 << LIMB_BITS)])
    table = np.array(found, dtype=np.int64)[runs.number]
    return Limbs(table[:, 0], table[:, 1]), Limbs(table[:, 2], table[:, 3])
