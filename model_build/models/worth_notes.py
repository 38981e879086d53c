"""Warnings about a model that is no better than chance, or costs more than approving everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from model_build.models.registry import Labels

_HALF_WIDTH = 1.96


def note_model_worth(auc: float, labels: Labels, money: Mapping[str, Any] | None, *, from_cost: bool) -> Iterator[str]:
    """Yield a sentence each where the sealed model or thresholds do not help on the test part.

    ``labels`` are those of the test part, ``auc`` is the model's there; ``money`` is what `report_money` returns.
    ``from_cost`` says that the thresholds are those that cost least on the validation part.
    """
    frauds = int((labels == 1).sum())
    low, high = auc_interval(auc, frauds, len(labels) - frauds)
    if low <= 0.5:
        yield (
            f"The sealed model may be no better than chance: on the test part, with {frauds:,} "
            f"{'fraud' if frauds == 1 else 'frauds'}, its AUC is {auc:.3f} (95% interval {low:.2f} to {high:.2f}; 0.5 "
            "is chance). Do not publish it; train with more events, or with columns that separate frauds better."
        )
    sealed = (money or {}).get("sealed") or {}
    dearer = {part: -held["saved"] for part, held in sealed.items() if held and held["saved"] < 0}
    if dearer:
        spent = " and ".join(f"{cost:,.2f} a day on the {part} part" for part, cost in dearer.items())
        remedy = "test on later data before publishing" if from_cost else 'set review = "cost" and block = "cost"'
        where = "" if from_cost else " in [outcomes], or raise the scores"
        yield f"The sealed thresholds cost more than approving everything: {spent}; {remedy}{where}."


def auc_interval(auc: float, frauds: int, legitimate: int) -> tuple[float, float]:
    """Return the 95% confidence interval of an AUC that so many frauds and legitimate events gave.

    Hanley, McNeil: "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology
    1982. It takes the events for independent.
    """
    # At 0 and 1 the formula knows no variance, however few events there are.
    held = min(max(auc, 0.5 / (frauds * legitimate)), 1 - 0.5 / (frauds * legitimate))
    two_frauds, two_legitimate = held / (2 - held), 2 * held**2 / (1 + held)
    spread = held * (1 - held) + (frauds - 1) * (two_frauds - held**2) + (legitimate - 1) * (two_legitimate - held**2)
    half = _HALF_WIDTH * float(np.sqrt(max(spread, 0.0) / (frauds * legitimate)))
    return max(auc - half, 0.0), min(auc + half, 1.0)
