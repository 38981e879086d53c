"""What tests with a model that was trained elsewhere share. The fixtures are in `brought_fixture.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from click.testing import CliRunner, Result
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tollgate.core.features.feature import Matrix

from model_build.cli.main import main

Fit = Callable[[Any, npt.NDArray[Any]], Path]


@dataclass(frozen=True)
class FeatureTable:
    """What `tollgate features` wrote: f names, features (n, f), parts and labels (n,)."""

    names: list[str]
    matrix: Matrix
    parts: npt.NDArray[np.str_]
    labels: npt.NDArray[np.int8]


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def network() -> Any:  # noqa: ANN401 - a pipeline
    layers = MLPClassifier((16,), max_iter=15, random_state=0)
    return make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), layers)
