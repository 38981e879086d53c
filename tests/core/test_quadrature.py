from __future__ import annotations

import numpy as np
import pytest
from tollgate.core.explanations.tree_quadrature import gauss_legendre


@pytest.mark.parametrize("points", [1, 2, 3, 7, 16, 40])
def test_is_numpys_rule_moved_to_0_and_1(points: int) -> None:
    wanted, weights = np.polynomial.legendre.leggauss(points)
    at, weighed = gauss_legendre(points)
    assert np.abs(at - (wanted + 1) / 2).max() <= 1e-14
    assert np.abs(weighed - weights / 2).max() <= 1e-14
