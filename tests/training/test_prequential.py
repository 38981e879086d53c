"""The prequential protocol: what a fold may learn from, and who is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tollgate.errors import TrainingDataError

from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.detector_file.reader import DetectorFile
from model_build.evaluation.prequential import Fold, Protocol, cut_folds, plan_protocol

DAY_S = 86_400
FIRST = date(2026, 1, 1)
FIRST_S = 1_767_225_600


def table_of(path: Path, file: DetectorFile, rows: Sequence[tuple[float, str, int]]) -> LabeledEvents:
    """Read payments given as (days after 1 January 2026, customer, fraud)."""
    lines = [f"e{n},{FIRST_S + day * DAY_S:.0f},{customer},{fraud}" for n, (day, customer, fraud) in enumerate(rows)]
    path.write_text("\n".join(["event_id,timestamp,customer_id,is_fraud", *lines]) + "\n")
    assert file.event_type.label
    event_type = replace(
        file.event_type,
        amount=None,
        latitude=None,
        longitude=None,
        categorical=(),
        ignored=(),
        label=replace(file.event_type.label, delay_s=2.0 * DAY_S),
        entities={"customer": ("customer_id",)},
    )
    return read_labeled_events(path, event_type)


@pytest.fixture
def data(tmp_path: Path, quick_detector: DetectorFile) -> LabeledEvents:
    """Forty days of four payments a day by customers of their own, one of them a fraud."""
    rows = [
        (day + hour / 24, f"c{day}-{hour}" if hour else "honest", int(hour == 20))
        for day in range(40)
        for hour in (0, 6, 12, 20)
    ]
    return table_of(tmp_path / "t.csv", quick_detector, rows)


def days_of(data: LabeledEvents, rows: np.ndarray) -> set[int]:
    return set(((data.events.times_s[rows] - FIRST_S) // DAY_S).astype(int).tolist())


def test_a_fold_learns_waits_and_is_judged(data: LabeledEvents) -> None:
    folds = cut_folds(data, Protocol(FIRST, delay_days=2, train_days=3, test_days=4, folds=2))

    assert [days_of(data, fold.train) for fold in folds] == [{0, 1, 2}, {4, 5, 6}]
    assert [days_of(data, fold.test) for fold in folds] == [{5, 6, 7, 8}, {9, 10, 11, 12}]
    assert [fold.start for fold in folds] == [date(2026, 1, 1), date(2026, 1, 5)]


def test_all_history_learns_from_more_and_is_judged_on_the_same(data: LabeledEvents) -> None:
    protocol = Protocol(date(2026, 1, 11), delay_days=2, train_days=3, test_days=4, folds=2)
    some, all_of_it = cut_folds(data, protocol), cut_folds(data, replace(protocol, all_history=True))

    assert days_of(data, all_of_it[0].train) == set(range(13))
    assert np.array_equal(some[1].test, all_of_it[1].test)


def test_a_label_that_was_not_known_by_the_test_is_not_learned(data: LabeledEvents) -> None:
    late = replace(data, known_s=np.where(np.arange(len(data.known_s)) == 4, data.known_s + 30 * DAY_S, data.known_s))
    protocol = Protocol(FIRST, delay_days=2, train_days=3, test_days=4, folds=1)

    assert set(cut_folds(data, protocol)[0].train) - set(cut_folds(late, protocol)[0].train) == {4}


def test_customers_known_to_be_compromised_are_not_judged(tmp_path: Path, quick_detector: DetectorFile) -> None:
    # Trained on days 0 to 2, two days of delay, judged on days 5 to 8. Everybody pays on each day that is judged.
    frauds = {"trained": 1, "delay": 3, "early": 5, "late": 7}
    rows: list[tuple[float, str, int]] = [(float(day), name, 1) for name, day in frauds.items()]
    rows += [(day + 0.5, name, 0) for day in range(9) for name in (*frauds, "never")]
    data = table_of(tmp_path / "t.csv", quick_detector, rows)

    (fold,) = cut_folds(data, Protocol(FIRST, delay_days=2, train_days=3, test_days=4, folds=1))

    judged = judged_days(data, fold)
    assert judged["never"] == [5, 6, 7, 8]
    assert "trained" not in judged
    assert judged["delay"] == [5]  # a fraud of day 3 is known two days later, from day 6 on
    assert judged["early"] == [5, 6, 7]
    assert judged["late"] == [5, 6, 7, 8]


def judged_days(data: LabeledEvents, fold: Fold) -> dict[str, list[int]]:
    keys = data.events.entities["customer"]
    days: dict[str, set[int]] = {}
    for row in fold.test.tolist():
        days.setdefault(keys.values[keys.codes[row]], set()).update(days_of(data, np.array([row])))
    return {name: sorted(found) for name, found in days.items()}


def test_parameters_are_chosen_on_folds_that_are_over_before_the_first_test() -> None:
    protocol = Protocol(date(2018, 7, 25), delay_days=7)

    earlier = protocol.earlier()

    assert earlier.first == date(2018, 6, 20)  # as the book has it
    assert earlier.first.toordinal() + earlier.days <= protocol.first.toordinal() + 14


def test_folds_end_with_the_data_where_nothing_else_is_said(data: LabeledEvents) -> None:
    protocol = plan_protocol(data, None, train_days=3, test_days=4, folds=2, all_history=False)

    assert protocol.delay_days == 2
    assert max(days_of(data, cut_folds(data, protocol)[-1].test)) == 39


def test_folds_that_do_not_fit_are_refused(data: LabeledEvents) -> None:
    with pytest.raises(TrainingDataError, match=r"span .* \(93 days.* the data spans 2026-01-01 to 2026-02-09"):
        plan_protocol(data, None, train_days=7, test_days=7, folds=12, all_history=False)
    with pytest.raises(TrainingDataError, match="use fewer or shorter folds"):
        plan_protocol(data, date(2025, 12, 1), train_days=3, test_days=4, folds=1, all_history=False)


def test_a_fold_without_frauds_is_refused(tmp_path: Path, quick_detector: DetectorFile) -> None:
    rows = [(float(day), f"c{day}", int(day == 30)) for day in range(40)]
    data = table_of(tmp_path / "t.csv", quick_detector, rows)

    with pytest.raises(TrainingDataError, match="The training part of the fold from 2026-01-01 has 0 frauds among 3"):
        cut_folds(data, Protocol(FIRST, delay_days=2, train_days=3, test_days=4, folds=1))
