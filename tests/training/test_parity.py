from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from tollgate.core.features.feature import Matrix
from tollgate.errors import ParityError

from model_build.models.registry import TrainedModel, train_model
from model_build.onnx_export.parity import MAX_DIFFERENCE, check_parity

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def features() -> Matrix:
    return np.random.default_rng(0).standard_normal((4000, 5)).astype(np.float32)


@pytest.fixture(scope="module", params=["xgboost", "lightgbm", "random_forest", "logistic_regression"])
def fitted(request: pytest.FixtureRequest, features: Matrix) -> TrainedModel:
    return train_model(request.param, features, (features[:, 0] + features[:, 1] > 1).astype(np.int8), 0)


@pytest.fixture(scope="module")
def boosted(features: Matrix) -> TrainedModel:
    return train_model("xgboost", features, (features[:, 0] > 1).astype(np.int8), 0)


def change(content: bytes, attribute: str, place: int, added: float) -> bytes:
    model = onnx.load_from_string(content)
    (changed,) = (a for a in model.graph.node[0].attribute if a.name == attribute)
    values = changed.floats if changed.floats else changed.ints
    values[place] = type(values[place])(values[place] + added)
    return bytes(model.SerializeToString())


def test_an_honest_export_passes_with_its_difference(fitted: TrainedModel, features: Matrix) -> None:
    assert 0 <= check_parity(fitted, fitted.export(), features) <= 1e-6


def test_a_leaf_that_was_tampered_with_is_refused(boosted: TrainedModel, features: Matrix) -> None:
    with pytest.raises(ParityError, match=r"The ONNX export of XGBoost differs .* Remove xgboost from models\."):
        check_parity(boosted, change(boosted.export(), "target_weights", 0, 0.5), features)


def test_the_refusal_names_the_strategy_where_there_is_one(features: Matrix) -> None:
    labels = (features[:, 0] > 1).astype(np.int8)
    fitted = train_model("xgboost", features, labels, 0, imbalance="smote", calibrate_on=(features, labels))
    check_parity(fitted, fitted.export(), features)
    with pytest.raises(ParityError, match=r"of XGBoost, SMOTE differs .* xgboost from models, or smote from imb"):
        check_parity(fitted, change(fitted.export(), "target_weights", 0, 0.5), features)


def test_a_threshold_that_was_tampered_with_is_refused(boosted: TrainedModel, features: Matrix) -> None:
    with pytest.raises(ParityError):
        check_parity(boosted, change(boosted.export(), "nodes_values", 0, 1.0), features)


def test_a_wrong_way_for_missing_values_is_refused_though_no_row_misses_any(
    boosted: TrainedModel, features: Matrix
) -> None:
    content = boosted.export()
    model = onnx.load_from_string(content)
    (tracks,) = (a for a in model.graph.node[0].attribute if a.name == "nodes_missing_value_tracks_true")
    with pytest.raises(ParityError):
        check_parity(boosted, change(content, tracks.name, 0, 1 - 2 * tracks.ints[0]), features)


def test_a_model_that_answers_with_no_number_is_refused(boosted: TrainedModel, features: Matrix) -> None:
    broken = replace(boosted, predict=lambda rows: np.full(len(rows), np.nan))
    with pytest.raises(ParityError):
        check_parity(broken, boosted.export(), features)


@pytest.mark.parametrize(("share", "passes"), [(0.5, True), (2.0, False)])
def test_the_limit_is_where_it_is_said_to_be(
    boosted: TrainedModel, features: Matrix, share: float, passes: bool
) -> None:
    moved = replace(boosted, predict=lambda rows: boosted.predict(rows) + share * MAX_DIFFERENCE)
    if passes:
        assert check_parity(moved, boosted.export(), features) == pytest.approx(share * MAX_DIFFERENCE, rel=0.1)
    else:
        with pytest.raises(ParityError):
            check_parity(moved, boosted.export(), features)
