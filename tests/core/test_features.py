"""Features: their names, their values, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Events
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_events
from tollgate.core.features.catalog import plan_features, span
from tollgate.core.features.feature import Feature, Matrix
from tollgate.core.features.pipeline import compute_features
from tollgate.core.history.labels import NO_FRAUDS, Frauds
from tollgate.core.history.plan import HistoryPlan, plan_history
from tollgate.core.history.replay import replay_histories

from tests.core.one_by_one import PAYMENT
from tests.hypothesis_profiles import examples

HOUR_S, DAY_S = 3600.0, 86_400.0
PLAN = plan_history(PAYMENT, (HOUR_S, 30 * DAY_S))
SHARES = {"channel": {"web": 0.7, "shop": 0.3}}
FEATURES = plan_features(PAYMENT, PLAN, SHARES)
NOON_S = 1_767_614_400.0  # Monday 5 January 2026, 12:00 UTC


def of_numbers(rows: Sequence[Mapping[str, object]]) -> EventType:
    """Return an event type whose times are seconds, of any year, where the rows have those."""
    numbers = all(isinstance(row["timestamp"], float) for row in rows)
    return replace(PAYMENT, timestamp_format="epoch_s") if numbers else PAYMENT


def payments(*changes: Mapping[str, object]) -> Events:
    """Return payments of one customer at one place, an hour apart, with what is changed in each."""
    rows = [
        {
            "event_id": f"e{row}",
            "timestamp": NOON_S + row * HOUR_S,
            "amount": 20.0,
            "latitude": 52.5,
            "longitude": 13.4,
            "age": 30,
            "present": "true",
            "channel": "web",
            "customer_id": "c",
            "device_id": "d",
            **change,
        }
        for row, change in enumerate(changes)
    ]
    events, problems = read_events(of_numbers(rows), {name: [row[name] for row in rows] for name in rows[0]})
    assert not problems
    return events


def compute(events: Events, frauds: Frauds = NO_FRAUDS, plan: HistoryPlan = PLAN) -> Matrix:
    features = plan_features(PAYMENT, plan, SHARES)
    return compute_features(features, plan, events, replay_histories(plan, events, frauds).reads)


def value(matrix: Matrix, name: str, row: int = -1) -> float:
    return float(matrix[row, [feature.name for feature in FEATURES].index(name)])


def test_hour_and_weekday_are_utc() -> None:
    matrix = compute(payments({"timestamp": "2026-01-04T23:30:00-01:00"}))

    assert value(matrix, "hour") == 0.5
    assert value(matrix, "weekday") == 0  # Monday


def test_hour_and_weekday_before_1970() -> None:
    matrix = compute(payments({"timestamp": "1969-12-31T22:00:00Z"}))

    assert value(matrix, "hour") == 22
    assert value(matrix, "weekday") == 2  # Wednesday


def test_amounts_may_be_negative_on_the_logarithmic_scale() -> None:
    assert value(compute(payments({"amount": -99})), "amount_log") == pytest.approx(-np.log(100), rel=1e-6)


@pytest.mark.parametrize(("channel", "is_web", "share"), [("web", 1, 0.7), ("shop", 0, 0.3), ("phone", 0, 0)])
def test_a_category_is_told_apart_and_by_how_common_it_is(channel: str, is_web: float, share: float) -> None:
    matrix = compute(payments({"channel": channel}))

    assert value(matrix, "channel_is_web") == is_web
    assert value(matrix, "channel_share") == pytest.approx(share)


def test_a_missing_category_is_none_of_them_and_has_no_share() -> None:
    matrix = compute(payments({"channel": ""}))

    assert value(matrix, "channel_is_web") == value(matrix, "channel_is_shop") == 0
    assert np.isnan(value(matrix, "channel_share"))


def test_missing_numbers_are_not_numbers() -> None:
    matrix = compute(payments({"amount": None, "age": "", "present": None, "latitude": None}))

    for name in ("amount", "amount_log", "age", "present", "customer_distance_km_30d", "customer_amount_ratio_30d"):
        assert np.isnan(value(matrix, name)), name


def test_booleans_are_one_and_zero() -> None:
    assert value(compute(payments({"present": False})), "present") == 0
    assert value(compute(payments({"present": "yes"})), "present") == 1


def test_a_first_payment_has_counts_of_nothing_and_no_usual_amount() -> None:
    matrix = compute(payments({}))

    assert value(matrix, "customer_count_30d") == 0
    assert value(matrix, "customer_device_count_30d") == 0
    assert value(matrix, "customer_fraud_rate_30d") == 0
    for name in ("customer_mean_amount_30d", "customer_amount_ratio_30d", "customer_pace_1h"):
        assert np.isnan(value(matrix, name)), name


def test_a_missing_entity_has_no_features_rather_than_none() -> None:
    matrix = compute(payments({}, {"device_id": None}))

    assert np.isnan(value(matrix, "device_count_30d"))
    assert np.isnan(value(matrix, "customer_device_count_30d"))
    assert value(matrix, "customer_count_30d") > 0.9


def test_amounts_are_compared_with_the_usual_amount() -> None:
    matrix = compute(payments({}, {}, {"amount": 209.0}))

    assert value(matrix, "customer_mean_amount_30d") == pytest.approx(20, rel=1e-3)
    assert value(matrix, "customer_amount_ratio_30d") == pytest.approx(209 / 21, rel=1e-3)
    assert value(matrix, "customer_amount_deviation_30d") > 20


def days(*at_d: float) -> list[dict[str, object]]:
    return [{"timestamp": NOON_S + day * DAY_S} for day in at_d]


def test_fraud_rates_are_of_known_frauds_and_matured_payments_with_one_payment_more() -> None:
    # Days 0 to 2 mature on day 8 to 10; day 1 becomes known as fraud on day 5, day 3 on day 11; the rest is open.
    events = payments(*days(0, 1, 2, 3, 11.5, 11.6))
    frauds = Frauds(np.array([1, 3]), NOON_S + np.array([5.0, 11.0]) * DAY_S)

    before, after = (compute(events, known) for known in (NO_FRAUDS, frauds))

    legitimate = sum(2 ** (-(11.6 - day) / 30) for day in (7.5, 9.5))
    known = sum(2 ** (-(11.6 - day) / 30) for day in (5, 11))
    assert value(after, "customer_legitimate_count_30d") == pytest.approx(legitimate, rel=1e-3)
    assert value(after, "customer_fraud_count_30d") == pytest.approx(known, rel=1e-3)
    assert value(after, "customer_fraud_rate_30d") == pytest.approx(known / (known + legitimate + 1), rel=1e-3)
    assert value(before, "customer_fraud_rate_30d") == 0
    assert value(before, "customer_legitimate_count_30d") == pytest.approx(
        sum(2 ** (-(11.6 - day) / 30) for day in (7.5, 8.5, 9.5, 10.5)), rel=1e-3
    )


def test_frauds_of_ordinary_amounts_are_apart_from_those_of_unusual_ones() -> None:
    changes = days(0, 0.1, 0.2, 0.3, 0.4, 12)
    changes[4]["amount"] = 500.0
    frauds = Frauds(np.array([3, 4]), NOON_S + np.array([2.0, 2.0]) * DAY_S)

    matrix = compute(payments(*changes), frauds)

    # Three payments matured on day 8 at midnight, 4.5 days before; the frauds became known 10 days before.
    legitimate, fraud = 3 * 2 ** (-4.5 / 30), 2 ** (-10 / 30)
    assert value(matrix, "customer_fraud_count_30d") == pytest.approx(2 * fraud, rel=1e-3)
    assert value(matrix, "device_ordinary_fraud_count_30d") == pytest.approx(fraud, rel=1e-3)
    assert value(matrix, "device_ordinary_fraud_rate_30d") == pytest.approx(fraud / (fraud + legitimate + 1), rel=1e-3)
    assert value(matrix, "device_ordinary_fraud_share_30d") == pytest.approx(fraud / (fraud + legitimate), rel=1e-3)
    assert value(matrix, "customer_unusual_count_30d") == pytest.approx(2 ** (-11.6 / 30), rel=1e-3)


def test_excess_tells_of_this_amount_and_of_those_before() -> None:
    changes = days(0, 0.1, 0.2, 0.3, 0.4, 30.4)
    changes[4]["amount"] = 50.0

    matrix = compute(payments(*changes))

    # 50 is 2.5 times the usual 20: just unusually large.
    assert value(matrix, "customer_excess", 4) == pytest.approx(1, rel=1e-3)
    assert value(matrix, "customer_excess") == 0
    assert value(matrix, "customer_excess_lately_30d") == pytest.approx(0.5, rel=1e-3)


def test_ages_say_how_long_ago_things_happened_on_average() -> None:
    plan = plan_history(PAYMENT, (DAY_S, 30 * DAY_S))
    changes = days(0, 0.1, 0.2, 0.3, 0.4, 3)
    changes[4]["amount"] = 500.0
    events = payments(*changes)
    names = [feature.name for feature in plan_features(PAYMENT, plan, SHARES)]

    last = compute(events, Frauds(np.array([0]), np.array([NOON_S + 1.5 * DAY_S])), plan)[-1]

    assert last[names.index("customer_unusual_age_1d")] == pytest.approx(2.6, rel=1e-3)
    assert last[names.index("device_ordinary_fraud_age_1d")] == pytest.approx(1.5, rel=1e-3)
    assert np.isnan(compute(events, plan=plan)[-1][names.index("device_ordinary_fraud_age_1d")])


def test_distance_is_from_the_usual_place() -> None:
    paris = {"latitude": 48.8566, "longitude": 2.3522}
    matrix = compute(payments({}, {}, paris))

    assert value(matrix, "customer_distance_km_30d") == pytest.approx(878, abs=10)
    assert value(matrix, "customer_distance_km_30d", 1) == pytest.approx(0, abs=0.1)


def test_distance_across_the_date_line_is_short() -> None:
    fiji = [{"latitude": 0.0, "longitude": longitude} for longitude in (179.9, -179.9)]

    assert value(compute(payments(*fiji)), "customer_distance_km_30d") == pytest.approx(22.2, abs=0.2)


def test_a_burst_is_a_fast_pace() -> None:
    slow = [{"timestamp": NOON_S + day * DAY_S} for day in range(40)]
    burst = [{"timestamp": NOON_S + 40 * DAY_S + minute * 60} for minute in range(6)]

    matrix = compute(payments(*slow, *burst))

    assert value(matrix, "customer_pace_1h") > 10 * max(value(matrix, "customer_pace_1h", 39), 1)


def test_pairs_tell_whether_they_are_new_and_nothing_else() -> None:
    features = plan_features(PAYMENT, plan_history(PAYMENT, (HOUR_S, DAY_S, 30 * DAY_S)), SHARES)

    assert {feature.operation for feature in features if feature.source == "customer_device"} == {"count"}


def test_every_feature_has_a_name_of_its_own() -> None:
    clashing = replace(PAYMENT, numeric=("hour", "hour_", "customer_count_1h"), boolean=())
    features = plan_features(clashing, plan_history(clashing, (HOUR_S, DAY_S)), SHARES)

    names = [feature.name for feature in features]
    assert len(set(names)) == len(names)
    assert all(feature.description for feature in features)


def test_features_come_in_the_order_of_their_definitions() -> None:
    events = payments({}, {"amount": 7.0})
    histories = replay_histories(PLAN, events).reads
    whole = compute_features(FEATURES, PLAN, events, histories)

    for place in (0, 3, len(FEATURES) // 2, len(FEATURES) - 1):
        alone = compute_features([FEATURES[place]], PLAN, events, histories)
        assert np.array_equal(alone[:, 0], whole[:, place], equal_nan=True)


def test_features_survive_the_manifest() -> None:
    assert tuple(Feature(**feature.to_json()) for feature in FEATURES) == FEATURES


@pytest.mark.parametrize(("seconds", "text"), [(60, "1m"), (90, "90s"), (3600, "1h"), (604_800, "7d"), (5400, "90m")])
def test_half_lives_are_named_as_they_are_written(seconds: float, text: str) -> None:
    assert span(seconds) == text


# Few and many, close and far, all of them under a day, and none of them.
HALF_LIVES_S = [(60.0,), (60.0, HOUR_S), (HOUR_S, 30 * DAY_S), (DAY_S,), (DAY_S, 1.5 * DAY_S, 1.6 * DAY_S, 30 * DAY_S)]
ROW = st.tuples(
    st.floats(-1e12, 1e12),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-1e15, 1e15),
    st.one_of(st.floats(0, 1e9), st.floats(0, 1e7)),
    st.one_of(st.none(), st.floats(0, 1e7)),
)


@given(st.sampled_from(HALF_LIVES_S), st.lists(ROW, min_size=1, max_size=10))
@settings(max_examples=examples(150))
def test_no_feature_is_ever_infinite(
    half_lives_s: tuple[float, ...], rows: Sequence[tuple[float, float, float, float, float, float | None]]
) -> None:
    changes = [
        {"amount": amount, "latitude": latitude, "longitude": longitude, "age": age, "timestamp": time_s}
        for amount, latitude, longitude, age, time_s, _ in rows
    ]
    events = payments(*changes)
    labeled = [(place, events.times_s[place] + row[-1]) for place, row in enumerate(rows) if row[-1] is not None]
    frauds = Frauds(np.array([row for row, _ in labeled], dtype=np.int64), np.array([known for _, known in labeled]))

    assert not np.isinf(compute(events, frauds, plan_history(PAYMENT, half_lives_s))).any()
