"""Parity check of every ONNX export: it must give the same probabilities as the trained model."""

from __future__ import annotations

import numpy as np
from tollgate.core.detectors.model import Model
from tollgate.core.features.feature import Matrix
from tollgate.errors import ParityError

from model_build.models.registry import TrainedModel

MAX_DIFFERENCE = 1e-5
_SHARE_MISSING = 0.1


def with_missing_values(features: Matrix, seed: int = 0) -> Matrix:
    """Return features, shape (n, f), a tenth of whose values are missing."""
    missing = np.random.default_rng(seed).random(features.shape, dtype=np.float32) < _SHARE_MISSING
    return np.where(missing, np.float32(np.nan), features)


def check_parity(fitted: TrainedModel, onnx: bytes, features: Matrix, seed: int = 0) -> float:
    """Return the largest difference in probability over ``features``, shape (n, f), and again with values removed.

    Raises `ParityError` when it is above 1e-5: such a version is not sealed.
    """
    model = Model(onnx)
    few = features[np.random.default_rng(seed).permutation(len(features))[:50_000]]
    incomplete = with_missing_values(few, seed)
    # NumPy's max keeps a NaN, which is a difference too.
    largest = float(
        np.max([np.abs(model.predict(rows) - fitted.predict(rows)).max() for rows in (features, incomplete)])
    )
    if not largest <= MAX_DIFFERENCE:
        strategy = "" if fitted.imbalance == "none" else f", or {fitted.imbalance} from imbalance"
        raise ParityError(
            f"The ONNX export of {fitted.title} differs from the trained model by up to {largest:.2g} in probability; "
            f"the limit is {MAX_DIFFERENCE:g}, so no version was sealed. Remove {fitted.kind} from models"
            f"{strategy}."
        )
    return largest
