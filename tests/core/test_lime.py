"""Approximate reasons of a model that nothing is known of: near the exact ones where those are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats
from tollgate.core.explanations.archive import write_explainer
from tollgate.core.explanations.explain import explain_decisions
from tollgate.core.explanations.explainer import LinearReasons
from tollgate.core.explanations.groups import Group
from tollgate.core.explanations.lime import Lime
from tollgate.core.features.feature import Matrix
from tollgate.core.history.stored import StoredHistories

from model_build.data.table import read_labeled_events
from model_build.deployment.publish import open_folder
from model_build.sealing.seal import HISTORIES, read_version_files, seal_version

FEATURES = 8
GROUPS = [Group(f"group {place}", (2 * place, 2 * place + 1)) for place in range(FEATURES // 2)]
GENERATOR = np.random.default_rng(1)
WEIGHTS = GENERATOR.standard_normal(FEATURES)
BACKGROUND: Matrix = GENERATOR.standard_normal((100, FEATURES)).astype(np.float32)
ROWS: Matrix = GENERATOR.standard_normal((20, FEATURES)).astype(np.float32) * 2


def to_probability(log_odds: Floats) -> Floats:
    probabilities: Floats = 1 / (1 + np.exp(-log_odds))
    return probabilities


def exact_sums(row: Matrix) -> Floats:
    values = np.zeros((1, FEATURES))
    usual = BACKGROUND.astype(np.float64).mean(axis=0)
    LinearReasons(WEIGHTS, usual, np.zeros(FEATURES)).contribute(row[None, :], values)
    return np.array([values[0, list(group.places)].sum() for group in GROUPS])


def test_of_a_weighted_sum_it_tells_the_weights() -> None:
    guesses = [Lime(BACKGROUND).explain(lambda asked: to_probability(asked @ WEIGHTS), row, GROUPS) for row in ROWS]
    for row, guess in zip(ROWS, guesses, strict=True):
        assert np.abs(guess.values - exact_sums(row)).max() < 0.5
    assert np.mean([guess.stability for guess in guesses]) > 0.9


def test_the_same_event_gets_the_same_answer() -> None:
    first, again = (
        Lime(BACKGROUND).explain(lambda asked: to_probability(asked @ WEIGHTS), ROWS[0], GROUPS) for _ in range(2)
    )
    assert np.array_equal(first.values, again.values)
    assert (first.base, first.stability) == (again.base, again.stability)


def test_a_model_that_answers_at_random_is_told_by_its_stability() -> None:
    noise = np.random.default_rng(2)
    guesses = [Lime(BACKGROUND).explain(lambda asked: noise.random(len(asked)), row, GROUPS) for row in ROWS]
    assert np.mean([guess.stability for guess in guesses]) < 0.5


def test_a_model_that_always_says_the_same_has_no_reasons() -> None:
    guess = Lime(BACKGROUND).explain(lambda asked: np.full(len(asked), 0.3), ROWS[0], GROUPS)
    assert np.abs(guess.values).max() < 1e-9
    assert guess.base == pytest.approx(np.log(0.3 / 0.7))


def test_certain_answers_stay_finite() -> None:
    guess = Lime(BACKGROUND).explain(lambda asked: (asked[:, 0] > 0).astype(np.float64), ROWS[0], GROUPS)
    assert np.isfinite(guess.values).all()


@pytest.fixture(scope="module")
def last(version: DetectorVersion, sample_csv: Path) -> Events:
    events = read_labeled_events(sample_csv, version.event_type).events
    return events.take(np.arange(len(events) - 300, len(events)))


def test_a_version_sealed_with_it_says_that_its_reasons_are_approximate(
    sample_version: Path, version: DetectorVersion, last: Events, stored: StoredHistories, tmp_path: Path
) -> None:
    decisions = decide_in_order(version, last, stored)
    files = read_version_files(sample_version)
    manifest = {
        key: value
        for key, value in json.loads(files["detector.json"]).items()
        if key not in ("files", "histories", "format", "card")
    }
    reasons = write_explainer(Lime(decisions.features[:100]))
    evaluation, histories = json.loads(files["evaluation.json"]), (sample_version / HISTORIES).read_bytes()
    sealed = seal_version(manifest, files["model.onnx"], evaluation, histories, tmp_path, reasons=reasons)
    guessed = explain_decisions(open_folder(sealed.folder), last, decisions, range(200, 230))
    exact = explain_decisions(version, last, decisions, range(200, 230), None)
    for guess, known in zip(guessed, exact, strict=True):
        assert guess.stability is not None
        assert 0 <= guess.stability <= 1
        assert known.stability is None
        assert len(guess.reasons) == 3
    # The weightiest guessed reason is mostly among the weightiest exact ones.
    agreeing = [
        guess.reasons[0].name in {reason.name for reason in known.reasons[:5]}
        for guess, known in zip(guessed, exact, strict=True)
    ]
    assert np.mean(agreeing) >= 0.5
