"""Reasons of a version: an exact explainer, or LIME for a model that no table covers."""

from __future__ import annotations

from typing import Any

import numpy as np
from tollgate.core.explanations.archive import write_explainer
from tollgate.core.explanations.groups import group_features
from tollgate.core.explanations.lime import Lime
from tollgate.core.features.feature import Matrix

from model_build.data.split import Split
from model_build.data.training_set import Progress, TrainingSet
from model_build.explanations.build import build_explainer
from model_build.explanations.checks import check_reasons
from model_build.explanations.lime_check import measure_lime
from model_build.models.registry import TrainedModel

# What contributions against a background are averaged over: so many events of the training part.
BACKGROUND_ROWS = 100


def explain_version(
    training_set: TrainingSet, split: Split, best: TrainedModel, progress: Progress
) -> tuple[bytes | None, dict[str, Any] | None]:
    """Return the file of reasons, and what the manifest says of them; nothing where none are wanted."""
    method = training_set.file.training.reasons
    if method == "none":
        return None, None
    form = best.uncalibrated.form()
    if form is None:
        return _approximate(training_set, split, best, progress)
    progress(f"Building and checking the reasons of {best.title}")
    background = _draw_background(training_set, split) if method == "background" else None
    explainer = build_explainer(form, training_set.matrix.shape[1], best.calibration, background)
    gaps = check_reasons(best, explainer, training_set.matrix[split.validation], background)
    told = {
        "method": method,
        "base": float(explainer.explain(training_set.matrix[:1]).base),
        "largest_differences": gaps,
    }
    return write_explainer(explainer), told


def _approximate(
    training_set: TrainingSet, split: Split, best: TrainedModel, progress: Progress
) -> tuple[bytes, dict[str, Any]]:
    """Return the file of reasons of a model that no table covers, and what the manifest says of them."""
    progress(f"Measuring the stability of the approximate reasons of {best.title}")
    lime = Lime(_draw_background(training_set, split))
    groups = group_features(training_set.features, training_set.file.event_type.entities)
    told = measure_lime(best, lime, groups, training_set.matrix[split.validation], training_set.file.training.seed)
    return write_explainer(lime), {"method": "lime", **told}


def _draw_background(training_set: TrainingSet, split: Split) -> Matrix:
    draw = np.random.default_rng(training_set.file.training.seed).permutation(split.train)[:BACKGROUND_ROWS]
    background: Matrix = training_set.matrix[np.sort(draw)]
    return background
