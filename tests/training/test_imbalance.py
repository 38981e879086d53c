from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from tollgate.core.features.feature import Matrix
from tollgate.errors import TrainingDataError

from model_build.detector_file import training
from model_build.models.resampling import BALANCED_MEMBERS, IMBALANCE, Sample, draw_sample, fill_rows

Labels = npt.NDArray[np.int8]
EVENTS = 4_000


def draw_table(frauds: int = 40, missing: float = 0.2) -> tuple[Matrix, Labels]:
    """Features (EVENTS, 4) of very different scales, each row different, and so many frauds among them."""
    generator = np.random.default_rng(0)
    features = (generator.standard_normal((EVENTS, 4)) * np.array([1e-3, 1, 1e3, 1e6])).astype(np.float32)
    labels = np.zeros(EVENTS, dtype=np.int8)
    labels[generator.permutation(EVENTS)[:frauds]] = 1
    features[labels == 1, 1] += 5
    features[generator.random(features.shape) < missing] = np.nan
    return features, labels


def count(sample: Sample) -> list[tuple[int, int]]:
    """Frauds and legitimate events of each draw."""
    return [(int((draw.labels == 1).sum()), int((draw.labels == 0).sum())) for draw in sample.draws]


def rows_of(features: Matrix) -> set[bytes]:
    return {row.tobytes() for row in np.ascontiguousarray(features)}


def test_the_detector_file_knows_the_same_strategies() -> None:
    assert tuple(IMBALANCE) == training.IMBALANCE


def test_none_keeps_the_training_part_as_it_is() -> None:
    features, labels = draw_table()
    (draw,) = draw_sample("none", features, labels, 0).draws
    assert draw.features is features
    assert draw.labels is labels
    assert draw.weights is None


def test_class_weights_make_both_kinds_weigh_the_same() -> None:
    features, labels = draw_table()
    (draw,) = draw_sample("class_weights", features, labels, 0).draws
    assert draw.weights is not None
    assert draw.weights[labels == 1].sum() == pytest.approx(draw.weights[labels == 0].sum())
    assert draw.weights.sum() == pytest.approx(EVENTS)


@pytest.mark.parametrize(
    ("strategy", "frauds", "expected"),
    [
        ("smote", 40, [(396, 3960)]),
        ("smote", 2_000, [(2_000, 2_000)]),
        ("smote", 800, [(1_600, 3_200)]),
        ("undersampling", 40, [(40, 400)]),
        ("undersampling", 800, [(800, 1_600)]),
        ("smote_undersampling", 40, [(396, 792)]),
        ("smote_undersampling", 800, [(1_600, 1_600)]),
        ("balanced_ensemble", 40, [(40, 40)] * BALANCED_MEMBERS),
    ],
)
def test_a_sampler_draws_as_many_as_it_says(strategy: str, frauds: int, expected: list[tuple[int, int]]) -> None:
    assert count(draw_sample(strategy, *draw_table(frauds), 0)) == expected


@pytest.mark.parametrize("strategy", ["undersampling", "balanced_ensemble"])
def test_an_undersampler_draws_known_events_and_every_fraud(strategy: str) -> None:
    features, labels = draw_table()
    sample = draw_sample(strategy, features, labels, 0)
    assert sample.fill_values is None
    for draw in sample.draws:
        assert rows_of(draw.features) <= rows_of(features)
        assert rows_of(draw.features[draw.labels == 1]) == rows_of(features[labels == 1])


def test_the_members_of_a_balanced_ensemble_see_different_legitimate_events() -> None:
    features, labels = draw_table()
    draws = draw_sample("balanced_ensemble", features, labels, 0).draws
    seen = [rows_of(draw.features[draw.labels == 0]) for draw in draws]
    assert all(len(first & second) < 10 for first in seen for second in seen if first is not second)


