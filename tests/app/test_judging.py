"""The arithmetic behind the Performance page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.components.live_days import count_frauds, read_live_days
from app.components.score_table import NEVER, ScoreTable, add_days, measure, read_thresholds
from app.views.performance.costs import Prices, cheapest, price, read_prices
from app.views.performance.model_table import height_at
from tests.app import model_shapes
from tests.app.contract_shapes import FRAUDS, MEAN_FRAUD, ROWS, evaluation_document


@pytest.fixture(scope="module")
def table() -> ScoreTable:
    read = read_thresholds(evaluation_document()["thresholds"], 30)
    assert read
    return read


def test_figures_are_those_of_the_confusion_matrix(table: ScoreTable) -> None:
    row = next(row for row in evaluation_document()["thresholds"] if row["score"] == 900)
    caught, alarms = row["true_positives"], row["false_positives"]
    found = measure(table, 900)

    assert found.recall == caught / FRAUDS
    assert found.precision == caught / (caught + alarms)
    assert found.accuracy == (caught + row["true_negatives"]) / ROWS
    assert found.f1 == pytest.approx(2 * caught / (2 * caught + alarms + row["false_negatives"]))
    assert found.missed_amount == pytest.approx(row["missed_amount"])


def test_acting_on_nothing_has_no_precision(table: ScoreTable) -> None:
    found = measure(table, NEVER)

    assert (found.precision, found.recall, found.false_positive_rate) == (None, 0.0, 0.0)
    assert found.missed_amount == pytest.approx(FRAUDS * MEAN_FRAUD)


def test_areas_under_curves_are_those_of_the_field(table: ScoreTable) -> None:
    # The contract's curve is recall = rate^(1/9), whose area is 9/10; the highest scores are one step.
    assert table.auc() == pytest.approx(0.9, abs=0.01)
    assert table.average_precision() is not None
    assert [point[0] for point in table.roc()] == sorted(point[0] for point in table.roc())


def test_counts_add_up(table: ScoreTable) -> None:
    for width in (5, 25, 50):
        counts = table.counts(width)
        assert sum(counts["Fraud"]) == FRAUDS
        assert sum(counts["Legitimate"]) == ROWS - FRAUDS


def test_the_cheapest_thresholds_are_found(table: ScoreTable) -> None:
    prices = Prices(5.0, 50.0, None)
    steps = [*range(0, 1005, 5), NEVER]
    pairs = [(low, high) for high in steps for low in steps if low <= high]
    least = min(price(table, *pair, prices).total for pair in pairs)

    assert price(table, *cheapest(table, prices, blocks_alone=False), prices).total == pytest.approx(least)
    alone = min(price(table, score, score, prices).total for score in steps)
    assert price(table, *cheapest(table, prices, blocks_alone=True), prices).total == pytest.approx(alone)


def test_a_fixed_price_of_a_missed_fraud_counts_frauds(table: ScoreTable) -> None:
    cost = price(table, NEVER, NEVER, Prices(5.0, 50.0, 100.0))

    assert cost.missed == pytest.approx(FRAUDS * 100 / 30)
    assert (cost.reviews, cost.wrong_blocks) == (0.0, 0.0)


def test_prices_are_those_of_the_detector_file() -> None:
    told = {"costs": {"missed_fraud": 120.0, "review": 7.0, "blocked_legitimate": 30.0}}

    assert read_prices(told) == Prices(7.0, 30.0, 120.0)
    assert read_prices({"costs": {"missed_fraud": "amount", "review": 7.0, "blocked_legitimate": 30.0}}).missed is None
    assert read_prices(None) == Prices(5.0, 50.0, None)


@pytest.mark.parametrize(
    ("delay_s", "now", "mature"),
    [
        (7 * 86_400, "2026-11-08T23:59:00", False),
        (7 * 86_400, "2026-11-09T00:00:00", True),
        (6.5 * 86_400, "2026-11-08T23:59:00", False),
        (0, "2026-11-01T23:59:00", False),
        (0, "2026-11-02T00:00:00", True),
    ],
)
def test_a_day_is_mature_from_the_midnight_after_its_labels_are_due(delay_s: float, now: str, mature: bool) -> None:
    (live,) = read_live_days([{"day": "2026-11-01"}], delay_s, datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert live.day == date(2026, 11, 1)
    assert live.is_mature is mature


def test_days_are_added_up_by_score() -> None:
    days = model_shapes.summaries(20)["days"][:10]
    table = add_days(days)

    assert table
    assert table.all.frauds == sum(sum(day["scores"]["fraud"]["decisions"]) for day in days)
    assert table.all.legitimate == sum(sum(day["scores"]["none"]["decisions"]) for day in days)
    assert table.at(900).frauds == sum(count_frauds(day, 900)[0] for day in days)
    assert add_days([]) is None


def test_a_curve_is_read_between_its_points() -> None:
    points = [[0.0, 0.0], [0.0, 0.2], [0.1, 0.6], [1.0, 1.0]]

    assert height_at(points, 0.05) == pytest.approx(0.4)
    assert height_at(points, 1.0) == 1.0
    assert height_at(points, 0.0) == 0.2
