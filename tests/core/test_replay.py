"""Columns give, to the bit, what events and labels one at a time give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Events, Floats
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.pipeline import compute_features
from tollgate.core.history.decay import EPOCH_HALF_LIVES
from tollgate.core.history.labels import NO_FRAUDS, Frauds
from tollgate.core.history.plan import plan_history
from tollgate.core.history.replay import replay_histories, sum_additions
from tollgate.core.history.sum_kinds import SumKind

from model_build.data.table import LabeledEvents, count_categories, read_labeled_events
from model_build.detector_file.reader import DetectorFile
from tests.core.one_by_one import FOLDING, LAZILY, PAYMENT, TIDILY, Keeping, Store, make_events
from tests.core.same import assert_file_is_one_by_one, assert_replay_is_one_by_one
from tests.core.timeline import Timeline
from tests.hypothesis_profiles import examples

DAY_S = 86_400.0
# Short half-lives, so that a few numbers cross many epochs: 32 s, 320 s and 32 days.
PLAN = plan_history(PAYMENT, (1.0, 10.0, DAY_S))
MINUTE_US = 60_000_000


@pytest.fixture(scope="module")
def sample(sample_csv: Path, quick_detector: DetectorFile) -> LabeledEvents:
    data = read_labeled_events(sample_csv, quick_detector.event_type)
    first = np.arange(2500)
    return LabeledEvents(
        data.events.take(first),
        data.labels[first],
        data.known_s[first],
        data.rows[first],
        data.table,
        data.sha256,
        data.label_delay_s,
        data.unused_columns,
    )


def customer_reads(events: Events, frauds: Frauds = NO_FRAUDS) -> Floats:
    return replay_histories(PLAN, events, frauds).reads["customer"]


def test_features_of_the_sample_are_those_of_one_payment_at_a_time(
    sample: LabeledEvents, quick_detector: DetectorFile
) -> None:
    events = sample.events
    plan = plan_history(quick_detector.event_type, quick_detector.half_lives_s)
    features = plan_features(quick_detector.event_type, plan, count_categories(events))
    # Half of them known soon, so that many labels arrive among the payments, and some before their event matured.
    early = np.where(np.arange(len(sample.frauds.rows)) % 2, 6.9, -2.0) * DAY_S
    frauds = Frauds(sample.frauds.rows, sample.frauds.known_s - early)
    assert len(frauds.rows) > 5
    replayed = replay_histories(plan, events, frauds)
    columns = compute_features(features, plan, events, replayed.reads)

    alone = Store(plan, keeping=TIDILY).happen(events, Timeline.of(events, frauds))

    assert replayed.excess.any(), "some amounts are unusual"
    assert np.array_equal(alone.excess, replayed.excess)
    for row in range(0, len(events), 5):
        one = events.take(np.array([row]))
        single = compute_features(features, plan, one, {entity: read[[row]] for entity, read in alone.reads.items()})
        assert np.array_equal(single[0], columns[row], equal_nan=True), row
    assert not np.isinf(columns).any()


def test_the_sample_leaves_the_totals_of_one_payment_at_a_time(
    sample: LabeledEvents, quick_detector: DetectorFile
) -> None:
    label = quick_detector.event_type.label
    assert label is not None
    event_type = replace(quick_detector.event_type, label=replace(label, delay_s=3600.0))
    few = sample.events.take(np.arange(600))

    assert_replay_is_one_by_one(
        plan_history(event_type, quick_detector.half_lives_s),
        few,
        Frauds(np.array([3, 5, 400]), few.times_s[[3, 5, 400]] + 3600),
    )


def test_a_payment_does_not_see_itself() -> None:
    events = make_events([100.0, 200.0], ["a", "a"])

    read = customer_reads(events)

    assert np.array_equal(read[0], np.zeros(len(PLAN.sums["customer"])))
    assert read[1, 2] > 0.99


def test_payments_of_the_same_time_are_seen_in_the_order_of_their_rows() -> None:
    events = make_events([100.0] * 3, ["a"] * 3)

    assert customer_reads(events)[:, 2] == pytest.approx([0, 1, 2], rel=1e-3)
    assert_replay_is_one_by_one(PLAN, events)


def test_rows_need_not_be_in_order_of_time() -> None:
    events = make_events([300.0, 100.0, 200.0], ["a"] * 3)

    assert customer_reads(events)[:, 2] == pytest.approx([2, 0, 1], rel=0.01)
    assert_replay_is_one_by_one(PLAN, events)


def test_a_label_known_at_the_time_of_a_payment_comes_after_it() -> None:
    events = make_events([100.0, 200.0], ["a", "a"])
    fraud = [(s.kind, s.half_life) for s in PLAN.sums["customer"]].index((SumKind.FRAUD, 2))

    in_time = customer_reads(events, Frauds(np.array([0]), np.array([199.999999])))
    too_late = customer_reads(events, Frauds(np.array([0]), np.array([200.0])))

    assert in_time[1, fraud] == pytest.approx(1, rel=1e-3)
    assert too_late[1, fraud] == 0


def test_a_payment_never_reads_its_own_label() -> None:
    events = make_events([100.0], ["a"])
    frauds = [place for place, s in enumerate(PLAN.sums["customer"]) if s.kind == "f"]

    read = customer_reads(events, Frauds(np.array([0]), np.array([100.0])))

    assert (read[0, frauds] == 0).all()


def test_an_event_without_its_entity_reads_nothing_and_leaves_nothing() -> None:
    events = make_events([100.0, 200.0, 300.0], ["a", None, "a"])

    assert np.isnan(customer_reads(events)[1]).all()
    assert_replay_is_one_by_one(PLAN, events, Frauds(np.array([1]), np.array([250.0])))


def test_an_entity_that_every_event_lacks_reads_nothing() -> None:
    assert np.isnan(replay_histories(PLAN, make_events([100.0], ["a"])).reads["device"]).all()


@pytest.mark.parametrize("around_s", [0.0, 32.0, -32.0, 320.0, 32 * DAY_S, -64 * DAY_S])
def test_epochs_begin_where_one_at_a_time_begins_them(around_s: float) -> None:
    steps = [-33.0, -32.0, -1.0, -1e-6, 0.0, 1e-6, 1.0, 31.999999, 32.0, 64.0]
    events = make_events([around_s + step for step in steps], ["a"] * len(steps), amounts=[9.99] * len(steps))

    assert_replay_is_one_by_one(PLAN, events)


def test_sums_beyond_what_64_bits_hold_are_exact() -> None:
    # Squares of 1e8 at the end of an epoch are 4e25 each.
    times = [EPOCH_HALF_LIVES * DAY_S - 1e-6 - step for step in range(200)]
    events = make_events(times, ["a", "b"] * 100, amounts=[1e12, -0.01, 99_999_999.99, 12.34] * 50)

    assert_replay_is_one_by_one(PLAN, events)
    assert max(abs(number) for number in sum_additions(PLAN, events, np.zeros(200))["customer"]["a"].values()) > 2**80


TIMES_US = st.one_of(
    st.integers(-3, 3).map(lambda epoch: epoch * 32_000_000),
    st.integers(-2 * MINUTE_US, 2 * MINUTE_US),
    st.integers(-(10**15), 10**16).map(lambda time: time // MINUTE_US * MINUTE_US),
)
AMOUNTS = st.one_of(st.just(float("nan")), st.floats(-1e12, 1e12), st.floats(0, 100).map(lambda value: round(value, 2)))
PAYMENTS = st.tuples(
    TIMES_US,
    st.sampled_from(["a", "b", None]),
    AMOUNTS,
    st.one_of(st.just((float("nan"), 0.0)), st.tuples(st.floats(-90, 90), st.floats(-180, 180))),
    st.one_of(st.none(), st.integers(0, 5 * MINUTE_US)),
)


def table_of(payments: list[tuple[int, str | None, float, tuple[float, float], int | None]]) -> tuple[Events, Frauds]:
    """Return events, and as frauds those that have a delay, known that many microseconds after their event."""
    times_us, customers, amounts, places, delays_us = zip(*payments, strict=True)
    events = make_events([time / 1e6 for time in times_us], customers, amounts=amounts, places=places)
    rows = [row for row, delay in enumerate(delays_us) if delay is not None]
    known = [(int(events.times_us[row]) + (delays_us[row] or 0)) / 1e6 for row in rows]
    return events, Frauds(np.array(rows, dtype=np.int64), np.array(known, dtype=np.float64))


@given(st.lists(PAYMENTS, min_size=1, max_size=14))
@settings(max_examples=examples(100))
def test_any_small_table_is_one_at_a_time(
    payments: list[tuple[int, str | None, float, tuple[float, float], int | None]],
) -> None:
    assert_replay_is_one_by_one(PLAN, *table_of(payments))


@pytest.mark.parametrize("keeping", [LAZILY, FOLDING, TIDILY], ids=str)
@given(st.lists(PAYMENTS, min_size=2, max_size=14), st.integers(0, 14))
@settings(max_examples=examples(80))
def test_any_small_table_on_top_of_what_is_stored_is_one_at_a_time(
    keeping: Keeping,
    payments: list[tuple[int, str | None, float, tuple[float, float], int | None]],
    before: int,
) -> None:
    past, frauds = table_of(payments[:before]) if before else (make_events([0.0], [None]), NO_FRAUDS)
    present, later_frauds = table_of(payments[before:] or payments)

    assert_file_is_one_by_one(PLAN, (past, frauds), (present, later_frauds), keeping)
