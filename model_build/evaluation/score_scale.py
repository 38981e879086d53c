"""Check of the score scale: observed against promised false positive rates."""

from __future__ import annotations

from typing import Any

from scipy.special import betaincinv
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES
from tollgate.core.events.event import Ints

CONFIDENCE = 0.95


def share_interval(count: int, n: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a share that was observed as ``count`` of ``n`` events, n ≥ 1.

    Exact: Clopper, Pearson: "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 1934. It assumes that events are independent; those of one customer are not, so the true share may
    be a little outside.
    """
    # Quantiles of beta distributions. scipy.stats has them ready-made, but is slow to load for whoever only publishes.
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return low, high


def check_scale(scores_of_legitimate: Ints) -> list[dict[str, Any]]:
    """Compare the scores of legitimate events, shape (n,), n ≥ 1, with the table of false positive rates.

    Each row, one for every fixed point of the scale above 0, has ``score``; ``wanted``, the share that the table
    promises at or above it; ``events`` there of ``n``; ``observed``, their share; ``low`` and ``high``, its 95%
    confidence interval; and ``inside``, whether the wanted share lies in it.

    On the part that the scale was fitted to, no observed share is above the wanted one, and lies below it only as far
    as equal probabilities stand together. On a later part, a wanted share outside says that this version's scores mean
    something else there: because payments changed, or because the fitted part was small.
    """
    n = len(scores_of_legitimate)
    rows = []
    for score, wanted in FALSE_POSITIVE_RATES[1:]:
        count = int((scores_of_legitimate >= score).sum())
        low, high = share_interval(count, n)
        rows.append(
            {
                "score": score,
                "wanted": wanted,
                "observed": round(count / n, 6),
                "events": count,
                "n": n,
                "low": round(low, 6),
                "high": round(high, 6),
                "inside": low <= wanted <= high,
            }
        )
    return rows
