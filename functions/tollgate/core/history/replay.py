"""Replay of the past over columns: what each event read from the histories of its entities as it arrived.

Training replays labelled payments from nothing; a file is replayed on top of what is stored. Both give, to the bit,
what recording and reading the events one at a time gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints, parent_key
from tollgate.core.history.exact_sums import LIMB_BITS, Limbs, Runs
from tollgate.core.history.key_timeline import KeyTimeline
from tollgate.core.history.latest_addition import latest_us
from tollgate.core.history.plan import (
    UNITS,
    HistoryPlan,
    Sum,
    SumKind,
    amount_excess,
    fade,
    quantise,
    summed_values,
    weigh,
)
from tollgate.core.history.stored import StoredSums
from tollgate.core.history.stored_names import attribute
from tollgate.core.history.timeline import EVENT, FRAUD, NO_FRAUDS, NOTHING_WITHHELD, Frauds, Timeline, Withheld

# Entity → its key → the stored sums.
StoredHistories = Mapping[str, Mapping[str, StoredSums]]


@dataclass(frozen=True)
class Replayed:
    """What n events read on their arrival.

    ``reads`` maps each entity to an array of shape (n, k) in the order of the plan's sums, NaN where an event lacks the
    entity. ``excess`` is what `amount_excess` says of them, shape (n,).
    """

    reads: Mapping[str, Floats]
    excess: Floats


def replay_histories(
    plan: HistoryPlan,
    events: Events,
    frauds: Frauds = NO_FRAUDS,
    stored: StoredHistories | None = None,
    *,
    withheld: Withheld = NOTHING_WITHHELD,
    threads: int = 1,
) -> Replayed:
    """Let the events happen in order of time, and the ``frauds`` among them become known, on top of what is stored.

    Those ``withheld`` do not mature. Entities are replayed ``threads`` at a time.
    """
    timeline = Timeline.of(events, frauds, plan.maturing, withheld)
    excess = _amount_excess(plan, events, timeline, stored or {})

    def read(entity: str) -> Floats:
        return replay(plan, entity, events, timeline, excess, stored or {})

    if threads == 1:
        return Replayed({entity: read(entity) for entity in plan.sums}, excess)
    with ThreadPoolExecutor(threads) as pool:
        return Replayed(dict(zip(plan.sums, pool.map(read, plan.sums), strict=True)), excess)


def _amount_excess(plan: HistoryPlan, events: Events, timeline: Timeline, stored: StoredHistories) -> Floats:
    """Judge all amounts by the two sums that this takes."""
    if plan.unusual is None:
        return np.zeros(len(events))
    entity, longest = plan.unusual.entity, len(plan.half_lives_s) - 1
    needed = replace(plan, sums={entity: (Sum("n", longest), Sum("a", longest))})
    nothing = np.zeros(len(events))
    return amount_excess(needed, events, {entity: replay(needed, entity, events, timeline, nothing, stored)})


def replay(
    plan: HistoryPlan,
    entity: str,
    events: Events,
    timeline: Timeline,
    excess: Floats,
    stored: StoredHistories,
) -> Floats:
    """Return what each event read from the history of its ``entity``: shape (n, k), NaN where the entity is missing.

    ``excess`` is what `amount_excess` says of the events, ``stored`` the sums that were there before the first event.
    """
    keys, sums = events.entities[entity], plan.sums[entity]
    out = np.full((len(events), len(sums)), np.nan)
    line = KeyTimeline.of(keys.codes, timeline)
    if not len(line.rows):
        return out
    values, its = summed_values(events, excess), stored.get(entity, {})
    since_s = _latest_stored(plan, entity, keys.values, stored)
    lines = {False: line.only(EVENT, FRAUD).read_since(since_s), True: line}
    if plan.maturing is not None and plan.matures(entity):
        at_once = line.maturing_at_once(since_s, timeline.matures_s)
        lines[True] = at_once.with_open(plan.maturing, keys.values, its, since_s).read_since(since_s)
    for index, half_life_s in enumerate(plan.half_lives_s):
        for labels in (False, True):
            columns = [
                (place, s.kind) for place, s in enumerate(sums) if s.half_life == index and (s.kind == "l") is labels
            ]
            if columns:
                reader = _Reader(index, half_life_s, values, its, keys.values)
                _replay_columns(lines[labels], columns, reader, out)
    return out


def _latest_stored(plan: HistoryPlan, entity: str, keys: Sequence[str], stored: StoredHistories) -> Floats | None:
    """Return the latest addition that is stored of each key, in seconds, -inf where none is; None where none is at all.

    A pair was added to no later than its parent, and is read as of the same time.
    """
    own, parents = stored.get(entity, {}), stored.get(plan.parents.get(entity, ""), {})
    if not own and not parents:
        return None
    found = [latest_us([*own.get(key, ()), *(parents.get(parent_key(key), ()) if parents else ())]) for key in keys]
    if not any(one is not None for one in found):
        return None
    return np.array([-np.inf if one is None else one / 1e6 for one in found])


@dataclass(frozen=True)
class _Reader:
    """What it takes to replay the sums of one half-life."""

    half_life: int
    half_life_s: float
    values: Mapping[SumKind, Floats]
    stored: Mapping[str, StoredSums]
    names: Sequence[str]


def _replay_columns(line: KeyTimeline, columns: Sequence[tuple[int, SumKind]], reader: _Reader, out: Floats) -> None:
    """Fill the columns of ``out``, given as (place, kind), with what the events of the line read."""
    epochs, weights = weigh(line.times_s, reader.half_life_s)
    runs = Runs.of(line.codes, epochs)
    dated = _Dated(weights)
    if not line.is_punctual:
        dated_epochs, dated_weights = weigh(line.dated_s, reader.half_life_s)
        dated = _Dated(dated_weights, epochs - dated_epochs)
    reads = np.flatnonzero(line.what == EVENT)
    rows, read_weights = line.rows[reads], weights[reads]
    for place, kind in columns:
        current, older = _sums_before(line, kind, runs, dated, reader)
        out[rows, place] = fade(current.to_floats()[reads], older.to_floats()[reads], read_weights, UNITS[kind])


@dataclass(frozen=True)
class _Dated:
    """The weights of arrivals by their dates, and by how many epochs their dates lie before; None: none does."""

    weights: Floats
    ago: Ints | None = None


def _sums_before(line: KeyTimeline, kind: SumKind, runs: Runs, dated: _Dated, reader: _Reader) -> tuple[Limbs, Limbs]:
    added = quantise(line.pick(reader.values, kind), dated.weights, kind)
    if dated.ago is None:
        current, older = runs.sums_before(added, line.numbers)
    else:
        current, older = runs.sums_before(np.where(dated.ago == 0, added, 0.0), line.numbers)
        late, _ = runs.sums_before(np.where(dated.ago == 1, added, 0.0), line.numbers)
        older = older + late
    if reader.stored:
        stored_current, stored_older = _stored_sums(reader.stored, reader.names, kind, reader.half_life, runs)
        current, older = current + stored_current, older + stored_older
    return current, older


def _stored_sums(
    stored: Mapping[str, StoredSums], names: Sequence[str], kind: SumKind, half_life: int, runs: Runs
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
