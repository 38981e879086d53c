"""Decisions: a file in order of time and payments one at a time are the same thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.decide import Reads, decide, decide_one, read_histories
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_event
from tollgate.core.features.pipeline import compute_features
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.replay import replay_histories, sum_additions
from tollgate.core.history.stored import StoredHistories, add_to_all, read_all
from tollgate.core.history.stored_names import OPEN

from model_build.data.table import read_labeled_events
from tests.core.one_by_one import TIDILY, Store
from tests.core.timeline import Timeline

ROWS = 250


@pytest.fixture(scope="module")
def events(version: DetectorVersion, sample_csv: Path) -> Events:
    """The last payments of the sample, with what is missing here and there, not in order of time."""
    events = read_labeled_events(sample_csv, version.event_type).events
    last = events.take(np.arange(len(events) - ROWS, len(events)))
    assert last.amounts is not None
    assert last.latitudes is not None
    last.amounts[::17] = np.nan
    last.latitudes[::23] = np.nan
    last.entities["device"].codes[::11] = -1
    last.entities["customer_device"].codes[::11] = -1
    last.entities["ip"].codes[::13] = -1
    return last.take(np.random.default_rng(0).permutation(ROWS))


def copy_of(stored: StoredHistories) -> dict[str, dict[str, dict[str, int]]]:
    return {entity: {key: dict(sums) for key, sums in keys.items()} for entity, keys in stored.items()}


def test_a_file_in_order_is_its_payments_one_at_a_time(
    version: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    store = Store(
        version.history,
        copy_of(stored),
        TIDILY,
    )
    together = decide_in_order(version, events, stored)
    alone = store.happen(events, Timeline.of(events))
    histories = replay_histories(version.history, events, stored=stored)
    assert any((read > 1).any() for read in alone.reads.values()), "something is stored that is read"
    assert np.array_equal(together.reads.excess, alone.excess)

    for row in range(ROWS):
        one = events.take(np.array([row]))
        single = {entity: read[[row]] for entity, read in alone.reads.items()}
        features = compute_features(version.features, version.history, one, single)
        in_file = compute_features(
            version.features, version.history, one, {entity: read[[row]] for entity, read in histories.reads.items()}
        )
        assert np.array_equal(features, in_file, equal_nan=True), row
        decided = decide(version, one, Reads(single, alone.excess[[row]]))
        assert decided.probabilities[0] == together.probabilities[row], row
        assert decided.scores[0] == together.scores[row], row
        assert decided.outcomes[0] == together.outcomes[row], row


def test_what_the_training_left_open_matures_in_a_later_file(
    version: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    assert version.history.maturing is not None
    assert any(name[0] == OPEN for sums in stored["customer"].values() for name in sums)
    later_us = int((version.history.maturing.delay_s + 2 * version.history.maturing.step_s) * 1e6)
    later = replace(events, times_us=events.times_us + later_us)
    store = Store(version.history, copy_of(stored))
    first_s = float(np.min(later.times_s))
    folded: StoredHistories = {entity: store.folded(entity, first_s) for entity in version.history.sums}

    decided = decide_in_order(version, later, stored)

    assert np.array_equal(decided.probabilities, decide_in_order(version, later, folded).probabilities)
    opened = {
        entity: {key: {name: n for name, n in sums.items() if name[0] != OPEN} for key, sums in keys.items()}
        for entity, keys in stored.items()
    }
    reads = [replay_histories(version.history, later, stored=one).reads["customer"] for one in (stored, folded, opened)]
    assert np.array_equal(reads[0], reads[1], equal_nan=True)
    assert not np.array_equal(reads[0], reads[2], equal_nan=True)


def test_a_file_of_one_payment_is_that_payment(
    version: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    for row in range(0, ROWS, 5):
        one = events.take(np.array([row]))

        in_order, single = decide_in_order(version, one, stored), decide_one(version, one, stored)

        assert np.array_equal(in_order.features, single.features, equal_nan=True)
        for entity, read in single.reads.sums.items():
            assert np.array_equal(in_order.reads.sums[entity], read, equal_nan=True)
        assert np.array_equal(in_order.probabilities, single.probabilities)
        assert np.array_equal(in_order.scores, single.scores)
        assert np.array_equal(in_order.reads.excess, single.reads.excess)
        assert in_order.outcomes == single.outcomes


def test_one_of_many_payments_reads_the_history_of_its_own_entities(
    version: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    row = next(row for row in range(ROWS) if events.entities["customer"].codes[row] > 0)
    one = events.take(np.array([row]))
    key = one.entities["customer"].values[int(one.entities["customer"].codes[0])]

    of_its_own = read_histories(version, one, {"customer": {key: stored["customer"][key]}})

    assert of_its_own["customer"][0, 0] == read_histories(version, one, stored)["customer"][0, 0]
    assert of_its_own["customer"].any()


def test_what_a_file_leaves_is_what_its_payments_leave(version: DetectorVersion, events: Events) -> None:
    store = Store(version.history)
    happened = store.happen(events, Timeline.of(events))

    for entity, left in sum_additions(version.history, events, happened.excess).items():
        assert left == store.readable(entity, float(np.max(events.times_s)))


def test_a_missing_entity_reads_nothing_known_rather_than_nothing_there(version: DetectorVersion) -> None:
    event = read_event(version.event_type, {"event_id": "e", "timestamp": 1_767_225_600, "customer_id": "new"})

    read = read_histories(version, event, {})

    assert np.array_equal(read["customer"], np.zeros_like(read["customer"]))
    for entity in ("device", "customer_device", "merchant"):
        assert np.isnan(read[entity]).all()


def test_an_event_with_nothing_but_id_and_time_is_decided(version: DetectorVersion) -> None:
    event = read_event(version.event_type, {"event_id": "e", "timestamp": "2026-01-05T13:24:11Z"})

    decided = decide_one(version, event, {})

    assert 0 <= decided.probabilities[0] <= 1
    assert decided.outcomes == (version.outcome(int(decided.scores[0])),)


def test_decisions_do_not_depend_on_their_company(
    version: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    histories = replay_histories(version.history, events, stored=stored)
    whole = decide(version, events, Reads(histories.reads, histories.excess))
    for rows in (np.arange(3), np.arange(100, 107), np.arange(0, ROWS, 2)):
        reads = {entity: read[rows] for entity, read in histories.reads.items()}
        part = decide(version, events.take(rows), Reads(reads, histories.excess[rows]))
        assert np.array_equal(part.probabilities, whole.probabilities[rows])


def test_deciding_changes_nothing_that_is_stored(
    version: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    before = copy_of(stored)

    decide_in_order(version, events, stored)

    assert {entity: dict(keys) for entity, keys in stored.items()} == before


def test_a_file_is_decided_on_in_parts_as_in_one(
    version: DetectorVersion, stored: StoredHistories, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = decide_in_order(version, events, stored)
    monkeypatch.setattr("tollgate.core.decisions.decide.BLOCK_EVENTS", 7)
    in_parts = decide_in_order(version, events, stored)

    assert np.array_equal(in_parts.features, whole.features, equal_nan=True)
    assert in_parts.outcomes == whole.outcomes


def test_events_without_entities_have_features_and_no_histories(version: DetectorVersion, events: Events) -> None:
    own = tuple(feature for feature in version.features if feature.half_life < 0)
    plan = HistoryPlan((3600.0,), {})
    found = compute_features(own, plan, events.take(np.arange(3)), {})
    one = replace(events.take(np.array([0])), entities={})

    assert found.shape == (3, len(own))
    assert read_all(plan, {}, 1.7e9) == []
    assert add_to_all(plan, one, 0.0) == {}
