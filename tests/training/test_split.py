from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.errors import TrainingDataError

from model_build.data.split import Split, note_small_parts, split_by_time
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.detector_file.training import TrainingChoices

HOUR_S = 3600.0


def read(tmp_path: Path, labels: list[str], delay_s: float = 0.0, *, step_s: int = 3600) -> LabeledEvents:
    """A table with one event an hour and these labels."""
    path = tmp_path / "t.csv"
    rows = [f"e{n},{1_767_225_600 + n * step_s},{label}" for n, label in enumerate(labels)]
    path.write_text("\n".join(["id,time,fraud", *rows]) + "\n")
    return read_labeled_events(path, EventType("e", "id", "time", label=LabelRule("fraud", delay_s)))


def alternating(n: int) -> list[str]:
    return [str(number % 2) for number in range(n)]


def spans(data: LabeledEvents, split: Split) -> list[tuple[float, float]]:
    parts = [data.events.times_s[rows].tolist() for rows in (split.train, split.validation, split.test)]
    return [(min(times), max(times)) for times in parts]


def test_the_parts_follow_each_other_at_the_shares(tmp_path: Path) -> None:
    split = split_by_time(read(tmp_path, alternating(100)), TrainingChoices(validation_share=0.3, test_share=0.1))
    assert split.train.tolist() == list(range(60))
    assert split.validation.tolist() == list(range(60, 90))
    assert split.test.tolist() == list(range(90, 100))


def test_no_label_is_used_before_it_was_known(tmp_path: Path) -> None:
    data = read(tmp_path, alternating(100), 5 * HOUR_S)
    split = split_by_time(data, TrainingChoices())
    (_, train_end), (validation_start, validation_end), (test_start, _) = spans(data, split)
    assert train_end + 5 * HOUR_S == validation_start
    assert validation_end + 5 * HOUR_S == test_start
    assert (data.known_s[split.train] <= validation_start).all()


def test_events_of_one_moment_are_never_cut_apart(tmp_path: Path) -> None:
    data = read(tmp_path, alternating(100), step_s=0)
    with pytest.raises(TrainingDataError, match="The training part has 0 frauds among 0 events"):
        split_by_time(data, TrainingChoices())


def test_unlabelled_events_are_in_no_part(tmp_path: Path) -> None:
    labels = alternating(100)
    labels[10:20] = [""] * 10
    labels[95] = ""
    split = split_by_time(read(tmp_path, labels), TrainingChoices())
    used = set(np.concatenate([split.train, split.validation, split.test]).tolist())
    assert used == set(range(100)) - set(range(10, 20)) - {95}


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([""] * 50, "No event has a label: the label column is empty"),
        (["0"] * 50, "No event is labeled as fraud"),
        (["1"] * 50, "Every labeled event is fraud"),
        (["1", ""] * 50, "Every labeled event is fraud"),
        (["1"] * 9 + ["0"] * 90, "Only 9 events are labeled as fraud; training needs at least 10"),
        (["1"] * 20 + ["0"] * 80, "The validation part has 0 frauds among 20 events"),
        (alternating(80) + ["0"] * 20, "The test part has 0 frauds among 20 events"),
        (alternating(80) + ["1"] * 20, "The test part has 20 frauds among 20 events"),
    ],
)
def test_a_table_that_cannot_be_learned_from_is_refused(tmp_path: Path, labels: list[str], said: str) -> None:
    with pytest.raises(TrainingDataError) as caught:
        split_by_time(read(tmp_path, labels), TrainingChoices())
    assert said in str(caught.value)


def test_ten_frauds_in_all_parts_are_enough(tmp_path: Path) -> None:
    labels = ["1" if number % 10 == 5 else "0" for number in range(100)]
    split = split_by_time(read(tmp_path, labels), TrainingChoices())
    assert len(split.train) == 60


def test_a_delay_longer_than_the_table_is_told_with_both_lengths(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"The data spans 4\.1 days and label_delay is 7 days"):
        split_by_time(read(tmp_path, alternating(100), 7 * 24 * HOUR_S), TrainingChoices())


def test_a_delay_longer_than_the_validation_part_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="The validation part has 0 frauds among 0 events"):
        split_by_time(read(tmp_path, alternating(100), 30 * HOUR_S), TrainingChoices())


def test_a_part_with_few_frauds_is_named_with_what_to_do(tmp_path: Path) -> None:
    labels = ["1", "0"] * 30 + ["1"] * 4 + ["0"] * 16 + ["1"] * 9 + ["0"] * 11
    data = read(tmp_path, labels)
    split = split_by_time(data, TrainingChoices())
    assert list(note_small_parts(data, split)) == [
        "The validation part has only 4 frauds to set thresholds and scores, among 20 events whose labels were known "
        "in time; it should have at least 10. Use more events, a shorter label_delay, or a larger validation_share in "
        "[training].",
        "The test part has only 9 frauds to measure the model, among 20 events whose labels were known in time; it "
        "should have at least 10. Use more events, a shorter label_delay, or a larger test_share in [training].",
    ]


def test_ten_frauds_in_each_part_are_enough(tmp_path: Path) -> None:
    data = read(tmp_path, ["1", "0"] * 50)
    assert not list(note_small_parts(data, split_by_time(data, TrainingChoices())))
