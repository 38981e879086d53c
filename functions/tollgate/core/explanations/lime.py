"""LIME: approximate reasons for a black-box model, of which only the answers are known.

LIME (Ribeiro, Singh, Guestrin: "Why should I trust you?", KDD 2016), over groups of features: keep some groups of the
event, take the others from a background event, ask the model, and fit a weighted line to its log-odds. A group's
contribution is its slope. The line is only near the model, so contributions do not add up exactly; how far two halves
of the sample agree is the stability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats
from tollgate.core.explanations.groups import Group
from tollgate.core.explanations.splits import Bools, Places
from tollgate.core.features.feature import Matrix

_SAMPLES = 1000
# An event with this share of its groups replaced counts e times less than the event itself.
_WIDTH = 0.5
_RIDGE = 1e-3


@dataclass(frozen=True)
class Approximation:
    """Contributions of g groups, (g,), to the log-odds of one event, from ``base``; ``stability`` is from 0 to 1."""

    values: Floats
    base: float
    stability: float


@dataclass(frozen=True)
class Lime:
    """Explains any model by asking it; ``background``, (b, f), are events to take other values from."""

    background: Matrix

    def explain(self, predict: Callable[[Matrix], Floats], row: Matrix, groups: Sequence[Group]) -> Approximation:
        """Return what each group did for the log-odds of one event, features (f,).

        ``predict`` gives probabilities (n,) for features (n, f). The same event always gets the same answer.
        """
        kept = _draw_kept(len(groups))
        asked = self.background[_draw_below(len(self.background), _draw(_SAMPLES, seed=0))]
        for number, group in enumerate(groups):
            places = np.array(group.places)
            asked[np.ix_(kept[:, number], places)] = row[places]
        probabilities = np.clip(predict(asked), 1e-7, 1 - 1e-7)
        log_odds = np.log(probabilities) - np.log1p(-probabilities)
        line = _fit_line(kept, log_odds)
        halves = [_fit_line(kept[part::2], log_odds[part::2])[1:] for part in (0, 1)]
        return Approximation(line[1:], float(line[0]), _agreement(*halves))


def _draw(number: int, seed: int) -> Floats:
    """Return numbers from 0 to 1, shape (number,), always the same for a seed: SplitMix64 (Steele, Lea, Flood, 2014).

    NumPy's own generators are in a part that is not packaged for Lambda.
    """
    state = (np.arange(1, number + 1, dtype=np.uint64) + np.uint64(seed << 32)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    drawn: Floats = ((state ^ (state >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return drawn


def _draw_below(end: int, drawn: Floats) -> Places:
    return (drawn * end).astype(np.int64)


def _draw_kept(groups: int) -> Bools:
    """Return which groups each sampled event keeps, shape (samples, groups): any number of them, each as likely."""
    counts = _draw_below(groups + 1, _draw(_SAMPLES, seed=1))
    ranks = _draw(_SAMPLES * groups, seed=2).reshape(_SAMPLES, groups).argsort(axis=1).argsort(axis=1)
    kept: Bools = ranks < counts[:, None]
    kept[:2] = True
    return kept


def _fit_line(kept: Bools, log_odds: Floats) -> Floats:
    """Return intercept and slopes, shape (g + 1,), of the weighted ridge regression of log-odds (n,) on kept (n, g)."""
    replaced = 1 - kept.mean(axis=1)
    weights = np.exp(-((replaced / _WIDTH) ** 2))
    design = np.column_stack([np.ones(len(kept)), kept.astype(np.float64)])
    weighted = design * weights[:, None]
    ridge = _RIDGE * len(kept) / design.shape[1] * np.eye(design.shape[1])
    ridge[0, 0] = 0.0
    return np.linalg.solve(design.T @ weighted + ridge, weighted.T @ log_odds)


def _agreement(one: Floats, other: Floats) -> float:
    """Return the correlation of two sets of slopes, 0 where there is none."""
    spread = float(one.std() * other.std())
    if spread == 0.0:
        return 1.0 if np.array_equal(one, other) else 0.0
    return max(0.0, float(((one - one.mean()) * (other - other.mean())).mean()) / spread)
