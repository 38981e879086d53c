"""Stability of a version's approximate (LIME) reasons, measured for its model card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tollgate.core.explanations.groups import Group
from tollgate.core.explanations.lime import Lime
from tollgate.core.features.feature import Matrix

from model_build.models.registry import TrainedModel

# The most suspicious events are those that people read the reasons of.
_SUSPICIOUS, _OTHERS = 40, 20


def measure_lime(
    fitted: TrainedModel, lime: Lime, groups: Sequence[Group], features: Matrix, seed: int
) -> dict[str, Any]:
    """Return stability, and how far base and contributions are from the log-odds, on some events of (n, f) features."""
    order = np.argsort(-fitted.predict(features), kind="stable")
    others = np.random.default_rng(seed).permutation(order[_SUSPICIOUS:])[:_OTHERS]
    rows = features[np.concatenate([order[:_SUSPICIOUS], others])]
    told = [lime.explain(fitted.predict, row, groups) for row in rows]
    stability = np.array([one.stability for one in told])
    gaps = np.abs([one.base + one.values.sum() for one in told] - fitted.margin(rows))
    return {
        "events": len(rows),
        "stability": {"median": _rounded(np.median(stability)), "lowest": _rounded(stability.min())},
        "gap": {"median": _rounded(np.median(gaps)), "largest": _rounded(gaps.max())},
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)
