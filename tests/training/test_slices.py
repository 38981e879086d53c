from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from tollgate.core.events.event import Events, Keys
from tollgate.core.events.event_type import EventType

from model_build.evaluation.score_scale import share_interval
from model_build.evaluation.slices import ScoredEvents, count_unseen_categories, days_since_first_seen, measure_slices

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
# 1 January 2026, a Thursday.
START_US = 1_767_225_600_000_000
TYPE = EventType("payment", "id", "t", amount="a", currency="EUR", categorical=("c",), entities={"card_holder": ("k",)})


def scored(n: int = 2_000, *, rate: float = 0.1, seed: int = 0, **columns: Any) -> ScoredEvents:  # noqa: ANN401
    generator = np.random.default_rng(seed)
    labels = (generator.random(n) < rate).astype(np.int8)
    probabilities = np.clip(generator.normal(0.3 + 0.3 * labels, 0.15), 0, 1)
    events = Events(
        ids=[""] * n,
        times_us=columns.get("times_us", START_US + np.arange(n) * HOUR_US),
        amounts=columns.get("amounts"),
        latitudes=None,
        longitudes=None,
        numeric={},
        categories=columns.get("categories", {}),
        entities={},
    )
    scores = (1_000 * probabilities).astype(np.int64)
    return ScoredEvents(events, labels, probabilities, scores, columns.get("known_days"))


def dimensions(events: ScoredEvents, review_from: int = 600) -> dict[str, dict[str, dict[str, Any]]]:
    found = measure_slices(events, TYPE, review_from)["dimensions"]
    return {dimension["title"]: {part["name"]: part for part in dimension["slices"]} for dimension in found}


def test_the_figures_of_a_slice_are_those_of_its_events_alone() -> None:
    codes = np.arange(2_000) % 2
    events = scored(categories={"c": Keys(codes, ["web", "shop"])})
    part = dimensions(events)["c"]["shop"]
    labels, probabilities, scores = events.labels[1::2], events.probabilities[1::2], events.scores[1::2]
    assert (part["events"], part["frauds"], part["share"]) == (1_000, int(labels.sum()), 0.5)
    assert part["average_precision"] == pytest.approx(average_precision_score(labels, probabilities), abs=1e-5)
    assert part["auc"] == pytest.approx(roc_auc_score(labels, probabilities), abs=1e-5)
    for kind, name in ((0, "flagged_legitimate"), (1, "caught_frauds")):
        flagged = scores[labels == kind] >= 600
        low, high = share_interval(int(flagged.sum()), len(flagged))
        assert part[name] == pytest.approx({"share": flagged.mean(), "low": low, "high": high}, abs=1e-5)


def test_a_score_on_the_threshold_is_flagged() -> None:
    events = scored()
    review_from = int(events.scores[events.labels == 1].max())
    caught = measure_slices(events, TYPE, review_from)["overall"]["caught_frauds"]
    assert caught["share"] > 0
    assert measure_slices(events, TYPE, review_from + 1)["overall"]["caught_frauds"]["share"] == 0


def test_a_slice_with_few_frauds_says_so() -> None:
    events = scored(200, rate=0.0, categories={"c": Keys(np.arange(200) % 2, ["none", "nine"])})
    events.labels[1:19:2] = 1
    parts = dimensions(events)["c"]
    assert (parts["nine"]["frauds"], parts["nine"]["few_frauds"]) == (9, True)
    assert (parts["nine"]["average_precision"], parts["nine"]["auc"]) == (None, None)
    assert parts["nine"]["caught_frauds"] is not None
    assert (parts["none"]["few_frauds"], parts["none"]["caught_frauds"]) == (True, None)
    events.labels[19] = 1
    assert dimensions(events)["c"]["nine"]["average_precision"] is not None