@pytest.mark.parametrize("strategy", ["smote", "smote_undersampling"])
def test_smote_fills_with_medians_and_returns_known_events_to_the_bit(strategy: str) -> None:
    features, labels = draw_table()
    sample = draw_sample(strategy, features, labels, 0)
    assert sample.fill_values is not None
    assert np.allclose(sample.fill_values, np.nanmedian(features, axis=0))
    (draw,) = sample.draws
    assert draw.features.dtype == np.float32
    assert not np.isnan(draw.features).any()
    known = fill_rows(features, sample.fill_values)
    assert rows_of(draw.features[draw.labels == 0]) <= rows_of(known[labels == 0])
    assert rows_of(known[labels == 1]) < rows_of(draw.features[draw.labels == 1])


def test_new_frauds_lie_between_frauds_that_are_near_in_every_feature() -> None:
    generator = np.random.default_rng(1)
    # Two kinds of fraud, told apart by the first feature alone; the second is far wider and says nothing.
    labels = np.repeat(np.array([1, 0], dtype=np.int8), [40, 1_960])
    first = np.where(np.arange(2_000) < 20, -5.0, 5.0) + 0.1 * generator.standard_normal(2_000)
    features = np.stack([first, 1e4 * generator.standard_normal(2_000)], axis=1).astype(np.float32)
    (draw,) = draw_sample("smote", features, labels, 0).draws
    frauds = draw.features[draw.labels == 1]
    assert len(frauds) == 196
    assert np.abs(frauds[:, 0]).min() > 4


def test_a_feature_that_is_missing_throughout_gets_zero() -> None:
    features, labels = draw_table()
    features[:, 2] = np.nan
    sample = draw_sample("smote", features, labels, 0)
    assert sample.fill_values is not None
    assert sample.fill_values[2] == 0
    assert not sample.draws[0].features[:, 2].any()


@pytest.mark.parametrize("strategy", ["smote", "smote_undersampling"])
@pytest.mark.parametrize("frauds", [2, 5, 6])
def test_smote_looks_at_fewer_neighbors_where_there_are_few_frauds(strategy: str, frauds: int) -> None:
    ((drawn, _),) = count(draw_sample(strategy, *draw_table(frauds), 0))
    assert drawn == int(0.1 * (EVENTS - frauds))


@pytest.mark.parametrize("strategy", ["smote", "smote_undersampling"])
def test_smote_with_a_single_fraud_is_refused_with_what_to_do(strategy: str) -> None:
    with pytest.raises(TrainingDataError, match=r"the training part has 1: use more events, or remove smote"):
        draw_sample(strategy, *draw_table(1), 0)


@pytest.mark.parametrize("strategy", IMBALANCE)
@pytest.mark.parametrize("frauds", [0, EVENTS])
def test_events_of_one_kind_are_refused_under_every_strategy(strategy: str, frauds: int) -> None:
    with pytest.raises(TrainingDataError, match=f"The training part has {frauds} frauds among {EVENTS} events"):
        draw_sample(strategy, *draw_table(frauds), 0)


@pytest.mark.parametrize("strategy", IMBALANCE)
def test_more_frauds_than_legitimate_events_can_be_drawn_from(strategy: str) -> None:
    for frauds, legitimate in count(draw_sample(strategy, *draw_table(EVENTS - 100), 0)):
        assert frauds >= legitimate > 0


@pytest.mark.parametrize("strategy", IMBALANCE)
def test_the_same_seed_draws_the_same(strategy: str) -> None:
    table = draw_table()
    once, again, other = (draw_sample(strategy, *table, seed) for seed in (2**32 - 1, 2**32 - 1, 1))
    for first, second in zip(once.draws, again.draws, strict=True):
        assert np.array_equal(first.features, second.features, equal_nan=True)
        assert np.array_equal(first.labels, second.labels)
    if strategy not in ("none", "class_weights"):
        assert not np.array_equal(once.draws[0].features, other.draws[0].features, equal_nan=True)
