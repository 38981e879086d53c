"""`tollgate evaluate`: every model beside what it has to beat, and parameters from earlier folds only."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from model_build.baselines import score_by_amount, score_by_rules
from model_build.command_line import main
from model_build.data import read_labelled_events
from model_build.detector_file import DetectorFile
from model_build.evaluation import evaluate_detector
from model_build.material import Material, read_material
from model_build.prequential import Protocol, cut_folds
from model_build.tuning import SEARCHED, tune_parameters

pytestmark = pytest.mark.long

SAMPLE_DETECTOR = Path(__file__).parents[2] / "examples/sample/detector.toml"
PROTOCOL = Protocol(date(2026, 3, 1), delay_days=7, train_days=14, test_days=7, folds=2)


@pytest.fixture(scope="module")
def file(quick_detector: DetectorFile) -> DetectorFile:
    few = {"xgboost": {"rounds": 20}}
    return replace(quick_detector, training=replace(quick_detector.training, models=("xgboost",), parameters=few))


@pytest.fixture(scope="module")
def material(sample_csv: Path, file: DetectorFile) -> Material:
    data = read_labelled_events(sample_csv, file.event_type)
    return read_material(data, file, cut_folds(data, PROTOCOL)[0].train, lambda _step: None)


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


def test_rules_count_what_an_analyst_would_look_at(material: Material) -> None:
    fold = cut_folds(material.data, PROTOCOL)[0]
    by_rules, by_amount = score_by_rules(material, fold), score_by_amount(material, fold)

    assert by_amount.shape == by_rules.shape == fold.test.shape
    assert 0 <= float(np.min(by_rules)) < float(np.max(by_rules))
    frauds = material.labels(fold.test) == 1
    assert by_rules[frauds].mean() > 2 * by_rules[~frauds].mean()


def test_tuning_never_ends_below_where_it_began(material: Material) -> None:
    folds = cut_folds(material.data, replace(PROTOCOL, folds=1))

    chosen = tune_parameters(material, folds, "xgboost", "none", seconds=0.001)

    assert chosen["rounds"] >= 20
    assert set(chosen) <= {"rounds", *SEARCHED_NAMES["xgboost"]}


SEARCHED_NAMES = {
    "xgboost": {"rounds", "max_depth", "eta", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda"}
}


def test_every_model_can_be_tuned() -> None:
    from model_build.candidates import CANDIDATES  # noqa: PLC0415

    assert set(SEARCHED) == set(CANDIDATES)


def test_features_are_the_same_on_any_number_of_threads(
    sample_csv: Path, file: DetectorFile, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    data = read_labelled_events(sample_csv, file.event_type)
    again = read_material(data, file, cut_folds(data, PROTOCOL)[0].train, lambda _step: None)

    assert np.array_equal(again.matrix, material.matrix, equal_nan=True)


def test_the_command_prints_a_table_and_writes_every_fold(sample_csv: Path, tmp_path: Path) -> None:
    detector = tmp_path / "detector.toml"
    text = SAMPLE_DETECTOR.read_text().replace('"logistic_regression", "random_forest", "xgboost"', '"xgboost"')
    detector.write_text(text.replace('ignored = ["currency", "fraud_kind"]', 'ignored = ["currency"]'))
    written = tmp_path / "folds.json"
    asked = ["--first", "2026-03-01", "--train-days", "14", "--folds", "2", "--json", str(written)]

    result = CliRunner().invoke(main, ["evaluate", str(sample_csv), "--detector", str(detector), *asked])

    assert result.exit_code == 0, result.output
    assert "2 folds from 2026-03-01: 14 days to learn, 7 days of delay, 7 days to be judged on" in result.output
    rows = json.loads(written.read_text())["rows"]
    assert [fold["start"] for fold in rows[-1]["folds"]] == ["2026-03-01", "2026-03-08"]
    # The same notes as of training.
    assert "Note: Columns not declared and not used: fraud_kind." in " ".join(result.stderr.split())
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
    assert "labelled events are fraud, more than half: if they are the wrong way round, say in label_values" in said


def test_folds_that_do_not_fit_are_one_sentence(sample_csv: Path) -> None:
    result = CliRunner().invoke(
        main, ["evaluate", str(sample_csv), "--detector", str(SAMPLE_DETECTOR), "--folds", "40"]
    )

    assert result.exit_code == 1
    assert "use fewer folds, shorter ones, or more data." in result.output
