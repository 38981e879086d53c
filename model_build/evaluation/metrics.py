"""Metrics and curves of fraud probabilities: AUC, average precision, recall, card precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.events.event import Floats, Ints

from model_build.models.registry import Labels

_DAY_US = 86_400_000_000
_CURVE_POINTS = 300
THRESHOLD_STEP = 5
HISTOGRAM_STEP = 50


@dataclass(frozen=True)
class Metrics:
    """Metrics of a model, all between 0 and 1. ``card_precision`` is None where the event type has no entity."""

    auc: float
    average_precision: float
    recall_at_1pct_fpr: float
    card_precision: float | None


def measure(labels: Labels, probabilities: Floats, times_us: Ints, cards: Ints | None, reviews_per_day: int) -> Metrics:
    """Return the metrics of n events; ``cards`` are codes of the first entity, -1 where missing. Shapes (n,)."""
    false_positive_rate, recall, _ = roc_curve(labels, probabilities)
    return Metrics(
        auc=float(roc_auc_score(labels, probabilities)),
        average_precision=float(average_precision_score(labels, probabilities)),
        recall_at_1pct_fpr=float(np.interp(0.01, false_positive_rate, recall)),
        card_precision=None
        if cards is None
        else card_precision(labels, probabilities, times_us, cards, reviews_per_day),
    )


def card_precision(labels: Labels, probabilities: Floats, times_us: Ints, cards: Ints, reviews_per_day: int) -> float:
    """Return the share of frauds among the cards reviewed each day, averaged over the days.

    Each day the ``reviews_per_day`` cards with the day's highest probability are reviewed; a card that was found is not
    reviewed again (Fraud Detection Handbook, chapter 4.3). A day with fewer cards reviews them all.
    """
    days = times_us // _DAY_US
    found: set[int] = set()
    precisions = []
    for day in np.unique(days).tolist():
        rows = np.flatnonzero((days == day) & (cards >= 0))
        rows = rows[~np.isin(cards[rows], list(found))] if found else rows
        if not len(rows):
            continue
        codes, place = np.unique(cards[rows], return_inverse=True)
        highest = np.zeros(len(codes))
        np.maximum.at(highest, place, probabilities[rows])
        defrauded = np.zeros(len(codes), dtype=bool)
        np.logical_or.at(defrauded, place, labels[rows] == 1)
        reviewed = np.argsort(-highest, kind="stable")[:reviews_per_day]
        precisions.append(float(defrauded[reviewed].sum()) / len(reviewed))
        found.update(codes[reviewed[defrauded[reviewed]]].tolist())
    return float(np.mean(precisions)) if precisions else 0.0


def draw_curves(labels: Labels, probabilities: Floats) -> dict[str, list[list[float]]]:
    """Return the ROC curve (false positive rate, recall) and the precision-recall curve (recall, precision)."""
    false_positive_rate, true_positive_rate, _ = roc_curve(labels, probabilities)
    precision, recall, _ = precision_recall_curve(labels, probabilities)
    return {
        "roc": _thin(false_positive_rate, true_positive_rate),
        "precision_recall": _thin(recall[::-1], precision[::-1]),
    }


def _thin(x: Floats, y: Floats) -> list[list[float]]:
    """Keep a few hundred points, evenly spaced along the drawn line rather than along the events."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0, length[-1], _CURVE_POINTS)
    kept = np.unique(np.minimum(np.searchsorted(length, wanted), len(x) - 1))
    return np.round(np.column_stack([x[kept], y[kept]]), 5).tolist()  # type: ignore[no-any-return]


def sweep_thresholds(labels: Labels, scores: Ints, amounts: Floats | None) -> list[dict[str, Any]]:
    """Return, for every fifth score from 0 to 1000, the confusion matrix of flagging events at or above it.

    With amounts, also the money of frauds caught and missed, and of legitimate events flagged.
    """
    money = np.nan_to_num(amounts) if amounts is not None else None
    fraud = labels == 1
    table = []
    for score in range(0, TOP_SCORE + 1, THRESHOLD_STEP):
        flagged = scores >= score
        row: dict[str, Any] = {
            "score": score,
            "true_positives": int((flagged & fraud).sum()),
            "false_positives": int((flagged & ~fraud).sum()),
            "false_negatives": int((~flagged & fraud).sum()),
            "true_negatives": int((~flagged & ~fraud).sum()),
            "caught_amount": None,
            "missed_amount": None,
            "false_alarm_amount": None,
        }
        if money is not None:
            row["caught_amount"] = round(float(money[flagged & fraud].sum()), 2)
            row["missed_amount"] = round(float(money[~flagged & fraud].sum()), 2)
            row["false_alarm_amount"] = round(float(money[flagged & ~fraud].sum()), 2)
        table.append(row)
    return table


def count_scores(labels: Labels, scores: Ints) -> dict[str, list[int]]:
    """Return how many legitimate events and frauds fall into each fifty points of score."""
    edges = np.arange(0, TOP_SCORE + 1, HISTOGRAM_STEP)
    return {
        "edges": edges.tolist(),
        "legitimate": np.histogram(scores[labels == 0], edges)[0].tolist(),
        "fraud": np.histogram(scores[labels == 1], edges)[0].tolist(),
    }
