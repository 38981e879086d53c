"""`tollgate evaluate`: every model beside what it has to beat, and parameters from earlier folds only."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from model_build.cli.main import main
from model_build.data.table import read_labeled_events
from model_build.data.training_set import TrainingSet, build_training_set
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.evaluate import evaluate_detector, score_by_amount, score_by_rules
from model_build.evaluation.prequential import Protocol, cut_folds
from model_build.models.tuning import SEARCHED, tune_parameters

pytestmark = pytest.mark.long

SAMPLE_DETECTOR = Path(__file__).parents[2] / "examples/sample/detector.toml"
PROTOCOL = Protocol(date(2026, 3, 1), delay_days=7, train_days=14, test_days=7, folds=2)


@pytest.fixture(scope="module")
def file(quick_detector: DetectorFile) -> DetectorFile:
    few = {"xgboost": {"rounds": 20}}
    return replace(quick_detector, training=replace(quick_detector.training, models=("xgboost",), parameters=few))


@pytest.fixture(scope="module")
def training_set(sample_csv: Path, file: DetectorFile) -> TrainingSet:
    data = read_labeled_events(sample_csv, file.event_type)
    return build_training_set(data, file, cut_folds(data, PROTOCOL)[0].train, lambda _step: None)


def test_models_beat_the_baselines(sample_csv: Path, file: DetectorFile) -> None:
    evaluated = evaluate_detector(sample_csv, file, lambda _data: PROTOCOL, lambda _step: None)

    rows = {row.title: row for row in evaluated.rows}
    assert list(rows) == ["Amount alone", "Rules alone", "Logistic regression", "XGBoost"]
    reached = {title: row.summary("average_precision") for title, row in rows.items()}
    known = {title: summary[0] for title, summary in reached.items() if summary is not None}
    assert set(known) == set(rows)
    baselines = max(known["Amount alone"], known["Rules alone"])
    assert min(known["Logistic regression"], known["XGBoost"]) > 2 * baselines
    assert rows["XGBoost"].results[1].start == date(2026, 3, 8)


def test_rules_count_what_an_analyst_would_look_at(training_set: TrainingSet) -> None:
    fold = cut_folds(training_set.data, PROTOCOL)[0]
    by_rules, by_amount = score_by_rules(training_set, fold), score_by_amount(training_set, fold)

    assert by_amount.shape == by_rules.shape == fold.test.shape
    assert 0 <= float(np.min(by_rules)) < float(np.max(by_rules))
    frauds = training_set.labels(fold.test) == 1
    assert by_rules[frauds].mean() > 2 * by_rules[~frauds].mean()


def test_tuning_never_ends_below_where_it_began(training_set: TrainingSet) -> None:
    folds = cut_folds(training_set.data, replace(PROTOCOL, folds=1))

    chosen = tune_parameters(training_set, folds, "xgboost", "none", seconds=0.001)

    assert chosen["rounds"] >= 20
    assert set(chosen) <= {"rounds", *SEARCHED_NAMES["xgboost"]}


SEARCHED_NAMES = {
    "xgboost": {"rounds", "max_depth", "eta", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda"}
}


def test_every_model_can_be_tuned() -> None:
    from model_build.models.registry import MODEL_KINDS  # noqa: PLC0415

    assert set(SEARCHED) == set(MODEL_KINDS)


def test_features_are_the_same_on_any_number_of_threads(
    sample_csv: Path, file: DetectorFile, training_set: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    data = read_labeled_events(sample_csv, file.event_type)
    again = build_training_set(data, file, cut_folds(data, PROTOCOL)[0].train, lambda _step: None)

    assert np.array_equal(again.matrix, training_set.matrix, equal_nan=True)


def test_the_command_prints_a_table_and_writes_every_fold(sample_csv: Path, tmp_path: Path) -> None:
    detector = tmp_path / "detector.toml"
    text = SAMPLE_DETECTOR.read_text().replace('"logistic_regression", "random_forest", "xgboost"', '"xgboost"')
    detector.write_text(text.replace('ignored = ["currency", "fraud_kind"]', 'ignored = ["currency"]'))
    written = tmp_path / "folds.json"
    asked = ["--first", "2026-03-01", "--train-days", "14", "--folds", "2", "--json", str(written)]

    result = CliRunner().invoke(main, ["evaluate", str(sample_csv), "--detector", str(detector), *asked])

    assert result.exit_code == 0, result.output
    assert "2 folds from 2026-03-01: training on 14 days, label delay of 7 days, test on 7 days" in result.output
    rows = json.loads(written.read_text())["rows"]
    assert [fold["start"] for fold in rows[-1]["folds"]] == ["2026-03-01", "2026-03-08"]
    # The same notes as of training.
    assert "Note: Undeclared columns, not used: fraud_kind." in " ".join(result.stderr.split())
    assert rows[-1]["average_precision"][0] == pytest.approx(
        np.mean([fold["average_precision"] for fold in rows[-1]["folds"]])
    )


def test_labels_the_wrong_way_round_are_doubted_where_a_fold_lacks_one_kind(sample_csv: Path, tmp_path: Path) -> None:
    swapped, detector = tmp_path / "swapped.csv", tmp_path / "detector.toml"
    values = 'label = "is_fraud"\nlabel_values = { fraud = [0], legitimate = [1] }'
    text = SAMPLE_DETECTOR.read_text().replace('"logistic_regression", "random_forest", "xgboost"', '"xgboost"')
    detector.write_text(text.replace('label = "is_fraud"', values))
    swapped.write_bytes(sample_csv.read_bytes())
    asked = ["--first", "2026-03-01", "--train-days", "14", "--folds", "1"]
    result = CliRunner().invoke(main, ["evaluate", str(swapped), "--detector", str(detector), *asked])
    assert result.exit_code == 1
    said = " ".join(result.stderr.split())
    assert "labeled events are fraud, more than half: if the labels are swapped, set label_values" in said


def test_folds_that_do_not_fit_are_one_sentence(sample_csv: Path) -> None:
    result = CliRunner().invoke(
        main, ["evaluate", str(sample_csv), "--detector", str(SAMPLE_DETECTOR), "--folds", "40"]
    )

    assert result.exit_code == 1
    assert "use fewer or shorter folds, or more data." in result.output
