"""What "the same" means: columns and one event at a time, to the bit, however storage keeps its histories."""

from __future__ import annotations

import numpy as np
from tollgate.core.arrivals import NO_FRAUDS, Arrivals, Frauds
from tollgate.core.event import Events
from tollgate.core.history import HistoryPlan
from tollgate.core.replay import Replayed, replay_histories
from tollgate.core.totals import totals

from tests.core.one_by_one import FOLDING, LAZILY, TIDILY, Keeping, Store

Table = tuple[Events, Frauds]


def assert_same_reads(one: Replayed, other: Replayed, note: object = "") -> None:
    assert np.array_equal(one.excess, other.excess), note
    for entity, reads in one.reads.items():
        assert np.array_equal(reads, other.reads[entity], equal_nan=True), (entity, note)


def assert_replay_is_one_by_one(plan: HistoryPlan, events: Events, frauds: Frauds = NO_FRAUDS) -> None:
    """Hold a replay against one event at a time, and totals against what storage then holds."""
    replayed = replay_histories(plan, events, frauds)
    ended_s = float(np.max(events.times_s))
    known = np.flatnonzero(frauds.known_s <= ended_s)
    in_time = Arrivals.of(events, Frauds(frauds.rows[known], frauds.known_s[known]))
    for keeping in (LAZILY, FOLDING, TIDILY):
        assert_same_reads(replayed, Store(plan, keeping=keeping).happen(events, Arrivals.of(events, frauds)), keeping)
    for keeping in (LAZILY, FOLDING):
        store = Store(plan, keeping=keeping)
        store.happen(events, in_time)
        for entity in events.entities:
            left = totals(plan, entity, events, replayed.excess, frauds)
            assert left == store.folded(entity, ended_s), (entity, keeping)


def assert_file_is_one_by_one(plan: HistoryPlan, past: Table, present: Table, keeping: Keeping) -> None:
    """Hold a file, replayed on top of what the past left in storage, against its events one at a time."""
    store = Store(plan, keeping=keeping)
    store.happen(past[0], Arrivals.of(*past))
    stored = {entity: {key: dict(sums) for key, sums in keys.items()} for entity, keys in store.sums.items()}

    replayed = replay_histories(plan, *present, stored)

    assert_same_reads(replayed, store.happen(present[0], Arrivals.of(*present)))