def test_a_slice_of_frauds_alone_has_no_auc() -> None:
    events = scored(100, categories={"c": Keys(np.arange(100) // 50, ["a", "b"])})
    events.labels[:50] = 1
    part = dimensions(events)["c"]["a"]
    assert (part["auc"], part["average_precision"], part["flagged_legitimate"]) == (None, 1.0, None)


def test_amounts_are_cut_at_readable_numbers() -> None:
    amounts = np.random.default_rng(0).gamma(2, 617.0, 2_000)
    amounts[:3] = np.nan
    names = list(dimensions(scored(amounts=amounts))["Amount (EUR)"])
    assert names[0] == "under 590"
    assert names[1:4] == ["590 to 1,000", "1,000 to 1,700", "1,700 to 3,000"]
    assert names[4:] == ["3,000 or more", "(missing)"]


@pytest.mark.parametrize("amounts", [np.full(2_000, 5.0), np.zeros(2_000), np.full(2_000, np.nan), -np.arange(2_000.0)])
def test_odd_amounts_fall_into_some_slice(amounts: npt.NDArray[np.float64]) -> None:
    parts = dimensions(scored(amounts=amounts))["Amount (EUR)"]
    assert sum(part["events"] for part in parts.values()) == 2_000


def test_the_eight_most_common_categories_stand_alone() -> None:
    codes = np.minimum(np.random.default_rng(0).geometric(0.2, 2_000) - 2, 11)
    parts = dimensions(scored(categories={"c": Keys(codes, [f"k{number}" for number in range(12)])}))["c"]
    counts = np.bincount(codes[codes >= 0], minlength=12)
    common = np.argsort(-counts, kind="stable")[:8]
    assert list(parts) == [*(f"k{code}" for code in common), "(all others)", "(missing)"]
    assert parts["(missing)"]["events"] == int((codes == -1).sum())
    assert parts["(all others)"]["events"] == int(counts.sum() - counts[common].sum())


def test_customers_are_as_old_as_their_first_event() -> None:
    keys = Keys(np.array([0, 1, 0, -1, 0, 1, 1]), ["a", "b"])
    times = START_US + np.array([0, 0, 0, 1, 2, 7, 31]) * DAY_US
    days = days_since_first_seen(keys, times)
    np.testing.assert_allclose(days, [0, 0, 1 / DAY_US, np.nan, 2, 7, 31])
    parts = dimensions(scored(7, known_days=days))["Since the card holder was first seen"]
    assert {name: part["events"] for name, part in parts.items()} == {
        "first event": 2,
        "under 7 days": 2,
        "7 to 30 days": 1,
        "30 days or more": 1,
        "(missing)": 1,
    }


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 3)), min_size=1, max_size=40))
def test_an_entity_is_new_exactly_once(rows: list[tuple[int, int]]) -> None:
    codes = np.array([code for code, _ in rows])
    times = np.cumsum([hours for _, hours in rows]) * HOUR_US
    days = days_since_first_seen(Keys(codes, list("abcde")), times)
    seen: dict[int, int] = {}
    for code, time, age in zip(codes.tolist(), times.tolist(), days.tolist(), strict=True):
        if code < 0:
            assert np.isnan(age)
        elif code in seen:
            assert age == pytest.approx(max((time - seen[code]) / DAY_US, 1 / DAY_US))
        else:
            assert age == 0
            seen[code] = time


def test_hours_and_weekends_are_those_of_utc() -> None:
    # Thursday to the Saturday after next; the weekend has days 2, 3 and 9.
    found = dimensions(scored(240))
    hours = found["Hour of the day (UTC)"]
    assert {name: part["events"] for name, part in hours.items()} == dict.fromkeys(
        ("00:00 to 05:59", "06:00 to 11:59", "12:00 to 17:59", "18:00 to 23:59"), 60
    )
    weekend = found["Day of the week (UTC)"]["Saturday and Sunday"]
    assert weekend["events"] == 72


def test_every_event_is_in_one_slice_of_each_dimension_and_all_is_json() -> None:
    generator = np.random.default_rng(0)
    events = scored(
        amounts=generator.gamma(2, 20, 2_000),
        categories={"c": Keys(generator.integers(-1, 20, 2_000), [f"k{number}" for number in range(20)])},
        known_days=np.where(generator.random(2_000) < 0.1, np.nan, generator.integers(0, 60, 2_000)),
    )
    measured = measure_slices(events, TYPE, 600)
    assert json.loads(json.dumps(measured, allow_nan=False)) == measured
    assert measured["overall"]["events"] == 2_000
    for dimension in measured["dimensions"]:
        for name in ("events", "frauds"):
            assert sum(part[name] for part in dimension["slices"]) == measured["overall"][name], dimension["title"]


def test_without_amount_category_and_entity_the_clock_is_left() -> None:
    assert list(dimensions(scored())) == ["Hour of the day (UTC)", "Day of the week (UTC)"]


def test_categories_that_training_lacked_are_counted() -> None:
    codes = np.array([0, 1, -1, 0, 2, 3, 3, -1, 1, 3])
    events = scored(10, categories={"c": Keys(codes, ["a", "b", "new", "newer"]), "d": Keys(codes * 0, ["one"])}).events
    assert count_unseen_categories(events, np.arange(4), np.arange(4, 10)) == [
        {"column": "c", "events": 4, "share": 0.66667, "categories": ["newer", "new"]}
    ]
