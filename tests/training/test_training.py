from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.costs import Costs
from tollgate.core.events.event_type import EventType
from tollgate.errors import TrainingDataError

from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import DetectorFile
from model_build.sealing.seal import HISTORIES
from model_build.simulator import write_sample
from model_build.train import TrainingResult, train_detector

pytestmark = pytest.mark.long

BASE_TYPE = EventType("payment", "event_id", "timestamp", amount="amount")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "payments.csv"
    write_sample(6_000, 5, path)
    return path


def train(table: Path, file: DetectorFile, out: Path) -> TrainingResult:
    return train_detector(table, file, out, lambda _step: None)


@pytest.fixture(scope="module")
def trained(table: Path, quick_detector: DetectorFile, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return train(table, quick_detector, tmp_path_factory.mktemp("first"))


def test_the_same_data_seed_and_detector_give_the_same_version(
    trained: TrainingResult, table: Path, quick_detector: DetectorFile, tmp_path: Path
) -> None:
    again = train(table, quick_detector, tmp_path)
    first, second = trained.sealed.folder, again.sealed.folder
    assert (first / "model.onnx").read_bytes() == (second / "model.onnx").read_bytes()
    assert (first / HISTORIES).read_bytes() == (second / HISTORIES).read_bytes()
    events = read_labeled_events(table, quick_detector.event_type).events
    decided = [decide_in_order(one.sealed.version, events, {}) for one in (trained, again)]
    np.testing.assert_array_equal(decided[0].scores, decided[1].scores)
    np.testing.assert_array_equal(decided[0].probabilities, decided[1].probabilities)


def test_another_seed_gives_another_model(table: Path, quick_detector: DetectorFile, tmp_path: Path) -> None:
    other = replace(quick_detector, training=replace(quick_detector.training, models=("xgboost",), seed=1))
    same = replace(other, training=replace(other.training, seed=0))
    models = [
        (train(table, f, tmp_path / n).sealed.folder / "model.onnx").read_bytes()
        for n, f in (("a", other), ("b", same))
    ]
    assert models[0] != models[1]


def test_the_best_on_validation_is_chosen_and_said(trained: TrainingResult) -> None:
    reached = [evaluated.validation.average_precision for evaluated in trained.models]
    assert reached == sorted(reached, reverse=True)
    models = trained.sealed.version.evaluation["models"]
    assert [model["chosen"] for model in models] == [True, False]
    assert models[0]["name"] == trained.models[0].model.kind


def test_the_evaluation_is_of_the_test_part(trained: TrainingResult, table: Path, quick_detector: DetectorFile) -> None:
    evaluation = json.loads((trained.sealed.folder / "evaluation.json").read_text())
    data = read_labeled_events(table, quick_detector.event_type)
    test = np.arange(int(len(data.events) * 0.8), len(data.events))
    assert evaluation["rows"] == len(test)
    assert evaluation["frauds"] == int((data.labels[test] == 1).sum())
    assert evaluation["thresholds"][0]["true_positives"] == evaluation["frauds"]
    histogram = evaluation["score_histogram"]
    assert sum(histogram["fraud"]) + sum(histogram["legitimate"]) == len(test)
    assert set(evaluation["curves"]) == {"logistic_regression", "xgboost"}


def test_the_score_means_a_share_of_legitimate_validation_events(
    trained: TrainingResult, table: Path, quick_detector: DetectorFile
) -> None:
    data = read_labeled_events(table, quick_detector.event_type)
    decided = decide_in_order(trained.sealed.version, data.events, {})
    n = len(data.events)
    part = np.arange(n * 6 // 10, n * 8 // 10)
    legitimate = decided.scores[part][data.labels[part] == 0]
    assert (legitimate >= 600).mean() == pytest.approx(0.10, abs=0.06)


def test_the_order_of_the_rows_does_not_matter_and_is_noted(
    trained: TrainingResult, table: Path, quick_detector: DetectorFile, tmp_path: Path
) -> None:
    lines = table.read_text().splitlines()
    mixed = tmp_path / "mixed.csv"
    order = np.random.default_rng(0).permutation(len(lines) - 1) + 1
    mixed.write_text("\n".join([lines[0], *(lines[place] for place in order)]) + "\n")
    other = train(mixed, quick_detector, tmp_path / "out")
    assert "The rows were not in order of time and were sorted." in other.notes
    assert not any("sorted" in note for note in trained.notes)
    seen = [{c.model.kind: c.test.auc for c in one.models} for one in (trained, other)]
    assert seen[0] == pytest.approx(seen[1], abs=0.02)


def test_few_frauds_are_noted(tmp_path: Path, quick_detector: DetectorFile) -> None:
    trained = train(_plain_table(tmp_path, 20), _plain_detector(quick_detector), tmp_path / "out")
    assert "Only 20 events are labeled as fraud: every figure above is uncertain." in trained.notes
    assert trained.notes[0].startswith("The validation part has only 6 frauds to set thresholds and scores,")
    assert "Undeclared columns, not used: color." in trained.notes


def test_fewer_than_ten_frauds_are_refused(tmp_path: Path, quick_detector: DetectorFile) -> None:
    with pytest.raises(TrainingDataError, match="Only 9 events are labeled as fraud"):
        train(_plain_table(tmp_path, 9), _plain_detector(quick_detector), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unlabelled_events_are_noted(tmp_path: Path, quick_detector: DetectorFile) -> None:
    path = _plain_table(tmp_path, 60)
    path.write_text(path.read_text().replace(",0,red", ",,red", 25))
    trained = train(path, _plain_detector(quick_detector), tmp_path / "out")
    assert "25 events have no label: they count in histories, but no model learns from them." in trained.notes
    assert not any("uncertain" in note for note in trained.notes)


def _plain_detector(file: DetectorFile) -> DetectorFile:
    assert file.event_type.label
    label = replace(file.event_type.label, delay_s=60.0)
    training = replace(file.training, models=("logistic_regression",))
    return replace(file, event_type=replace(BASE_TYPE, label=label), training=training)


def _plain_table(tmp_path: Path, frauds: int) -> Path:
    """600 payments, one an hour, the frauds evenly among them."""
    path = tmp_path / "t.csv"
    fraud = {int(place) for place in np.linspace(5, 595, frauds)}
    rows = [f"e{n},{1_767_225_600 + n * 3600},{n % 50},{int(n in fraud)},red" for n in range(600)]
    path.write_text("\n".join(["event_id,timestamp,amount,is_fraud,color", *rows]) + "\n")
    return path


def test_slices_are_cut_where_the_version_begins_to_review(
    table: Path, quick_detector: DetectorFile, tmp_path: Path
) -> None:
    quick = replace(quick_detector.training, models=("logistic_regression",))
    cheap = Costs(review=0.01)
    trained = train(table, replace(quick_detector, training=quick, costs=cheap, outcomes_from_cost=True), tmp_path)

    version = trained.sealed.version
    assert [outcome.from_score for outcome in version.outcomes[:2]] != [0, 900]
    assert version.evaluation["slices"]["review_from"] == version.outcomes[1].from_score
