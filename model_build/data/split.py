"""Split by time into training, validation and test part, without labels that were not known yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tollgate.core.events.event import Ints
from tollgate.core.times.bare_numbers import spell
from tollgate.errors import TrainingDataError

from model_build.data.table import LabeledEvents
from model_build.detector_file.training import TrainingChoices

MIN_FRAUDS = 10
FEW_FRAUDS = 50
MIN_FRAUDS_PER_PART = 10
_DAY_S = 86_400


@dataclass(frozen=True)
class Split:
    """Rows of the sorted events. Each part's labels were known before the next part began."""

    train: Ints
    validation: Ints
    test: Ints

    def parts(self) -> tuple[tuple[str, Ints], ...]:
        """The names of the parts and their rows, in order of time."""
        return (("training", self.train), ("validation", self.validation), ("test", self.test))


def split_by_time(data: LabeledEvents, choices: TrainingChoices) -> Split:
    """Cut the events at the shares of ``choices``, in order of time.

    Of the training and the validation events only those are used whose label was known when the next part began, as in
    production. Raises `TrainingDataError` when there is nothing to learn from, or the label delay leaves nothing.
    """
    check_labels(data)
    times = data.events.times_s
    validation_from = times[int(len(times) * (1 - choices.test_share - choices.validation_share))]
    test_from = times[begin_test(data, choices)]
    labeled = data.labels >= 0
    split = Split(
        train=np.flatnonzero(labeled & (times < validation_from) & (data.known_s <= validation_from)),
        validation=np.flatnonzero(
            labeled & (times >= validation_from) & (times < test_from) & (data.known_s <= test_from)
        ),
        test=np.flatnonzero(labeled & (times >= test_from)),
    )
    _check_parts(data, split)
    return split


def begin_test(data: LabeledEvents, choices: TrainingChoices) -> int:
    """Return the row with which the test part begins."""
    return int(len(data.events) * (1 - choices.test_share))


def check_labels(data: LabeledEvents) -> None:
    """Raise `TrainingDataError` unless both classes are there, with frauds enough to learn from."""
    frauds, legitimate = int((data.labels == 1).sum()), int((data.labels == 0).sum())
    if not frauds and not legitimate:
        raise TrainingDataError("No event has a label: the label column is empty in every row.")
    if not frauds:
        raise TrainingDataError("No event is labeled as fraud: there is nothing to learn from.")
    if not legitimate:
        raise TrainingDataError("Every labeled event is fraud: training also needs legitimate events.")
    if frauds < MIN_FRAUDS:
        raise TrainingDataError(
            f"Only {_count(frauds, 'event is', 'events are')} labeled as fraud; training needs at least {MIN_FRAUDS}, "
            "and 50 or more for reliable figures."
        )


def hint_swapped_labels(data: LabeledEvents) -> str:
    """Return what to do about labels that are likely the wrong way round, where a part lacks one kind."""
    mostly = describe_fraud_majority(data)
    remedy = "if the labels are swapped, set label_values in [event] to say which word means fraud"
    return f" {mostly}: {remedy}." if mostly else ""


def describe_fraud_majority(data: LabeledEvents) -> str | None:
    """Say that more than half of the labeled events are fraud, where they are."""
    frauds, labeled = int((data.labels == 1).sum()), int((data.labels >= 0).sum())
    if frauds <= labeled / 2:
        return None
    return f"{frauds:,} of {labeled:,} labeled events are fraud, more than half"


def _hint_time_unit(data: LabeledEvents, span_days: float) -> str:
    """Return what to do about times that all fall within a day: they are often counted in something else."""
    if span_days >= 1:
        return ""
    first, last = (spell(int(time_s)) for time_s in data.events.times_s[[0, -1]].tolist())
    return (
        f" All times fall between {first} and {last}: if that is wrong, set timestamp_format in [event], or "
        'timestamp_unit, such as "hours", with timestamp_origin.'
    )


def note_small_parts(data: LabeledEvents, split: Split) -> Iterator[str]:
    """Yield a warning for each part with so few frauds that what it is for is left to chance."""
    uses = {"training": "to learn from", "validation": "to set thresholds and scores", "test": "to measure the model"}
    for name, rows in split.parts():
        frauds = int((data.labels[rows] == 1).sum())
        if frauds < MIN_FRAUDS_PER_PART:
            share = "" if name == "training" else f", or a larger {name}_share in [training]"
            yield (
                f"The {name} part has only {_count(frauds, 'fraud')} {uses[name]}, among {len(rows):,} events whose "
                f"labels were known in time; it should have at least {MIN_FRAUDS_PER_PART}. Use more events, a shorter "
                f"label_delay{share}."
            )


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def _check_parts(data: LabeledEvents, split: Split) -> None:
    span_days = float(data.events.times_s[-1] - data.events.times_s[0]) / _DAY_S
    for name, rows in split.parts():
        frauds = int((data.labels[rows] == 1).sum())
        if not frauds or frauds == len(rows):
            raise TrainingDataError(
                f"The {name} part has {_count(frauds, 'fraud')} among {len(rows)} events whose labels were known in "
                f"time, but it needs frauds and legitimate events. The data spans {span_days:.1f} days and "
                f"label_delay is {data.label_delay_s / _DAY_S:g} days: use more events, a shorter delay, or other "
                f"shares.{_hint_time_unit(data, span_days)}{hint_swapped_labels(data)}"
            )
