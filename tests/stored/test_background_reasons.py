"""Archives of reasons against a background sample, as versions were sealed with until November 2026, open and explain.

`background_reasons/` holds one for a forest (tables, and deep trees in pairs), for boosted trees and for a regression,
and in `expected.npz` what the code that wrote them said of some events. Nothing writes such archives any more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tollgate.core.explanations.archive import read_explainer
from tollgate.core.explanations.explainer import Explainer, TreeReasons
from tollgate.core.explanations.tree_pairs import DeepPairs

FOLDER = Path(__file__).parent / "background_reasons"


@pytest.mark.parametrize("kind", ["forest", "boosted", "linear"])
def test_reasons_against_a_background_are_told_as_they_were(kind: str) -> None:
    with np.load(FOLDER / "expected.npz") as expected:
        rows, values, base = expected["rows"], expected[f"{kind}.values"], float(expected[f"{kind}.base"])
    explainer = read_explainer((FOLDER / f"{kind}.npz").read_bytes())
    assert isinstance(explainer, Explainer)
    found = explainer.explain(rows)
    assert found.base == base
    assert np.abs(found.values - values).max() <= 1e-12
    assert np.isnan(rows).any()
    inner = [part for trees in explainer.parts if isinstance(trees, TreeReasons) for part in trees.parts]
    assert (kind == "forest") == any(isinstance(part, DeepPairs) for part in inner)
