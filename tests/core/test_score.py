"""The score keeps its meaning: so many of the legitimate events score that high."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES, ScoreScale, false_positive_rates, fit_score_scale
from tollgate.core.events.event import Floats

from tests.hypothesis_profiles import examples

DESIGN_POINTS = [(600, 0.10), (700, 0.07), (775, 0.05), (860, 0.03), (900, 0.02), (950, 0.01), (975, 0.005)]


def shares_at_or_above(scale: ScoreScale, legitimate: Floats) -> Floats:
    """Return the share of events that score s or higher, for s of 0 to 1000, shape (1001,)."""
    scores = scale.score(legitimate)
    counts = np.bincount(scores, minlength=1001)
    return counts[::-1].cumsum()[::-1] / len(legitimate)


def skewed(n: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).beta(0.4, 30, n)


@pytest.mark.parametrize(("score", "rate"), DESIGN_POINTS)
def test_fixed_points_hold_on_continuous_probabilities(score: int, rate: float) -> None:
    legitimate = skewed(200_000)

    assert shares_at_or_above(fit_score_scale(legitimate), legitimate)[score] == pytest.approx(rate, abs=2 / 200_000)


@pytest.mark.parametrize(("score", "rate"), DESIGN_POINTS)
def test_fixed_points_hold_on_events_of_the_same_kind_that_were_not_fitted(score: int, rate: float) -> None:
    scale = fit_score_scale(skewed(200_000))

    assert shares_at_or_above(scale, skewed(200_000, seed=1))[score] == pytest.approx(rate, rel=0.1)


def test_rates_fall_from_all_to_one_in_ten_thousand() -> None:
    rates = false_positive_rates()

    assert rates.shape == (1001,)
    assert (np.diff(rates) < 0).all()
    assert all(rates[score] == pytest.approx(rate) for score, rate in FALSE_POSITIVE_RATES)


@given(
    st.lists(st.sampled_from([0.0, 1e-9, 0.001, 0.25, 0.5, 0.75, 0.999, 1.0]), min_size=1, max_size=300),
)
@settings(max_examples=examples(150))
def test_ties_never_let_more_reach_a_score_than_it_allows(probabilities: list[float]) -> None:
    legitimate = np.array(probabilities)

    shares = shares_at_or_above(fit_score_scale(legitimate), legitimate)

    assert (shares <= false_positive_rates() + 1e-9).all()


def test_events_of_equal_probability_stand_together() -> None:
    # Five of a hundred share the highest probability: they may reach 775 (5 %), and nothing above.
    legitimate = np.concatenate([np.linspace(0, 0.1, 95), np.full(5, 0.9)])

    assert fit_score_scale(legitimate).score(np.array([0.9]))[0] in (774, 775)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.lists(st.floats(0, 1), min_size=2, max_size=60))
@settings(max_examples=examples(150))
def test_a_higher_probability_never_scores_lower(legitimate: list[float], probabilities: list[float]) -> None:
    scale = fit_score_scale(np.array(legitimate))

    scores = scale.score(np.sort(np.array(probabilities)))

    assert (np.diff(scores) >= 0).all()
    assert scores[0] >= 0
    assert scores[-1] <= 1000
    assert (np.diff(scale.thresholds) >= 0).all()
    assert np.isfinite(scale.thresholds).all()


@pytest.mark.parametrize("same", [0.0, 1e-12, 0.5, 1.0])
def test_when_every_legitimate_event_has_one_probability_none_scores(same: float) -> None:
    scale = fit_score_scale(np.full(50, same))

    assert scale.score(np.array([same]))[0] == 0


@pytest.mark.parametrize("highest", [0.0, 0.3, 0.99])
def test_certainty_scores_1000_even_where_no_legitimate_event_came_near(highest: float) -> None:
    scale = fit_score_scale(np.linspace(0, highest, 20))

    assert scale.score(np.array([1.0]))[0] == 1000


def test_legitimate_events_at_certainty_keep_it_from_the_top() -> None:
    legitimate = np.concatenate([np.linspace(0, 0.5, 90), np.ones(10)])

    assert 595 <= fit_score_scale(legitimate).score(np.array([1.0]))[0] <= 600


def test_scores_beyond_the_highest_seen_are_still_told_apart() -> None:
    scale = fit_score_scale(np.linspace(0, 0.2, 50))

    scores = scale.score(np.array([0.2, 0.3, 0.6, 0.95, 0.9999]))

    assert (np.diff(scores) > 0).all()


def test_a_scale_survives_the_manifest_to_the_bit() -> None:
    scale = fit_score_scale(skewed(5000))

    again = ScoreScale.from_json(json.loads(json.dumps(scale.to_json())))

    assert np.array_equal(again.thresholds, scale.thresholds)
