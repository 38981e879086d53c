from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from tollgate.core.events.event import Floats
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.feature import Feature, Matrix
from tollgate.core.history.plan import plan_history

from model_build.evaluation.importance import MAX_GROUPS, ImportanceReport, group_features, measure_importance

Labels = npt.NDArray[np.int8]
N = 4_000
ABC = (
    Feature("card_count_1h", "Recent payments with this card (half-life 1h)", "count", "card", 0),
    Feature("card_count_1d", "Recent payments with this card (half-life 1d)", "count", "card", 1),
    Feature("noise", "Value of noise", "number", "noise"),
    Feature("unused", "Value of unused", "number", "unused"),
)


def training_set(n: int = N, seed: int = 0) -> tuple[Matrix, Labels]:
    """Two columns that say the same, one of noise, one that is never used."""
    generator = np.random.default_rng(seed)
    labels = (generator.random(n) < 0.1).astype(np.int8)
    told = generator.standard_normal(n) + 2 * labels
    columns = [told, told + 0.01 * generator.standard_normal(n), *generator.standard_normal((2, n))]
    return np.stack(columns, axis=1).astype(np.float32), labels


def either(rows: Matrix) -> Floats:
    """A model that goes by the larger of the first two columns: it can do without one of them, not without both."""
    probability: Floats = 1 / (1 + np.exp(-rows[:, :2].max(axis=1).astype(np.float64)))
    return probability


GAIN = np.array([0.5, 0.3, 0.2, 0.0])


def measured(seed: int = 0) -> ImportanceReport:
    matrix, labels = training_set()
    return measure_importance(either, ABC, matrix, labels, GAIN, seed=seed)


def test_a_group_shows_what_its_features_hide_from_each_other() -> None:
    report = measured()
    group = next(item for item in report.groups if item.name == "Recent payments with this card")
    assert group.features == ("card_count_1h", "card_count_1d")
    assert group.gain == pytest.approx(0.8)
    singles = {item.features[0]: item for item in report.features}
    assert group.drop > 1.5 * max(singles["card_count_1h"].drop, singles["card_count_1d"].drop)
    assert report.average_precision - group.drop == pytest.approx(0.1, abs=0.04)


def test_what_the_model_does_not_look_at_costs_nothing_and_what_it_never_used_is_left_out() -> None:
    report = measured()
    noise = next(item for item in report.features if item.features == ("noise",))
    assert (noise.drop, noise.deviation) == (0.0, 0.0)
    assert "unused" not in {name for item in (*report.features, *report.groups) for name in item.features}


def test_importances_fall_and_are_the_same_for_the_same_seed() -> None:
    report = measured()
    drops = [item.drop for item in report.features]
    assert drops == sorted(drops, reverse=True)
    assert measured() == report
    assert measured(seed=1) != report


def test_the_matrix_stays_as_it_was() -> None:
    matrix, labels = training_set()
    before = matrix.copy()
    measure_importance(either, ABC, matrix, labels, GAIN, seed=0)
    np.testing.assert_array_equal(matrix, before)


def test_drops_agree_with_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(5)
    labels = (generator.random(N) < 0.2).astype(np.int8)
    matrix = (generator.standard_normal((N, 3)) + labels[:, None] * np.array([0.3, 1.0, 2.0])).astype(np.float32)
    model = LogisticRegression().fit(matrix, labels)
    features = [Feature(name, name, "number", name) for name in ("a", "b", "c")]
    report = measure_importance(
        lambda rows: model.predict_proba(rows)[:, 1], features, matrix, labels, np.full(3, 1 / 3), seed=0
    )
    expected = permutation_importance(
        model, matrix, labels, scoring="average_precision", n_repeats=20, random_state=0
    ).importances_mean
    found = {item.name: item.drop for item in report.features}
    assert [found[name] for name in "abc"] == pytest.approx(expected, abs=0.02)


def test_a_drawn_legitimate_event_stands_for_those_that_were_not() -> None:
    matrix, labels = training_set(60_000)
    report = measure_importance(either, ABC, matrix, labels, GAIN, seed=0)
    frauds = int((labels == 1).sum())
    assert (report.frauds, report.events) == (frauds, frauds + 20_000)
    assert report.average_precision == pytest.approx(average_precision_score(labels, either(matrix)), abs=0.01)


def test_a_thousand_features_are_measured_as_far_as_can_be_paid() -> None:
    generator = np.random.default_rng(0)
    matrix = generator.standard_normal((500, 1_000)).astype(np.float32)
    labels = (generator.random(500) < 0.2).astype(np.int8)
    features = [Feature(f"n{number}", f"Value of n{number}", "number", f"n{number}") for number in range(1_000)]
    calls = []

    def predict(rows: Matrix) -> Floats:
        calls.append(len(rows))
        return rows.sum(axis=1).astype(np.float64)

    gain = np.arange(1_000, 0, -1) / np.arange(1, 1_001).sum()
    report = measure_importance(predict, features, matrix, labels, gain, seed=0)
    assert (len(report.features), len(report.groups)) == (30, MAX_GROUPS)
    # Each group is one feature: the thirty largest are shuffled once.
    assert len(calls) == 1 + 3 * MAX_GROUPS
    assert report.unmeasured_gain == pytest.approx(gain[MAX_GROUPS:].sum())


def test_the_plain_form_is_json_of_all_of_it() -> None:
    report = measured()
    plain = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert plain == report.to_json()
    assert plain["groups"][0] == {
        "name": report.groups[0].name,
        "features": list(report.groups[0].features),
        "drop": round(report.groups[0].drop, 5),
        "deviation": round(report.groups[0].deviation, 5),
        "gain": round(report.groups[0].gain, 5),
    }
    assert (plain["repeats"], plain["events"]) == (3, N)


def test_the_groups_of_a_detector_are_in_words_and_hold_every_feature_once() -> None:
    event_type = EventType(
        "payment",
        "id",
        "t",
        amount="a",
        label=LabelRule("y", 86_400.0),
        latitude="lat",
        longitude="lon",
        numeric=("age",),
        categorical=("channel",),
        entities={"card": ("card",), "shop": ("shop",), "card_shop": ("card", "shop")},
    )
    plan = plan_history(event_type, (3_600.0, 86_400.0, 604_800.0, 2_592_000.0))
    features = plan_features(event_type, plan, {"channel": {"web": 0.6, "shop": 0.4}})
    groups = group_features(features)
    assert sorted(np.concatenate(list(groups.values())).tolist()) == list(range(len(features)))
    names = {name: [features[place].name for place in places.tolist()] for name, places in groups.items()}
    assert names["Amount of the payment"] == ["amount", "amount_log"]
    assert names["Value of channel"] == ["channel_is_web", "channel_is_shop", "channel_share"]
    assert names["Hour of the day with its fraction (UTC)"] == ["hour"]
    assert names["Recent payments with this card"] == [f"card_count_{span}" for span in ("1h", "1d", "7d", "30d")]
    assert "Rate of payments with this card, compared with the usual rate (1 is usual)" in names
    assert "Amount divided by the usual amount of this shop (1 is usual)" in names
    assert not any("half-life" in name for name in names)
