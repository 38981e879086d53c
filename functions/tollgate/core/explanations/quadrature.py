"""Gauss–Legendre quadrature on 0 to 1. NumPy has it in a part that is not packaged for Lambda."""

from __future__ import annotations

import numpy as np

from tollgate.core.events.event import Floats


def gauss_legendre(points: int) -> tuple[Floats, Floats]:
    """Return the points and weights, shape (points,) each, of the rule that is exact up to degree 2 · points − 1.

    Golub, Welsch: "Calculation of Gauss quadrature rules", 1969: the points are the eigenvalues of a tridiagonal
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
