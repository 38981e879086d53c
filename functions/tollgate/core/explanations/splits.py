"""Splits of a tree ensemble: the conditions of all its trees, evaluated at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Ints
from tollgate.core.features.feature import Matrix

Bools = npt.NDArray[np.bool_]
Places = Ints


@dataclass(frozen=True)
class Splits:
    """s distinct splits, each true where the feature is at most ``threshold``, float32 (s,).

    ``column``, shape (s,), points into the features twice over: first with -inf where a value is missing, which makes a
    split true, then with +inf, which makes it false.
    """

    column: Places
    threshold: npt.NDArray[np.float32]

    @property
    def never(self) -> int:
        """The place of an answer that is always false, after those of the splits: what pads a list of splits."""
        return len(self.column)

    def answer(self, features: Matrix) -> Bools:
        """Return what each split says of each row, shape (n, s + 1), for features (n, f), NaN where missing."""
        f = features.shape[1]
        twice = np.concatenate([features, features], axis=1)
        missing = np.isnan(features)
        if missing.any():
            twice[:, :f][missing] = -np.inf
            twice[:, f:][missing] = np.inf
        answers = np.zeros((len(features), self.never + 1), dtype=bool)
        np.less_equal(twice.take(self.column, axis=1), self.threshold, out=answers[:, :-1])
        return answers
