"""Calibration of probabilities, and its measurement.

Weights and samplers teach a model that fraud is more common than it is. One correction serves all of them: Platt's
sigmoid, p = 1 / (1 + exp(−(slope · margin + intercept))), fitted on later events that no sampler touched (Platt:
"Probabilistic outputs for support vector machines", 1999).

The exact correction of the prior (Dal Pozzolo, Caelen, Johnson, Bontempi: "Calibrating probability with undersampling
for unbalanced classification", 2015), p' = βp / (βp − p + 1), is the special case of slope 1 and intercept log β. It
holds for undersampling alone, and only for a model that was right about the sample. SMOTE invents events and so
changes more than the prior, weights meet regularization, and a forest pulls toward the middle: these need the slope
too. Later events also carry the share of frauds of their own time. So both numbers are fitted rather than derived.

A model that learned from all events as they are can be far off as well. Boosted trees recognize nearly every fraud that
they learned from, and so they expect too few frauds later: on the sample payments, a quarter to a third of those that
occur. Without a strategy, the line is kept if it helps on events that it was not fitted on.

Both corrections keep the order of events, so average precision and every other measure of ranking stay what they were.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from tollgate.core.events.event import Floats
from tollgate.errors import TrainingDataError

# A flatter sigmoid would say the same of all events, and a falling one turn their order around.
_MIN_SLOPE = 0.01


@dataclass(frozen=True)
class Calibration:
    """Calibration of probabilities by a line on the log-odds, whose ``slope`` is above 0."""

    slope: float
    intercept: float

    def apply(self, margins: Floats) -> Floats:
        """Return probabilities for log-odds, both of shape (n,)."""
        probabilities: Floats = expit(self.slope * margins + self.intercept)
        return probabilities


@dataclass(frozen=True)
class ReliabilityBin:
    """Events of similar probability: the mean prediction, the share of frauds, and the number of events."""

    mean_predicted: float
    observed_share: float
    count: int


def fit_calibration(margins: Floats, labels: npt.NDArray[np.int8]) -> Calibration:
    """Fit slope and intercept by maximum likelihood to log-odds (n,) and labels (n,), 1 for fraud and 0 otherwise.

    With Platt's targets, (frauds + 1) / (frauds + 2) and 1 / (legitimate + 2), few events do not drive it to certainty.
    Where the log-odds do not rise with fraud at all, the slope stays 1 and the intercept alone sets the mean right.
    Raises `TrainingDataError` where one of the two kinds is missing.
    """
    fraud = labels == 1
    frauds, legitimate = int(fraud.sum()), int((~fraud).sum())
    if not frauds or not legitimate:
        raise TrainingDataError(
            f"Cannot calibrate probabilities on {frauds} frauds and {legitimate} legitimate events: both kinds are "
            "needed. Use more events or a larger validation_share."
        )
    targets = np.where(fraud, (frauds + 1) / (frauds + 2), 1 / (legitimate + 2))
    center, deviation = float(margins.mean()), float(margins.std())
    if deviation > 0:
        slope, intercept = _fit_line((margins - center) / deviation, targets)
        if slope / deviation >= _MIN_SLOPE:
            return Calibration(slope / deviation, intercept - slope * center / deviation)
    return Calibration(1.0, _fit_intercept(margins, float(targets.mean())))


def fit_if_better(margins: Floats, labels: npt.NDArray[np.int8]) -> Calibration | None:
    """Return what `fit_calibration` does if it lowers the log loss of events that it was not fitted on, else None.

    The log-odds (n,) and labels (n,) are of events in order of time. They are cut in two where half of the frauds have
    come; each half judges the line that was fitted on the other. None also where there are too few events for that.
    """
    frauds = np.flatnonzero(labels == 1)
    if len(frauds) < 2:
        return None
    cut = int(frauds[len(frauds) // 2])
    halves = (slice(0, cut), slice(cut, len(labels)))
    if any(bool((labels[half] == 1).all()) for half in halves):
        return None
    before = after = 0.0
    for learned, judged in (halves, halves[::-1]):
        line = fit_calibration(margins[learned], labels[learned])
        before += _log_loss(margins[judged], labels[judged])
        after += _log_loss(line.slope * margins[judged] + line.intercept, labels[judged])
    return fit_calibration(margins, labels) if after < before else None


def _log_loss(margins: Floats, labels: npt.NDArray[np.int8]) -> float:
    """Return the sum of −log p of what happened, for log-odds and labels of shape (n,)."""
    return float(np.logaddexp(0.0, np.where(labels == 1, -margins, margins)).sum())


def _fit_line(margins: Floats, targets: Floats) -> tuple[float, float]:
    # The library takes no targets between 0 and 1: each event counts as both kinds, by its share of either.
    regression = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9, max_iter=1000).fit(
        np.concatenate([margins, margins])[:, None],
        np.repeat([1, 0], len(margins)),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    return float(regression.coef_[0, 0]), float(regression.intercept_[0])


def _fit_intercept(margins: Floats, mean: float) -> float:
    wanted = float(logit(mean))
    low, high = wanted - float(np.max(margins)), wanted - float(np.min(margins))
    if high - low < 1e-9:
        return low
    return float(brentq(lambda intercept: float(expit(margins + intercept).mean()) - mean, low, high))


def brier_score(labels: npt.NDArray[np.int8], probabilities: Floats) -> float:
    """Return the mean squared distance of probability (n,) and label (n,): 0 is perfect (Brier, 1950)."""
    return float(brier_score_loss(labels, probabilities, pos_label=1))


def reliability_curve(
    labels: npt.NDArray[np.int8], probabilities: Floats, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Compare predicted with observed shares of fraud in up to ``bins`` bins of equally many events, lowest first.

    Events of equal probability stay together, so that there are fewer bins where many are equal.
    """
    edges = np.unique(np.quantile(probabilities, np.linspace(0, 1, bins + 1)[1:-1]))
    # Numbered anew, so that no bin is empty.
    _, places = np.unique(np.searchsorted(edges, probabilities, side="left"), return_inverse=True)
    counts = np.bincount(places)
    predicted, observed = np.bincount(places, probabilities), np.bincount(places, labels == 1)
    return tuple(
        ReliabilityBin(float(mean), float(share), int(count))
        for mean, share, count in zip(predicted / counts, observed / counts, counts, strict=True)
    )


def describe_calibration(labels: npt.NDArray[np.int8], probabilities: Floats) -> dict[str, Any]:
    """Return Brier score, mean probability, share of frauds and reliability as JSON for a version's evaluation."""
    return {
        "brier": brier_score(labels, probabilities),
        "mean_predicted": float(probabilities.mean()),
        "observed_share": float((labels == 1).mean()),
        "reliability": [asdict(one) for one in reliability_curve(labels, probabilities)],
    }
