"""Path-dependent contributions of deep trees, for which tables would be too large: exact, by quadrature.

A leaf of value w whose way has conditions on m distinct features gives each of them, with o_i = 1 if the event meets
the condition and z_i the share of cover that goes its way (Owen: "Multilinear extensions of games", 1972),

    φ_i = w (o_i − z_i) ∫₀¹ ∏ over j ≠ i of (z_j + t (o_j − z_j)) dt.

The integrand is a polynomial of degree m − 1, so Gauss and Legendre's rule with ⌈m / 2⌉ points is exact. The products
are shared on the way down a tree and the sums on the way up, as in Yu, Xu, Zhang, Wang, Yu: "Linear TreeShap", 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class DeepTrees:
    """m nodes level by level from the roots: ``ends`` says where each level ends, and siblings are neighbors.

    Of each node, shape (m,): ``split``, its parent's split; ``wanted``, the answer that leads to it; ``before``, the
    next higher node on its way whose parent asks about the same ``feature``, or m if there is none; ``share`` of the
    cover that goes its way in all splits on that feature so far; ``value`` of a leaf, else 0. ``inner`` names the
    nodes that have children, in the order of these. ``points`` is how many points the quadrature has.
    """

    ends: Places
    split: Places
    wanted: Bools
    before: Places
    share: Floats
    value: Floats
    feature: Places
    inner: Places
    points: int

    def contribute(self, answers: Bools, out: Floats) -> None:
        """Add to ``out``, shape (n, f), the contributions of n rows of answers, shape (n, s + 1)."""
        for row, given in enumerate(answers):
            out[row] += self._contribute_one(given, out.shape[1])

    def _contribute_one(self, given: Bools, features: int) -> Floats:
        met = self._meet(given)
        state = met[:-1].astype(np.int64) + met[self.before] + 3 * np.arange(len(self.split))
        product = self._growths.take(state, axis=0)
        for begin, end, parents in self._families:
            product[begin:end] *= product[parents].repeat(2, axis=0)
        below = np.multiply(product, self._values, out=product)
        for begin, end, parents in reversed(self._families):
            below[parents] = below[begin:end:2] + below[begin + 1 : end : 2]
        due = np.einsum("mk,mk->m", below, self._pulls.take(state, axis=0))
        return np.bincount(self.feature, due, minlength=features).astype(np.float64)

    def _meet(self, given: Bools) -> Bools:
        """Return whether the row meets all that the way to each node asks of its feature, shape (m + 1,)."""
        met = np.append(given[self.split] == self.wanted, True)
        for begin, end, _ in self._families:
            met[begin:end] &= met[self.before[begin:end]]
        return met

    @property
    def base(self) -> float:
        """The average answer of the trees over their cover: each leaf by the shares of all features on its way."""
        way = np.append(self.share, 1.0) / np.append(self.share, 1.0)[np.append(self.before, len(self.share))]
        for begin, end, parents in self._families:
            way[begin:end] *= way[parents].repeat(2)
        return float(way[:-1] @ self.value)

    @cached_property
    def _values(self) -> Singles:
        return self.value.astype(np.float32)[:, None]

    @cached_property
    def _families(self) -> list[tuple[int, int, Places]]:
        """Of each level below the roots: where it begins and ends, and the parents of its pairs."""
        families, used = [], 0
        for begin, end in pairwise(self.ends.tolist()):
            families.append((begin, end, self.inner[used : used + (end - begin) // 2]))
            used += (end - begin) // 2
        return families

    @cached_property
    def _growths(self) -> Singles:
        """What the product at each point is multiplied by on the way into a node, shape (3 m, points).

        Three rows a node: it and the node before are not met, only the one before is, or both are.
        """
        t, _ = self._quadrature
        share, before = self.share[:, None], np.append(self.share, 1.0)[self.before, None]
        met_before = before + t * (1 - before)
        unmet = np.broadcast_to(share / before, met_before.shape)
        growths = np.stack([unmet, (1 - t) * share / met_before, (share + t * (1 - share)) / met_before], axis=1)
        growths[: self.ends[0]] = 1.0
        return growths.reshape(-1, self.points).astype(np.float32)

    @cached_property
    def _pulls(self) -> Singles:
        """The weighted (o − z) / factor of each node less that of the one before, which no longer counts below it.

        Shape (3 m, points), rows as in `_growths`.
        """
        t, weights = self._quadrature
        share, before = self.share[:, None], np.append(self.share, 1.0)[self.before, None]
        pull_before = (1 - before) / (before + t * (1 - before))
        pull = (1 - share) / (share + t * (1 - share)) - pull_before
        pulls = np.stack([np.zeros_like(pull), -1 / (1 - t) - pull_before, pull], axis=1) * weights
        pulls[: self.ends[0]] = 0.0
        return pulls.reshape(-1, self.points).astype(np.float32)

    @property
    def _quadrature(self) -> tuple[Floats, Floats]:
        return gauss_legendre(self.points)


def gauss_legendre(points: int) -> tuple[Floats, Floats]:
    """Return the points and weights, shape (points,) each, of the rule that is exact up to degree 2 · points − 1.

    On 0 to 1; NumPy has it in a part that is not packaged for Lambda. Golub, Welsch: "Calculation of Gauss quadrature
    rules", 1969: the points are the eigenvalues of a tridiagonal
    matrix. One step of Newton's method takes off the rounding.
    """
    order = np.arange(1, points)
    beside = np.diag(order / np.sqrt(4.0 * order**2 - 1), 1)
    at = np.linalg.eigvalsh(beside + beside.T)
    value, slope = _legendre(points, at)
    at = at - value / slope
    _, slope = _legendre(points, at)
    weights = 2 / ((1 - at**2) * slope**2)
    return (at + 1) / 2, weights / 2


def _legendre(degree: int, at: Floats) -> tuple[Floats, Floats]:
    """Return the Legendre polynomial of a degree and its derivative, both shape (n,), within -1 and 1."""
    before, value = np.zeros_like(at), np.ones_like(at)
    for k in range(degree):
        before, value = value, ((2 * k + 1) * at * value - k * before) / (k + 1)
    return value, degree * (before - at * value) / (1 - at**2)
