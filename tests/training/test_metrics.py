from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from model_build.evaluation.metrics import card_precision, count_scores, draw_curves, measure, sweep_thresholds

DAY_US = 86_400_000_000


def labels_of(*values: int) -> npt.NDArray[np.int8]:
    return np.array(values, dtype=np.int8)


def days_of(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64) * DAY_US


def test_the_figures_of_four_events() -> None:
    # Sorted by probability: fraud, legitimate, fraud, legitimate.
    metrics = measure(labels_of(0, 1, 0, 1), np.array([0.1, 0.4, 0.6, 0.9]), days_of(0, 0, 0, 0), None, 1)
    assert metrics.auc == pytest.approx(3 / 4)
    assert metrics.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert metrics.card_precision is None


def test_recall_at_one_percent_of_false_positives_lies_on_the_roc_curve() -> None:
    # 100 legitimate events below 0.5 but one at 0.8; two of four frauds above it, one between.
    labels = np.array([0] * 100 + [1] * 4, dtype=np.int8)
    probabilities = np.concatenate([np.linspace(0.1, 0.4, 99), [0.8], [0.9, 0.95, 0.7, 0.05]])
    metrics = measure(labels, probabilities, np.zeros(104, dtype=np.int64), None, 1)
    assert metrics.recall_at_1pct_fpr == pytest.approx(0.75)


def test_a_card_counts_once_a_day_with_its_highest_probability() -> None:
    # Card 0: 0.2 and 0.9 (fraud, the lower one); card 1: 0.5 legitimate; one review: card 0, found.
    found = card_precision(labels_of(1, 0, 0), np.array([0.2, 0.9, 0.5]), days_of(0, 0, 0), np.array([0, 0, 1]), 1)
    assert found == 1.0


def test_a_card_that_was_found_is_not_reviewed_again() -> None:
    labels = labels_of(1, 0, 1, 0, 1)
    probabilities = np.array([0.9, 0.1, 0.9, 0.5, 0.4])
    # Day 0 finds card 0. Day 1 without card 0: card 1 (legitimate) is reviewed and card 2 (fraud) is not.
    found = card_precision(labels, probabilities, days_of(0, 0, 1, 1, 1), np.array([0, 1, 0, 1, 2]), 1)
    assert found == pytest.approx((1.0 + 0.0) / 2)


def test_a_card_that_was_reviewed_in_vain_is_reviewed_again() -> None:
    found = card_precision(labels_of(0, 1), np.array([0.9, 0.9]), days_of(0, 1), np.array([0, 0]), 1)
    assert found == pytest.approx((0.0 + 1.0) / 2)


def test_a_fraud_that_was_not_reviewed_stays_to_be_found() -> None:
    labels = labels_of(0, 1, 1)
    found = card_precision(labels, np.array([0.9, 0.1, 0.8]), days_of(0, 0, 1), np.array([0, 1, 1]), 1)
    assert found == pytest.approx((0.0 + 1.0) / 2)


def test_a_day_with_fewer_cards_than_reviews_reviews_them_all() -> None:
    found = card_precision(labels_of(1, 0, 0, 0), np.full(4, 0.5), days_of(0, 0, 0, 0), np.array([0, 1, 2, 3]), 100)
    assert found == pytest.approx(1 / 4)


def test_events_without_a_card_are_not_reviewed() -> None:
    found = card_precision(labels_of(1, 0, 1), np.array([0.9, 0.8, 0.7]), days_of(0, 0, 0), np.array([-1, 0, 1]), 2)
    assert found == pytest.approx(1 / 2)
    assert card_precision(labels_of(1, 0), np.array([0.9, 0.8]), days_of(0, 0), np.array([-1, -1]), 2) == 0.0


def test_days_before_1970_are_days() -> None:
    found = card_precision(labels_of(1, 1), np.array([0.9, 0.8]), np.array([-1, 1]), np.array([0, 1]), 1)
    assert found == 1.0


