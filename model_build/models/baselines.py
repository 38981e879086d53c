"""Baselines that a model has to beat: the amount alone, and a few rules that an analyst would write."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from tollgate.core.events.event import Floats
from tollgate.core.history.unusual_amounts import is_unusual

from model_build.data.training_set import TrainingSet
from model_build.evaluation.prequential import Fold, Scorer

# A known fraud counts half of itself after a half-life: "one in about the last fortnight" over a half-life of a week.
_LATELY = 0.25
_WEEK_S = 604_800.0
_FAST = 5.0


def score_by_amount(training_set: TrainingSet, fold: Fold) -> Floats:
    """Return the amounts of the test rows, shape (n,)."""
    amounts = training_set.data.events.amounts
    return np.zeros(len(fold.test)) if amounts is None else np.nan_to_num(amounts[fold.test], nan=-np.inf)


def score_by_rules(training_set: TrainingSet, fold: Fold) -> Floats:
    """Return how many rules hold for the test rows, shape (n,).

    The amount is unusually large; frauds of an entity became known lately; payments of an entity come five times as
    fast as usual.
    """
    score = is_unusual(training_set.excess[fold.test])
    nearest_s = min(training_set.plan.half_lives_s, key=lambda half_life_s: abs(half_life_s - _WEEK_S))
    half_life = training_set.plan.half_lives_s.index(nearest_s)
    for place, feature in enumerate(training_set.features):
        column = training_set.matrix[fold.test, place]
        if feature.operation == "fraud_count" and feature.half_life == half_life:
            score += column >= _LATELY
        if feature.operation == "pace" and feature.half_life == 0:
            score += column >= _FAST
    return score


BASELINES: Mapping[str, Scorer] = {"Amount alone": score_by_amount, "Rules alone": score_by_rules}
