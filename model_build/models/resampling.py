"""Resampling for class imbalance: strategies that change the share of frauds in training, compared with none.

A strategy turns the training part into draws; a model is fitted to each, and the log-odds are averaged. Everything here
happens before training and nothing of it is exported, but for one thing that the model has to go on doing: where a
sampler needed values in place of missing ones, the same values stand in for missing ones in production.

The probabilities that follow are too high, as frauds seem more common than they are; `calibration` corrects them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.utils.class_weight import compute_sample_weight
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix
from tollgate.errors import TrainingDataError

Labels = npt.NDArray[np.int8]

# Frauds for each legitimate event that a sampler aims at: full balance invents or throws away more than it teaches.
_FRAUDS_PER_LEGITIMATE = 0.1
# SMOTE, then undersampling: what is left after the second step, as a multiple of the first.
_FURTHER = 5.0
_NEIGHBORS = 5
BALANCED_MEMBERS = 5


@dataclass(frozen=True)
class Draw:
    """Training data of one copy of a model: features (m, f), labels (m,) and, where they differ, weights (m,)."""

    features: Matrix
    labels: Labels
    weights: Floats | None = None


@dataclass(frozen=True)
class Sample:
    """The draws of a strategy; ``fill_values``, float32 (f,), replaces missing values in training and in production."""

    draws: tuple[Draw, ...]
    fill_values: Matrix | None = None


@dataclass(frozen=True)
class Strategy:
    """A strategy against imbalance: its display name, and how it draws from features, labels and a seed."""

    title: str
    draw: Callable[[Matrix, Labels, int], Sample]


def _keep(features: Matrix, labels: Labels, _: int) -> Sample:
    return Sample((Draw(features, labels),))


def _weigh(features: Matrix, labels: Labels, _: int) -> Sample:
    return Sample((Draw(features, labels, compute_sample_weight("balanced", labels)),))


def _undersample(features: Matrix, labels: Labels, seed: int) -> Sample:
    sampler = RandomUnderSampler(sampling_strategy=_wanted_ratio(labels), random_state=seed)
    return Sample((Draw(*sampler.fit_resample(features, labels)),))


def _smote(features: Matrix, labels: Labels, seed: int) -> Sample:
    return _interpolate(features, labels, _smote_sampler(labels, seed))


def _smote_and_undersample(features: Matrix, labels: Labels, seed: int) -> Sample:
    ratio = min(1.0, _FURTHER * _wanted_ratio(labels))
    undersampler = RandomUnderSampler(sampling_strategy=ratio, random_state=seed)
    return _interpolate(features, labels, make_pipeline(_smote_sampler(labels, seed), undersampler))


def _balance(features: Matrix, labels: Labels, seed: int) -> Sample:
    """Draw all frauds with as many legitimate events, again and again (Liu, Wu, Zhou: EasyEnsemble, 2009)."""
    samplers = [RandomUnderSampler(random_state=(seed + member) % 2**32) for member in range(BALANCED_MEMBERS)]
    return Sample(tuple(Draw(*sampler.fit_resample(features, labels)) for sampler in samplers))


def _wanted_ratio(labels: Labels) -> float:
    """Return frauds per legitimate event after sampling: a tenth, or twice as many as now if that is more."""
    frauds = int((labels == 1).sum())
    return min(1.0, max(_FRAUDS_PER_LEGITIMATE, 2 * frauds / (len(labels) - frauds)))


def _smote_sampler(labels: Labels, seed: int) -> SMOTE:
    """Return SMOTE (Chawla, Bowyer, Hall, Kegelmeyer, 2002); with five frauds or fewer, it looks at all the others."""
    frauds = int((labels == 1).sum())
    if frauds < 2:
        raise TrainingDataError(
            f"SMOTE needs at least two frauds, and the training part has {frauds}: use more events, or remove smote "
            "and smote_undersampling from imbalance."
        )
    wanted = max(frauds, int(_wanted_ratio(labels) * (len(labels) - frauds)))
    return SMOTE(sampling_strategy={1: wanted}, k_neighbors=min(_NEIGHBORS, frauds - 1), random_state=seed)


def _interpolate(features: Matrix, labels: Labels, sampler: SMOTE) -> Sample:
    """Resample with features on one scale, so that each counts alike for distance, and medians for missing values."""
    fill_values = _medians(features)
    filled = fill_rows(features, fill_values)
    deviations = filled.std(axis=0, dtype=np.float64)
    # Powers of two, by which float32 is divided and multiplied without loss: known events come back as they were.
    units = np.exp2(np.round(np.log2(np.where(deviations > 0, deviations, 1.0)))).astype(np.float32)
    drawn, drawn_labels = sampler.fit_resample(filled / units, labels)
    return Sample((Draw(drawn * units, drawn_labels),), fill_values)


def _medians(features: Matrix) -> Matrix:
    """Return the median of each feature, float32 (f,), and 0 for one that is missing throughout."""
    known = ~np.isnan(features).all(axis=0)
    medians = np.zeros(features.shape[1], dtype=np.float32)
    medians[known] = np.nanmedian(features[:, known], axis=0)
    return medians


def fill_rows(features: Matrix, fill_values: Matrix | None) -> Matrix:
    """Return features (n, f) with ``fill_values``, (f,), where they are missing; as they are without one."""
    return features if fill_values is None else np.where(np.isnan(features), fill_values, features)


IMBALANCE: Mapping[str, Strategy] = {
    "none": Strategy("", _keep),
    "class_weights": Strategy("class weights", _weigh),
    "smote": Strategy("SMOTE", _smote),
    "undersampling": Strategy("undersampling", _undersample),
    "smote_undersampling": Strategy("SMOTE and undersampling", _smote_and_undersample),
    "balanced_ensemble": Strategy("balanced ensemble", _balance),
}


def draw_sample(strategy: str, features: Matrix, labels: Labels, seed: int) -> Sample:
    """Return the training data of a model under one of `IMBALANCE`, from features (n, f) and labels (n,), 0 or 1.

    SMOTE takes no missing values: medians of the training part stand in for them, in what is drawn and in production.
    A yes-or-no feature gets values in between. Raises `TrainingDataError` where a kind of event is missing, or where
    SMOTE has fewer than two frauds.
    """
    frauds = int((labels == 1).sum())
    if not 0 < frauds < len(labels):
        raise TrainingDataError(
            f"The training part has {frauds} frauds among {len(labels)} events, but a model needs frauds and "
            "legitimate events: use more events, a shorter label_delay, or other shares."
        )
    return IMBALANCE[strategy].draw(features, labels, seed)