def test_the_sweep_counts_and_sums_as_by_hand() -> None:
    table = sweep_thresholds(labels_of(1, 1, 0, 0), np.array([975, 500, 500, 0]), np.array([10.0, 2.5, 4.0, np.nan]))
    rows = {row["score"]: row for row in table}
    assert list(rows) == list(range(0, 1001, 5))
    assert rows[0] == {
        "score": 0,
        "true_positives": 2,
        "false_positives": 2,
        "false_negatives": 0,
        "true_negatives": 0,
        "caught_amount": 12.5,
        "missed_amount": 0.0,
        "false_alarm_amount": 4.0,
    }
    assert rows[500] == rows[0] | {"score": 500, "false_positives": 1, "true_negatives": 1}
    assert rows[505] == {
        "score": 505,
        "true_positives": 1,
        "false_positives": 0,
        "false_negatives": 1,
        "true_negatives": 2,
        "caught_amount": 10.0,
        "missed_amount": 2.5,
        "false_alarm_amount": 0.0,
    }
    assert rows[975]["true_positives"] == 1
    assert rows[980]["true_positives"] == 0


def test_the_sweep_has_no_money_without_amounts() -> None:
    row = sweep_thresholds(labels_of(1, 0), np.array([900, 10]), None)[100]
    assert (row["caught_amount"], row["missed_amount"], row["false_alarm_amount"]) == (None, None, None)


def test_every_row_of_the_sweep_sums_to_all_events() -> None:
    generator = np.random.default_rng(0)
    labels, scores = generator.integers(0, 2, 500).astype(np.int8), generator.integers(0, 1001, 500)
    amounts = generator.integers(1, 100, 500).astype(np.float64)
    for row in sweep_thresholds(labels, scores, amounts):
        assert row["true_positives"] + row["false_negatives"] == (labels == 1).sum()
        assert row["false_positives"] + row["true_negatives"] == (labels == 0).sum()
        assert row["caught_amount"] + row["missed_amount"] == amounts[labels == 1].sum()


def test_scores_at_an_edge_fall_into_the_higher_bin_and_the_top_one_into_the_last() -> None:
    counted = count_scores(labels_of(0, 0, 1, 1), np.array([0, 50, 999, 1000]))
    assert counted["edges"] == list(range(0, 1001, 50))
    assert counted["legitimate"] == [1, 1] + [0] * 18
    assert counted["fraud"] == [0] * 19 + [2]


def _table(n: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    generator = np.random.default_rng(1)
    labels = (generator.random(n) < 0.01).astype(np.int8)
    return labels, np.clip(generator.normal(0.3 + 0.3 * labels, 0.15), 0, 1)


def test_the_roc_curve_rises_from_corner_to_corner() -> None:
    curve = np.array(draw_curves(*_table(20_000))["roc"])
    assert curve[0].tolist() == [0.0, 0.0]
    assert curve[-1].tolist() == [1.0, 1.0]
    assert (np.diff(curve, axis=0) >= 0).all()


def test_the_recall_of_the_precision_recall_curve_rises_to_one() -> None:
    labels, probabilities = _table(20_000)
    curve = np.array(draw_curves(labels, probabilities)["precision_recall"])
    assert (np.diff(curve[:, 0]) >= 0).all()
    assert curve[0, 0] == 0.0
    assert curve[-1, 0] == 1.0
    assert ((curve >= 0) & (curve <= 1)).all()


@pytest.mark.parametrize("n", [1_000, 50_000])
def test_a_thinned_curve_keeps_its_area(n: int) -> None:
    labels, probabilities = _table(n)
    curve = np.array(draw_curves(labels, probabilities)["roc"])
    area = float(np.trapezoid(curve[:, 1], curve[:, 0]))
    assert len(curve) <= 300
    assert area == pytest.approx(measure(labels, probabilities, np.zeros(n, dtype=np.int64), None, 1).auc, abs=5e-3)


def test_curves_of_equal_probabilities_are_their_corners() -> None:
    curves = draw_curves(labels_of(0, 1, 0, 1), np.full(4, 0.5))
    assert curves["roc"] == [[0.0, 0.0], [1.0, 1.0]]
