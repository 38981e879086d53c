"""What "the same" means: columns and one event at a time, to the bit, however storage keeps its histories."""

from __future__ import annotations

import numpy as np
from tollgate.core.events.event import Events
from tollgate.core.history.labels import NO_FRAUDS, NOTHING_WITHHELD, Frauds, Withheld
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.replay import Replayed, replay_histories, sum_additions

from tests.core.one_by_one import FOLDING, LAZILY, TIDILY, Keeping, Store
from tests.core.timeline import Timeline

Table = tuple[Events, Frauds] | tuple[Events, Frauds, Withheld]


def assert_same_reads(one: Replayed, other: Replayed, note: object = "") -> None:
    assert np.array_equal(one.excess, other.excess), note
    for entity, reads in one.reads.items():
        assert np.array_equal(reads, other.reads[entity], equal_nan=True), (entity, note)


def assert_replay_is_one_by_one(
    plan: HistoryPlan, events: Events, frauds: Frauds = NO_FRAUDS, withheld: Withheld = NOTHING_WITHHELD
) -> None:
    """Hold a replay against one event at a time, and totals against what storage then holds."""
    replayed = replay_histories(plan, events, frauds, withheld=withheld)
    ended_s = float(np.max(events.times_s))
    known = np.flatnonzero(frauds.known_s <= ended_s)
    told = Withheld(withheld.rows, np.where(withheld.legitimate_s <= ended_s, withheld.legitimate_s, np.inf))
    in_time = Timeline.of(events, Frauds(frauds.rows[known], frauds.known_s[known]), withheld=told)
    whole = Timeline.of(events, frauds, withheld=withheld)
    for keeping in (LAZILY, FOLDING, TIDILY):
        assert_same_reads(replayed, Store(plan, keeping=keeping).happen(events, whole, withheld), keeping)
    added = sum_additions(plan, events, replayed.excess, frauds, withheld=withheld)
    for keeping in (LAZILY, FOLDING):
        store = Store(plan, keeping=keeping)
        store.happen(events, in_time, told)
        for entity, left in added.items():
            assert left == store.readable(entity, ended_s), (entity, keeping)


def assert_file_is_one_by_one(plan: HistoryPlan, past: Table, present: Table, keeping: Keeping) -> None:
    """Hold a file, replayed on top of what the past left in storage, against its events one at a time."""
    store = Store(plan, keeping=keeping)
    _live(store, past)
    stored = {entity: {key: dict(sums) for key, sums in keys.items()} for entity, keys in store.sums.items()}

    withheld = present[2] if len(present) > 2 else NOTHING_WITHHELD
    replayed = replay_histories(plan, present[0], present[1], stored, withheld=withheld)

    assert_same_reads(replayed, _live(store, present))


def _live(store: Store, table: Table) -> Replayed:
    withheld = table[2] if len(table) > 2 else NOTHING_WITHHELD
    return store.happen(table[0], Timeline.of(table[0], table[1], withheld=withheld), withheld)
