from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit, logit
from tollgate.core.events.event import Floats
from tollgate.errors import TrainingDataError

from model_build.models.calibration import (
    Calibration,
    brier_score,
    describe_calibration,
    fit_calibration,
    fit_if_better,
    reliability_curve,
)

Labels = npt.NDArray[np.int8]
MANY = 200_000


def draw_events(seed: int, count: int = MANY, base: float = -4.0) -> tuple[Floats, Labels]:
    """True log-odds (n,) and labels (n,) that follow them."""
    generator = np.random.default_rng(seed)
    margins: Floats = base + 1.5 * generator.standard_normal(count)
    return margins, (generator.random(count) < expit(margins)).astype(np.int8)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -2.0), (2.0, 1.0), (1.0, float(np.log(0.02)))])
def test_a_known_distortion_is_found_again(slope: float, intercept: float) -> None:
    true, labels = draw_events(0)
    found = fit_calibration((true - intercept) / slope, labels)
    assert found.slope == pytest.approx(slope, rel=0.03)
    assert found.intercept == pytest.approx(intercept, abs=0.1)


def test_undersampling_is_the_special_case_of_slope_one_and_log_beta() -> None:
    true, labels = draw_events(1)
    beta = 0.05
    sampled = true - np.log(beta)  # what a model learns where a share beta of the legitimate events is kept
    found = fit_calibration(sampled, labels)
    probability = expit(sampled)
    exact = beta * probability / (beta * probability - probability + 1)
    assert np.allclose(exact, expit(true))
    assert np.abs(found.apply(sampled) - exact).max() < 0.02


def test_the_mean_is_the_share_of_frauds_and_the_likelihood_is_highest() -> None:
    true, labels = draw_events(2, 20_000)
    margins = 0.3 * true + 5
    found = fit_calibration(margins, labels)
    assert found.apply(margins).mean() == pytest.approx(labels.mean(), rel=1e-3)
    frauds, legitimate = labels.sum(dtype=int), (labels == 0).sum()
    targets = np.where(labels == 1, (frauds + 1) / (frauds + 2), 1 / (legitimate + 2))

    def loss(calibration: Calibration) -> float:
        line = calibration.slope * margins + calibration.intercept
        return float((np.logaddexp(0, line) - targets * line).sum())

    for slope, intercept in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.02), (0.0, -0.02)]:
        assert loss(found) < loss(Calibration(found.slope + slope, found.intercept + intercept))


def test_platts_targets_keep_few_perfect_events_from_certainty() -> None:
    margins = np.array([-3.0, -2.0, -2.5, -1.0, 2.0, 3.0])
    found = fit_calibration(margins, np.array([0, 0, 0, 0, 1, 1], dtype=np.int8))
    probabilities = found.apply(margins)
    assert 0.01 < np.min(probabilities) < np.max(probabilities) < 0.99


def test_the_order_of_events_stays() -> None:
    true, labels = draw_events(3, 5_000)
    found = fit_calibration(0.2 * true, labels)
    order = np.argsort(true)
    assert np.all(np.diff(found.apply(0.2 * true)[order]) > 0)


@pytest.mark.parametrize("kind", ["falling", "unrelated", "constant"])
def test_log_odds_that_do_not_rise_with_fraud_keep_their_order_and_get_the_mean(kind: str) -> None:
    true, labels = draw_events(4, 20_000)
    margins = {
        "falling": -true,
        "unrelated": 300 * np.random.default_rng(5).standard_normal(len(true)),
        "constant": np.full(len(true), 2.0),
    }[kind]
    found = fit_calibration(margins, labels)
    assert found.slope == 1.0
    assert found.apply(margins).mean() == pytest.approx(labels.mean(), rel=1e-3)


def test_a_line_that_helps_on_other_events_is_kept() -> None:
    true, labels = draw_events(9, 20_000)
    overfitted = 2.0 * true + 1.0  # too certain, and too low: a third of the frauds that come
    found = fit_if_better(overfitted, labels)
    assert found is not None
    assert found == fit_calibration(overfitted, labels)
    assert expit(overfitted).mean() < 0.6 * labels.mean()
    assert found.apply(overfitted).mean() == pytest.approx(labels.mean(), rel=1e-3)


def test_a_line_that_only_fits_chance_is_not_kept() -> None:
    lines = [fit_if_better(*draw_events(seed, 1_000)) for seed in range(40)]
    assert sum(line is None for line in lines) > 20


@pytest.mark.parametrize("labels", [[0] * 20, [0] * 19 + [1], [1] * 20, [1, 1, 1, 0]])
def test_too_few_events_give_no_line(labels: list[int]) -> None:
    assert fit_if_better(np.linspace(-3, 3, len(labels)), np.array(labels, dtype=np.int8)) is None


@pytest.mark.parametrize("label", [0, 1])
def test_events_of_one_kind_are_refused(label: int) -> None:
    with pytest.raises(TrainingDataError, match=r"Cannot calibrate probabilities on .* both kinds are needed"):
        fit_calibration(np.linspace(-3, 3, 50), np.full(50, label, dtype=np.int8))


def test_the_brier_score_is_the_mean_squared_distance() -> None:
    labels = np.array([0, 1, 1, 0], dtype=np.int8)
    assert brier_score(labels, np.array([0.0, 1.0, 0.5, 0.1])) == pytest.approx((0.25 + 0.01) / 4)


def test_the_reliability_curve_has_ten_bins_of_equally_many_events() -> None:
    true, labels = draw_events(6)
    curve = reliability_curve(labels, expit(true))
    assert [one.count for one in curve] == [MANY // 10] * 10
    assert sum(one.count * one.observed_share for one in curve) == pytest.approx(labels.sum(dtype=int))
    assert sum(one.count * one.mean_predicted for one in curve) == pytest.approx(expit(true).sum())
    means = [one.mean_predicted for one in curve]
    assert means == sorted(means)
    for one in curve:
        assert one.observed_share == pytest.approx(one.mean_predicted, abs=5 * np.sqrt(one.mean_predicted / one.count))


def test_the_reliability_curve_shows_a_moved_prior() -> None:
    true, labels = draw_events(7)
    assert all(one.mean_predicted > 2 * one.observed_share for one in reliability_curve(labels, expit(true + 3))[:9])


def test_equal_probabilities_share_a_bin() -> None:
    probabilities = np.concatenate([np.zeros(80), np.linspace(0.5, 0.9, 20)])
    curve = reliability_curve((probabilities > 0.7).astype(np.int8), probabilities)
    assert curve[0].count == 80
    assert sum(one.count for one in curve) == 100
    (only,) = reliability_curve(np.array([0, 1, 1, 0], dtype=np.int8), np.full(4, 0.3))
    assert only.mean_predicted == pytest.approx(0.3)
    assert (only.observed_share, only.count) == (0.5, 4)


def test_a_description_is_json_and_says_how_far_off_the_mean_is() -> None:
    true, labels = draw_events(8, 10_000)
    described = json.loads(json.dumps(describe_calibration(labels, expit(true))))
    assert set(described) == {"brier", "mean_predicted", "observed_share", "reliability"}
    assert described["observed_share"] == pytest.approx(labels.mean())
    assert len(described["reliability"]) == 10
    assert set(described["reliability"][0]) == {"mean_predicted", "observed_share", "count"}
    assert float(logit(described["mean_predicted"])) == pytest.approx(float(logit(labels.mean())), abs=0.2)
