"""Explainer: exact Shapley values of a model's log-odds, which add up with the base to each event's log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Splits
from tollgate.core.explanations.tree_pairs import DeepPairs
from tollgate.core.explanations.tree_quadrature import DeepTrees
from tollgate.core.explanations.tree_tables import Tables
from tollgate.core.features.feature import Matrix

# A forest says 0 and 1 outright. Its log-odds is taken of shares raised by this much: a forest of a hundred trees
# cannot distinguish 0 from a thousandth, and no event gets an infinite margin, nor do two get the same one that differ.
FOREST_FLOOR = 1e-3
# As many rows as have answers that fit the processor's cache together.
_BLOCK_ROWS = 64


@dataclass(frozen=True)
class TreeReasons:
    """Trees that share their splits, and the tables or deep trees that give their contributions."""

    splits: Splits
    parts: tuple[Tables | DeepTrees | DeepPairs, ...]

    def contribute(self, features: Matrix, out: Floats) -> None:
        """Add to ``out``, shape (n, f), the contributions of n rows of features, shape (n, f)."""
        for begin in range(0, len(features), _BLOCK_ROWS):
            some = slice(begin, begin + _BLOCK_ROWS)
            answers = self.splits.answer(features[some])
            for part in self.parts:
                part.contribute(answers, out[some])


@dataclass(frozen=True)
class LinearReasons:
    """A weighted sum: each feature contributes its weight times its distance from ``usual``. All have shape (f,).

    ``stand_in`` is what a missing value counts as.
    """

    weights: Floats
    usual: Floats
    stand_in: Floats

    def contribute(self, features: Matrix, out: Floats) -> None:
        """Add to ``out``, shape (n, f), the contributions of n rows of features, shape (n, f)."""
        given = features.astype(np.float64)
        out += self.weights * (np.where(np.isnan(given), self.stand_in, given) - self.usual)


@dataclass(frozen=True)
class Contributions:
    """What each feature did for the log-odds of n events: ``values``, (n, f), count from ``base``."""

    values: Floats
    base: float

    @property
    def margins(self) -> Floats:
        """The log-odds that they add up to, shape (n,)."""
        margins: Floats = self.base + self.values.sum(axis=1)
        return margins


@dataclass(frozen=True)
class Explainer:
    """Explains a model whose output is ``base`` and the contributions of its parts, on f features.

    The output is a log-odds or, with ``of_shares``, the share of a forest's trees that say fraud. ``slope`` and
    ``intercept`` are the calibration, a line on the log-odds.
    """

    features: int
    parts: Sequence[TreeReasons | LinearReasons]
    base: float
    of_shares: bool
    slope: float = 1.0
    intercept: float = 0.0

    def explain(self, features: Matrix) -> Contributions:
        """Return the contributions of n rows of features, shape (n, f), float32, NaN where missing."""
        values = np.zeros((len(features), self.features))
        for part in self.parts:
            part.contribute(features, values)
        base = self.base
        if self.of_shares:
            values *= _slope_of_log_odds(base, base + values.sum(axis=1))[:, None]
            base = float(share_margin(np.array([base]))[0])
        return Contributions(values * self.slope, base * self.slope + self.intercept)


def share_margin(fraud: Floats) -> Floats:
    """Return the log-odds of shares of trees that say fraud, shape (n,): log((p + floor) / (1 − p + floor))."""
    margin: Floats = np.log(fraud + FOREST_FLOOR) - np.log(1 - fraud + FOREST_FLOOR)
    return margin


def _slope_of_log_odds(base: float, fraud: Floats) -> Floats:
    """Return the slope of the line from the log-odds of ``base`` to those of ``fraud``, shape (n,).

    Contributions to a share, times this, add up in log-odds: their proportions and signs stay, as the slope is above 0.
    Where the two are next to each other it is the derivative.
    """
    apart = fraud - base
    near = np.abs(apart) < 1e-9
    middle = (fraud + base) / 2
    derivative = 1 / (middle + FOREST_FLOOR) + 1 / (1 - middle + FOREST_FLOOR)
    climbed = share_margin(fraud) - share_margin(np.array([base]))
    slope: Floats = np.where(near, derivative, climbed / np.where(near, 1.0, apart))
    return slope
