"""A version around a model that no table covers: a neural network, trained elsewhere on what `tollgate features` wrote.

A test module takes these fixtures with `pytest_plugins = ("tests.brought_fixture",)`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet
import pytest
from skl2onnx import to_onnx

from tests import brought, trained
from tests.brought import FeatureTable, Fit, call, network
from tests.fixture_cache import cached_folder
from tests.trained import SAMPLE_DETECTOR, cached_versions

_SOURCES = (Path(__file__), Path(brought.__file__), Path(trained.__file__))


@pytest.fixture(scope="session")
def feature_table(sample_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> FeatureTable:
    def write(folder: Path) -> None:
        out = folder / "features.parquet"
        result = call("features", sample_csv, "--detector", SAMPLE_DETECTOR, "--out", out)
        assert result.exit_code == 0, result.output

    folder = cached_folder("features", write, tmp_path_factory.mktemp("features") / "table", _SOURCES)
    table = pa.parquet.read_table(folder / "features.parquet")
    assert table.column_names[:3] == ["event_id", "part", "label"]
    names = table.column_names[3:]
    matrix = np.column_stack([table[name].to_numpy() for name in names]).astype(np.float32)
    return FeatureTable(names, matrix, np.array(table["part"].to_pylist(), dtype=str), table["label"].to_numpy())


@pytest.fixture(scope="session")
def train_elsewhere(feature_table: FeatureTable, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """Fit a classifier to the training part with labels of one's own, and export it as scikit-learn's users do."""

    def fit(model: Any, labels: npt.NDArray[Any]) -> Path:  # noqa: ANN401 - any classifier
        learned = feature_table.parts == "train"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it stops before it converges
            fitted = model.fit(feature_table.matrix[learned], labels[learned])
            exported = to_onnx(fitted, feature_table.matrix[:1])
        path = tmp_path_factory.mktemp("brought") / "network.onnx"
        path.write_bytes(exported.SerializeToString())
        return path

    return fit


@pytest.fixture(scope="session")
def network_onnx(train_elsewhere: Fit, feature_table: FeatureTable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def train(folder: Path) -> None:
        train_elsewhere(network(), feature_table.labels).rename(folder / "network.onnx")

    return cached_folder("network", train, tmp_path_factory.mktemp("network") / "trained", _SOURCES) / "network.onnx"


@pytest.fixture(scope="session")
def brought_version(sample_csv: Path, network_onnx: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the version that `tollgate seal --model` made."""

    def seal(out: Path) -> None:
        result = call("seal", sample_csv, "--detector", SAMPLE_DETECTOR, "--model", network_onnx, "--out", out)
        assert result.exit_code == 0, result.output
        (folder,) = (out / "payments").iterdir()
        assert f"Sealed {folder.name} in {folder}" in result.stdout

    (folder,) = cached_versions("brought-version", seal, tmp_path_factory.mktemp("brought") / "sealed", *_SOURCES)
    return folder
