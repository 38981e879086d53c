"""Late events: whatever the order in which events and labels arrive, no sum counts any of them more than once."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Events
from tollgate.core.events.event_type import LabelRule
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.pipeline import compute_features
from tollgate.core.files.history.histories import FileHistories, read_from
from tollgate.core.history.labels import Frauds
from tollgate.core.history.latest_addition import LatestMoved, latest_us, move_latest
from tollgate.core.history.plan import HistoryPlan, plan_history
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored import StoredHistories, add_fraud
from tollgate.core.history.sum_kinds import UNITS

from tests.core.files.scored import texts_of
from tests.core.one_by_one import FOLDING, LAZILY, PAYMENT, TIDILY, Keeping, Store, keys_of, make_events
from tests.core.same import assert_file_is_one_by_one
from tests.core.timeline import Timeline
from tests.hypothesis_profiles import examples

HOUR_S, DAY_S = 3600.0, 86_400.0
DAY_US = 86_400_000_000
# Epochs of 32 s, 32 h and 32 days; what happened matures within two days.
PLAN = plan_history(replace(PAYMENT, label=LabelRule("is_fraud", DAY_S)), (1.0, HOUR_S, DAY_S))
BEGIN_US = 20_500 * DAY_US
KEEPINGS = pytest.mark.parametrize("keeping", [LAZILY, FOLDING, TIDILY], ids=str)

TIMES_US = st.one_of(
    st.integers(0, 40).map(lambda second: second * 1_000_000),
    st.integers(-40, 40).map(lambda day: day * DAY_US),
    st.tuples(st.integers(-40, 40), st.sampled_from([-1, 1, DAY_US // 3])).map(lambda day: day[0] * DAY_US + day[1]),
    st.integers(-40 * DAY_US, 40 * DAY_US),
)
# When it happens, whose it is, its amount, where, and how long after it becomes known as fraud, if it does.
Payment = tuple[int, str | None, float, str | None, int | None]
PAYMENTS = st.tuples(
    TIMES_US,
    st.sampled_from(["a", "a", "b", None]),
    st.one_of(st.just(float("nan")), st.floats(-1e3, 1e6), st.sampled_from([0.01, 9.99, 1e12])),
    st.sampled_from(["d", "e", None]),
    st.one_of(st.none(), st.integers(0, 4 * DAY_US), st.integers(0, 4).map(lambda day: day * DAY_US)),
)
TABLES = st.lists(PAYMENTS, min_size=1, max_size=12)


def table_of(payments: list[Payment]) -> tuple[Events, Frauds]:
    times_us, customers, amounts, devices, delays_us = zip(*payments, strict=True)
    times_s = [(BEGIN_US + time_us) / 1e6 for time_us in times_us]
    places = [(10.0 * row, 20.0) for row in range(len(payments))]
    events = make_events(times_s, customers, amounts=amounts, devices=devices, places=places)
    rows = [row for row, delay in enumerate(delays_us) if delay is not None]
    known = [(int(events.times_us[row]) + (delays_us[row] or 0)) / 1e6 for row in rows]
    return events, Frauds(np.array(rows, dtype=np.int64), np.array(known, dtype=np.float64))


def arrive(store: Store, events: Events, row: int) -> np.ndarray:
    """Let one event arrive; return what it read, in the order of the layout."""
    one = events.take(np.array([row]))
    read = store.happen(one, Timeline.of(one))
    return np.concatenate([read.reads[entity][0] for entity in store.plan.sums])


def accuse(store: Store, events: Events, row: int, known_s: float) -> None:
    """Let one event become known as fraud."""
    happened_s = float(events.times_s[row])
    for entity, key in keys_of(events, row):
        fraud = add_fraud(store.plan, entity, known_s, event_time_s=happened_s, excess=0.0)
        store.add(entity, key, fraud, round(known_s * 1e6))


def max_reasons(plan: HistoryPlan, payments: int, frauds: int, amounts: float, squares: float) -> np.ndarray:
    """Return the most that each sum may come to in size: all counted once, each rounded to a unit."""
    most = {"a": amounts, "s": squares, "f": frauds, "v": frauds, "w": 9.0 * payments}
    kinds = [plan.layout.kinds[kind] for kind in plan.layout.kind.tolist()]
    return np.array([most.get(kind, float(payments)) + 0.51 * payments / UNITS[kind] for kind in kinds])


@KEEPINGS
@given(TABLES, st.randoms(use_true_random=False))
@settings(max_examples=examples(80))
def test_no_event_reads_another_more_than_once(keeping: Keeping, payments: list[Payment], random: object) -> None:
    events, frauds = table_of(payments)
    known_s = dict(zip(frauds.rows.tolist(), frauds.known_s.tolist(), strict=True))
    steps = [(row, label) for row in range(len(events)) for label in (False, True) if not label or row in known_s]
    random.shuffle(steps)  # type: ignore[attr-defined]
    store, done, accused = Store(PLAN, keeping=keeping), list[int](), 0
    capped = np.minimum(np.abs(np.nan_to_num(events.amounts)), 1e8) if events.amounts is not None else np.zeros(0)

    for row, label in steps:
        if label:
            if row in done:
                accuse(store, events, row, known_s[row])
                accused += 1
            continue
        read = np.nan_to_num(arrive(store, events, row))
        past = capped[done]
        most = max_reasons(PLAN, len(done), accused, float(past.sum()), float((past**2).sum()))
        assert (np.abs(read) <= most * (1 + 1e-9)).all()
        done.append(row)


@KEEPINGS
@given(TABLES, TABLES)
@settings(max_examples=examples(80))
def test_a_late_table_is_replayed_as_one_at_a_time(
    keeping: Keeping, past: list[Payment], present: list[Payment]
) -> None:
    assert_file_is_one_by_one(PLAN, table_of(past), table_of(present), keeping)


@KEEPINGS
@given(st.lists(TABLES, min_size=1, max_size=4), st.one_of(st.none(), TABLES), st.booleans())
@settings(max_examples=examples(80))
def test_pieces_of_a_file_in_any_order_are_one_at_a_time(
    keeping: Keeping, tables: list[list[Payment]], past: list[Payment] | None, saves: bool
) -> None:
    store = Store(PLAN, keeping=keeping)
    if past:
        events, frauds = table_of(past)
        store.happen(events, Timeline.of(events, frauds))
    stored: StoredHistories = {
        entity: {key: dict(sums) for key, sums in keys.items()} for entity, keys in store.sums.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        histories = FileHistories(PLAN, Path(folder), read_from(stored))
        for payments in tables:
            events, _ = table_of(payments)
            reads = histories.read(events, texts_of(histories, events))
            alone = store.happen(events, Timeline.of(events))
            assert np.array_equal(reads.excess, alone.excess)
            for entity, part in PLAN.layout.parts.items():
                assert np.array_equal(reads.sums[part].T, alone.reads[entity], equal_nan=True), entity
            if saves:
                histories.save()
                histories = FileHistories(PLAN, Path(folder), read_from(stored))
                histories.load()
        # What the file adds is read, on top of what was stored, as what its events leave one at a time.
        recorded = Store(
            PLAN, {entity: {key: dict(sums) for key, sums in keys.items()} for entity, keys in stored.items()}
        )
        for entity, key, sums in histories.additions():
            plain = {name: number for name, number in sums.items() if name[0] != "m"}
            recorded.add(entity, key, plain, latest_us(sums))
    for later_us in (-DAY_US, 0, 50 * DAY_US):
        asking, _ = table_of([(later_us, customer, 1.0, "d", None) for customer in "ab"])
        for row in range(2):
            event = asking.take(np.array([row]))
            wanted, found = (_peek(one, event) for one in (store, recorded))
            assert np.array_equal(wanted, found)


def _peek(store: Store, event: Events) -> np.ndarray:
    copy = Store(store.plan, {e: {k: dict(sums) for k, sums in keys.items()} for e, keys in store.sums.items()})
    read = copy.happen(event, Timeline.of(event)).reads
    return np.concatenate([read[entity][0] for entity in store.plan.sums])


@given(TABLES)
@settings(max_examples=examples(40))
def test_in_order_of_time_nobody_is_late(payments: list[Payment]) -> None:
    events, frauds = table_of(payments)
    plain = replay_histories(PLAN, events, frauds)
    store = Store(PLAN)
    for entity in events.entities:  # a time before everything
        for key in events.entities[entity].values:
            store.add(entity, key, {"n00": 0}, BEGIN_US - 100 * DAY_US)

    again = replay_histories(PLAN, events, frauds, store.sums)

    for entity in events.entities:
        assert np.array_equal(plain.reads[entity], again.reads[entity], equal_nan=True)


def test_a_payment_a_day_late_counts_what_came_after_it_once() -> None:
    events = make_events([BEGIN_US / 1e6, BEGIN_US / 1e6 - DAY_S], ["c", "c"])
    store = Store(PLAN)
    arrive(store, events, 0)

    read = dict(zip(PLAN.layout.places, arrive(store, events, 1).tolist(), strict=True))

    assert [read["customer", "n", half_life] for half_life in range(3)] == pytest.approx([1.0, 1.0, 1.0], rel=1e-4)


def test_features_of_a_late_payment_are_finite() -> None:
    times_s = [BEGIN_US / 1e6 + 600.0 * n for n in range(12)]
    late = make_events([*times_s, BEGIN_US / 1e6 - 9 * DAY_S], ["c"] * 13, amounts=[20.0] * 8 + [900.0] * 4 + [20.0])
    plan = plan_history(PAYMENT, (HOUR_S, DAY_S, 7 * DAY_S, 30 * DAY_S))
    store = Store(plan)
    for row in range(12):
        arrive(store, late, row)
    accuse(store, late, 11, times_s[-1] + HOUR_S)
    one = late.take(np.array([12]))
    read = store.happen(one, Timeline.of(one)).reads
    features = plan_features(PAYMENT, plan, {"channel": {}})
    one = replace(one, numeric={"age": np.array([1.0]), "present": np.array([1.0])})
    one = replace(one, categories={"channel": one.entities["device"]})

    found = dict(zip([f.name for f in features], compute_features(features, plan, one, read)[0].tolist(), strict=True))

    assert not [name for name, value in found.items() if abs(value) == float("inf")]
    ages = {name: value for name, value in found.items() if "_age_" in name and name.startswith("customer")}
    assert ages
    assert all(0 <= age < 1 for age in ages.values()), ages
    assert found["customer_count_1d"] <= 12


TIMES = st.lists(st.integers(-(10**15), 10**16), min_size=1, max_size=6)


@given(TIMES, st.randoms(use_true_random=False))
def test_writers_that_meet_never_lower_the_time_of_the_latest_addition(times_us: list[int], random: object) -> None:
    """Each reads, then writes, in any interleaving: the additions and removals of the others come between."""
    names: set[str] = set()
    waiting: list[tuple[int, LatestMoved]] = []
    unread, latest = list(times_us), None
    while waiting or unread:
        if unread and (not waiting or random.random() < 0.5):  # type: ignore[attr-defined]
            time_us = unread.pop()
            waiting.append((time_us, move_latest(set(names), time_us)))
            continue
        time_us, moved = waiting.pop(random.randrange(len(waiting)))  # type: ignore[attr-defined]
        names = (names | ({moved.adds} if moved.adds else set())) - set(moved.removes)
        now = latest_us(names)
        assert now is not None
        assert now >= time_us
        assert latest is None or now >= latest
        latest = now
    assert latest == max(times_us)
