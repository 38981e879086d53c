"""Score scale: an integer from 0 to 1000 that says how rare a probability is among legitimate events.

A score keeps its meaning after a retraining: about 2% of legitimate events score 900 or higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats, Ints

TOP_SCORE = 1000
# Score → share of legitimate events that score that high or higher, as Amazon Fraud Detector's scale has it.
# The ends are ours: every event scores at least 0, and 1 in 10,000 legitimate ones reaches 1000.
FALSE_POSITIVE_RATES: tuple[tuple[int, float], ...] = (
    (0, 1.0),
    (600, 0.10),
    (700, 0.07),
    (775, 0.05),
    (860, 0.03),
    (900, 0.02),
    (950, 0.01),
    (975, 0.005),
    (1000, 0.0001),
)


def false_positive_rates() -> Floats:
    """Return the share of legitimate events at or above each score 0 to 1000, shape (1001,).

    Between the fixed points the logarithm of the share falls linearly.
    """
    scores, rates = zip(*FALSE_POSITIVE_RATES, strict=True)
    return np.exp(np.interp(np.arange(TOP_SCORE + 1), scores, np.log(rates)))


@dataclass(frozen=True)
class ScoreScale:
    """The least probability for each score 1 to 1000: ``thresholds`` has shape (1000,) and never falls."""

    thresholds: Floats

    def score(self, probabilities: Floats) -> Ints:
        """Return the scores of probabilities of fraud, shape (n,)."""
        return np.searchsorted(self.thresholds, probabilities, side="right").astype(np.int64)

    def to_json(self) -> list[float]:
        """Return the thresholds as the manifest holds them."""
        thresholds: list[float] = self.thresholds.tolist()
        return thresholds

    @classmethod
    def from_json(cls, thresholds: Sequence[float]) -> ScoreScale:
        """Rebuild what `to_json` wrote."""
        return cls(np.array(thresholds, dtype=np.float64))


def fit_score_scale(legitimate: Floats) -> ScoreScale:
    """Fit the scale to the probabilities that held-out legitimate events got, shape (n,), n ≥ 1.

    The threshold of a score is the least probability that no larger share of them reaches than the score allows; events
    with equal probability stand together. Beyond the highest one seen, the log-odds rise evenly to those of 1.
    """
    seen, first = np.unique(np.sort(legitimate), return_index=True)
    at_or_above = 1.0 - first / len(legitimate)
    allowed = false_positive_rates()[1:]
    # at_or_above falls along `seen`: the first place that is allowed is the least probability.
    place = len(seen) - np.searchsorted(at_or_above[::-1], allowed, side="right")
    beyond = place == len(seen)
    thresholds = seen[np.minimum(place, len(seen) - 1)].astype(np.float64)
    if beyond.any():
        odds = np.log(np.clip(seen[-1], 1e-9, 1 - 1e-9) / (1 - np.clip(seen[-1], 1e-9, 1 - 1e-9)))
        steps = odds + (np.log((1 - 1e-9) / 1e-9) - odds) * np.arange(1, beyond.sum() + 1) / beyond.sum()
        thresholds[beyond] = np.maximum(1 / (1 + np.exp(-steps)), np.nextafter(seen[-1], 2.0))
    return ScoreScale(np.maximum.accumulate(thresholds))
