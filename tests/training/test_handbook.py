"""Two weeks of the public Handbook payments: real size, a detector file of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from model_build.deployment.publish import load_folder_histories, open_folder
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.train import TrainingResult, train_detector
from tests.core.files.scored import score

ROOT = Path(__file__).parents[2]
PAYMENTS = Path(__file__).parents[3] / "shared" / "data" / "handbook_transactions.parquet"
ROWS, NEW_ROWS = 120_000, 5_000

pytestmark = [
    pytest.mark.handbook,
    pytest.mark.skipif(not PAYMENTS.is_file(), reason="the Handbook payments are not beside the checkout"),
]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The first payments to learn from, and the ones right after them."""
    folder = tmp_path_factory.mktemp("handbook")
    before = pc.field("TX_DATETIME") < datetime(2018, 4, 16)
    table = pq.read_table(PAYMENTS, filters=before).sort_by("TX_DATETIME")
    pq.write_table(table.slice(0, ROWS), folder / "past.parquet")
    pq.write_table(table.slice(ROWS, NEW_ROWS), folder / "new.parquet")
    return folder / "past.parquet", folder / "new.parquet"


@pytest.fixture(scope="module")
def file() -> DetectorFile:
    file = read_detector_file(ROOT / "examples/handbook/detector.toml")
    assert file.event_type.label
    # A shorter delay, since these are but two weeks.
    event_type = replace(file.event_type, label=replace(file.event_type.label, delay_s=86_400.0))
    return replace(file, event_type=event_type, training=replace(file.training, models=("xgboost",)))


@pytest.fixture(scope="module")
def trained(tables: tuple[Path, Path], file: DetectorFile, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return train_detector(tables[0], file, tmp_path_factory.mktemp("versions"), lambda _step: None)


def test_two_weeks_teach_to_find_frauds(trained: TrainingResult) -> None:
    reached = trained.models[0].test
    assert reached.auc > 0.75
    assert reached.average_precision > 0.3
    assert reached.card_precision is not None
    assert 0 < reached.card_precision < 1


def test_the_export_answers_as_the_model_on_all_validation_payments(trained: TrainingResult) -> None:
    assert trained.sealed.version.manifest["model"]["largest_export_difference"] <= 1e-6


def test_the_days_after_are_scored_whole_and_find_frauds(
    trained: TrainingResult, tables: tuple[Path, Path], tmp_path: Path
) -> None:
    version = open_folder(trained.sealed.folder)
    stored = load_folder_histories(version, trained.sealed.folder)
    scored = score(version, tables[1].read_bytes(), tmp_path, stored, name="new.parquet")
    assert scored.summary["failed"] == 0
    labels, scores = (np.array([int(row[name]) for row in scored.rows]) for name in ("TX_FRAUD", "score"))
    assert (scores[labels == 1] >= 900).mean() > 5 * (scores[labels == 0] >= 900).mean()
