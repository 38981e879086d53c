"""Shapley values of single leaves, exact for every pattern of the conditions that an event meets.

A leaf under m conditions on distinct features plays the game v(S) = g(S) if the event meets all conditions in S, else
0: g(S) is the share of the reference that meets all conditions outside S. Path-dependent, the reference is the cover
of the tree: g(S) = ∏ over i ∉ S of the share of cover that goes the leaf's way (Lundberg et al.: "From local
explanations to global understanding with explainable AI for trees", Nature Machine Intelligence, 2020). Against a
background sample, it is the share of its rows that meet them, the interventional values of the same paper.

With Shapley's weights w, the value of feature i for an event that meets the conditions X is a sum over subsets of X:
φ_i(X) = Σ over S ⊆ X of a_i(S), where a_i(S) = w(|S| − 1) g(S) for i ∈ S and −w(|S|) g(S) otherwise. Sums over all
subsets, for all X at once, take m passes.
"""

from __future__ import annotations

from math import factorial

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Places


def cover_games(shares: Floats) -> Floats:
    """Return g of each leaf for every S, shape (l, 2^m); ``shares``, (l, m), is what goes each condition's way."""
    leaves, m = shares.shape
    games = np.ones((leaves, 1 << m))
    for condition in range(m):
        outside = (np.arange(1 << m) >> condition) & 1 == 0
        games[:, outside] *= shares[:, condition, None]
    return games


def background_games(met: Places, m: int) -> Floats:
    """Return g of each leaf for every S, shape (l, 2^m).

    ``met``, shape (l, b), has for each of b background rows the set of conditions that it meets, as bits.
    """
    leaves, rows = met.shape
    place = met + (np.arange(leaves) << m)[:, None]
    counts = np.bincount(place.ravel(), minlength=leaves << m).reshape(leaves, 1 << m) / rows
    for condition in range(m):
        halves = counts.reshape(leaves, -1, 2, 1 << condition)
        halves[:, :, 0] += halves[:, :, 1]
    # A row serves S if it meets everything outside S.
    games: Floats = counts[:, ::-1]
    return games


def shapley_values(games: Floats) -> Floats:
    """Return the values of each leaf's conditions for every set X of conditions met, shape (l, 2^m, m)."""
    leaves, patterns = games.shape
    m = patterns.bit_length() - 1
    size = np.array([int(pattern).bit_count() for pattern in range(patterns)])
    inside = (np.arange(patterns)[:, None] >> np.arange(m)) & 1 == 1
    weights = np.array([factorial(s) * factorial(m - s - 1) / factorial(m) for s in range(m)] + [0.0])
    terms: npt.NDArray[np.float64] = np.where(inside, weights[size - 1][:, None], -weights[size][:, None])
    values: Floats = games[:, :, None] * terms
    for condition in range(m):
        halves = values.reshape(leaves, -1, 2, 1 << condition, m)
        halves[:, :, 1] += halves[:, :, 0]
    return values
