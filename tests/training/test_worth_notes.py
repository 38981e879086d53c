"""A model that does not help is not sealed without a word."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model_build.evaluation.cost_report import auc_interval, note_model_worth
from tests.training.test_command_line import DETECTOR, call


def labels(frauds: int, legitimate: int) -> Any:  # noqa: ANN401 - an array of labels
    return np.repeat(np.array([1, 0], dtype=np.int8), [frauds, legitimate])


def money(validation: float, test: float | None) -> dict[str, Any]:
    return {"sealed": {"validation": {"saved": validation}, "test": None if test is None else {"saved": test}}}


@pytest.mark.parametrize(("auc", "frauds", "noted"), [(0.42, 200, True), (0.6, 5, True), (0.6, 200, False)])
def test_few_frauds_leave_more_to_chance(auc: float, frauds: int, noted: bool) -> None:
    said = list(note_model_worth(auc, labels(frauds, 1000), None, from_cost=False))
    assert len(said) == noted
    if noted:
        assert said[0].startswith("The sealed model may be no better than chance: on the test part, with")
        assert f"with {frauds} frauds" in said[0]


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(3)
    truth = 0.6394  # of normal scores half a deviation apart
    held = 0
    for _ in range(400):
        scores = np.concatenate([drawn.normal(0.505, 1, 40), drawn.normal(0, 1, 300)])
        low, high = auc_interval(float(roc_auc_score(labels(40, 300), scores)), 40, 300)
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize("auc", [0.0, 1.0])
def test_one_fraud_proves_little(auc: float) -> None:
    low, high = auc_interval(auc, 1, 20)
    assert 0 <= low < high <= 1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (money(5.0, -35.69), "approving everything: 35.69 a day on the test part;"),
        (money(-5.42, -1.0), "5.42 a day on the validation part and 1.00 a day on the test part;"),
        (money(-5.42, None), "5.42 a day on the validation part;"),
    ],
)
def test_thresholds_that_cost_more_than_they_save_are_told_of(found: dict[str, Any], said: str) -> None:
    (note,) = note_model_worth(0.9, labels(100, 1000), found, from_cost=False)
    assert said in note
    assert note.endswith('; set review = "cost" and block = "cost" in [outcomes], or raise the scores.')
    (note,) = note_model_worth(0.9, labels(100, 1000), found, from_cost=True)
    assert '"cost"' not in note


@pytest.mark.parametrize("found", [None, {"sealed": None}, money(1.0, 0.0)])
def test_what_helps_is_sealed_without_a_note(found: dict[str, Any] | None) -> None:
    assert not list(note_model_worth(0.9, labels(100, 1000), found, from_cost=False))


def test_training_on_noise_says_both(tmp_path: Path, sample_csv: Path) -> None:
    detector, noise = tmp_path / "detector.toml", tmp_path / "noise.csv"
    detector.write_text(DETECTOR + "[costs]\nreview = 50\nblocked_legitimate = 500\n")
    header, *rows = sample_csv.read_text().splitlines()
    place, drawn = header.split(",").index("is_fraud"), random.Random(1)
    cells = [row.split(",") for row in rows[:8000]]
    for cell in cells:
        cell[place] = str(int(drawn.random() < 0.02))
    noise.write_text("\n".join([header, *(",".join(cell) for cell in cells)]) + "\n")
    said = call("train", noise, "--detector", detector, "--out", tmp_path / "versions")
    assert said.exit_code == 0, said.output
    notes = [line for line in said.stderr.splitlines() if line.startswith("Note: The sealed ")]
    assert [note.split(" ", 4)[3] for note in notes] == ["model", "thresholds"]
