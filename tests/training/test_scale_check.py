from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES, fit_score_scale

from model_build.evaluation.score_scale import check_scale, share_interval


def by_score(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["score"]: row for row in rows}


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_that_of_clopper_and_pearson(counted: tuple[int, int]) -> None:
    count, n = counted
    low, high = share_interval(count, n)
    assert low == pytest.approx(beta.ppf(0.025, count, n - count + 1) if count else 0.0, abs=1e-9)
    assert high == pytest.approx(beta.ppf(0.975, count + 1, n - count) if count < n else 1.0, abs=1e-9)
    assert low <= count / n <= high


def test_every_fixed_point_of_the_scale_is_held_against_the_table() -> None:
    scores = np.repeat([0, 700, 900, 1000], [900, 50, 49, 1])
    rows = by_score(check_scale(scores))
    assert [(row["score"], row["wanted"]) for row in rows.values()] == list(FALSE_POSITIVE_RATES[1:])
    assert rows[900] == {
        "score": 900,
        "wanted": 0.02,
        "observed": 0.05,
        "events": 50,
        "n": 1_000,
        "low": 0.037335,
        "high": 0.06539,
        "inside": False,
    }
    assert rows[600]["inside"]
    assert (rows[1000]["events"], rows[1000]["inside"]) == (1, True)
    assert json.loads(json.dumps(check_scale(scores))) == check_scale(scores)


def test_one_event_proves_nothing() -> None:
    assert all(row["inside"] for row in check_scale(np.array([100])))


def test_where_the_scale_was_fitted_no_share_is_above_the_promise() -> None:
    probabilities = np.random.default_rng(0).beta(1, 30, 20_000)
    rows = check_scale(fit_score_scale(probabilities).score(probabilities))
    assert all(row["observed"] <= row["wanted"] for row in rows)
    assert all(row["inside"] for row in rows)


def test_on_later_events_of_the_same_kind_most_promises_hold() -> None:
    inside = []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        scale = fit_score_scale(generator.beta(1, 30, 200_000))
        inside += [row["inside"] for row in check_scale(scale.score(generator.beta(1, 30, 10_000)))]
    assert np.mean(inside) > 0.9


def test_on_events_that_changed_the_promises_are_seen_to_be_broken() -> None:
    generator = np.random.default_rng(0)
    scale = fit_score_scale(generator.beta(1, 30, 20_000))
    rows = by_score(check_scale(scale.score(generator.beta(1, 20, 20_000))))
    assert not any(rows[score]["inside"] for score in (600, 700, 775, 860, 900, 950, 975))
    assert rows[900]["low"] > 0.02
