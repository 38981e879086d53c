"""Fitted model before calibration, the same type for every kind of model."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.models.linear import Linear
from model_build.onnx_export.trees import Ensemble

Parameters = Mapping[str, Any]
# What exports and reasons are made of.
ModelForm = Ensemble | Linear


@dataclass(frozen=True)
class UncalibratedModel:
    """A fitted model: log-odds and probability of fraud, both (n,), by its own library, and its ONNX form.

    ``gain``, shape (f,), is the importance of each feature, in shares of 1. ``contribute`` gives the library's
    own path-dependent contributions, shape (n, f), where it has them. ``form`` gives None for an
    imported model.
    """

    margin: Callable[[Matrix], Floats]
    probability: Callable[[Matrix], Floats]
    export: Callable[[Calibration | None], bytes]
    gain: Floats
    form: Callable[[], ModelForm | None]
    contribute: Callable[[Matrix], Floats] | None = None


def average_margins(margins: Sequence[Callable[[Matrix], Floats]], rows: Matrix) -> Floats:
    """Return the mean log-odds, shape (n,), of several models for features (n, f)."""
    total = np.zeros(len(rows))
    for margin in margins:
        total += margin(rows)
    return total / len(margins)


def to_probabilities(margins: Floats) -> Floats:
    """Return log-odds as probabilities, shape (n,)."""
    return np.asarray(expit(margins), dtype=np.float64)


def to_shares(gains: Floats) -> Floats:
    """Return non-negative gains, shape (f,), as shares of their sum; all 0 where the model never split."""
    total = float(gains.sum())
    return gains / total if total > 0 else np.zeros(len(gains))


def thread_count() -> int:
    """Return how many threads may train: every core, or what OMP_NUM_THREADS says."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
