"""A table that says what was done with each payment: those that were blocked do not mature in training either."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.history.plan import plan_history
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored import add_up, fold_matured
from tollgate.core.history.sum_kinds import SumKind
from tollgate.errors import DetectorFileError, TrainingDataError

from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.sealing.seal import encode_histories

DETECTOR = """
[detector]
id = "shop"
[event]
id = "id"
timestamp = "time"
amount = "amount"
label = "fraud"
label_delay = "2d"
outcome = "action"
[entities]
card = "card"
"""
# Day, outcome, label. The third is fraud, and the fifth was blocked and turned out to be legitimate.
ROWS = [
    (1, "approve", "0"),
    (2, "block", ""),
    (3, "Block", "1"),
    (4, "", "0"),
    (5, " block ", "0"),
    (6, "review", "0"),
    (20, "approve", "0"),
]


def detector(tmp_path: Path, text: str = DETECTOR) -> DetectorFile:
    path = tmp_path / "detector.toml"
    path.write_text(text, encoding="utf-8")
    return read_detector_file(path)


def table(tmp_path: Path, event_type: EventType, rows: list[tuple[int, str, str]]) -> LabeledEvents:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "time", "amount", "card", "fraud", "action"])
    # Training puts rows in order of time.
    for number, (day, outcome, label) in reversed(list(enumerate(rows))):
        writer.writerow([number, f"2026-01-{day:02d}T12:00:00Z", 20, "c", label, outcome])
    path = tmp_path / "table.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    return read_labeled_events(path, event_type)


def test_what_was_blocked_is_legitimate_only_where_it_is_labelled_so(tmp_path: Path) -> None:
    file = detector(tmp_path)
    data = table(tmp_path, file.event_type, ROWS)

    assert data.withheld.rows.tolist() == [1, 2, 4]
    assert data.withheld.legitimate_s.tolist() == [np.inf, np.inf, data.known_s[4]]
    half_life_s = 365 * 86_400.0
    plan = plan_history(file.event_type, (half_life_s,))
    read = replay_histories(plan, data.events, data.frauds, withheld=data.withheld).reads["card"][-1]
    of_kind = {s.kind: value for s, value in zip(plan.sums["card"], read.tolist(), strict=True)}
    assert of_kind[SumKind.LEGITIMATE] == pytest.approx(4, rel=0.05)
    assert of_kind[SumKind.FRAUD] == pytest.approx(1, rel=0.05)
    assert of_kind[SumKind.COUNT] == pytest.approx(6, rel=0.05)


def test_the_histories_that_training_leaves_have_the_same_rule(tmp_path: Path) -> None:
    file = detector(tmp_path)
    data = table(tmp_path, file.event_type, ROWS[:-1])
    (line,) = gzip.decompress(encode_histories(data, file.history, np.zeros(len(data.events)))).splitlines()
    _, _, sums = json.loads(line)
    later_s = float(data.events.times_s[-1]) + 10 * 86_400
    matured = fold_matured(file.history, "card", sums, later_s)
    longest = len(file.history.half_lives_s) - 1
    legitimate = sum(n for name, n in add_up(sums, matured.added).items() if name.startswith(f"l{longest}"))
    without = sum(matured.steps.values())

    assert without == 2, "those of day 4 and day 6 are open; of day 1 it has matured, of day 5 it is not known yet"
    assert legitimate > 0


def test_a_word_that_is_no_outcome_is_named_with_its_row(tmp_path: Path) -> None:
    file = detector(tmp_path)

    with pytest.raises(
        TrainingDataError, match=r'Row 1, column "action": "declined" is none of approve, review, block'
    ):
        table(tmp_path, file.event_type, [(1, "approve", "0"), (2, "declined", "1")])


def test_own_outcomes_are_the_words(tmp_path: Path) -> None:
    file = detector(tmp_path, DETECTOR + "[outcomes]\nchallenge = 800\ndecline = 950\n")

    assert file.event_type.outcome is not None
    assert file.event_type.outcome.withheld == ("decline",)
    assert EventType.from_json(file.event_type.to_json()) == file.event_type
    data = table(tmp_path, file.event_type, [(1, "decline", ""), (2, "challenge", "0"), (3, "approve", "0")])
    assert data.withheld.rows.tolist() == [0]


def test_a_table_without_the_column_is_refused(tmp_path: Path) -> None:
    file = detector(tmp_path, DETECTOR.replace('"action"', '"actoin"'))

    with pytest.raises(TrainingDataError.__base__ or TrainingDataError, match="actoin"):
        table(tmp_path, file.event_type, ROWS)


def test_the_column_has_no_other_role(tmp_path: Path) -> None:
    with pytest.raises(DetectorFileError, match="outcome"):
        detector(tmp_path, DETECTOR.replace('"action"', '"amount"'))
    without = detector(tmp_path, DETECTOR.replace('outcome = "action"\n', ""))
    assert without.event_type.outcome is None
    assert "outcome" not in without.event_type.to_json()
