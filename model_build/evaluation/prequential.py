"""Prequential (walk-forward) protocol: train on some days, wait for their labels, test on the days after, repeat.

Reproducible Machine Learning for Credit Card Fraud Detection (Fraud Detection Handbook), chapter 5.3: each fold trains
on ``train_days``, leaves out the days of the label delay, and is tested on ``test_days``. A customer known to be
compromised is not tested: whoever had a fraud in the training days, or one that was known by the day in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats, Ints
from tollgate.errors import TrainingDataError

from model_build.data.split import hint_swapped_labels
from model_build.data.table import LabeledEvents
from model_build.data.training_set import TrainingSet
from model_build.evaluation.metrics import Metrics
from model_build.models.registry import train_model

_DAY_S = 86_400


@dataclass(frozen=True)
class Protocol:
    """Layout of the folds, in whole days (UTC). ``first`` is the first training day of the first fold.

    With ``all_history`` a fold trains on everything before the end of its training days, and is tested on the same
    events as without.
    """

    first: date
    delay_days: int
    train_days: int = 7
    test_days: int = 7
    folds: int = 4
    all_history: bool = False

    @property
    def days(self) -> int:
        """Days from the first training day to the last test day."""
        return self.train_days + self.delay_days + self.folds * self.test_days

    def earlier(self) -> Protocol:
        """Return the protocol of the folds on which parameters are tuned: as many, before the first test day here."""
        first = date.fromordinal(self.first.toordinal() - self.folds * self.test_days - self.delay_days)
        return replace(self, first=first)


@dataclass(frozen=True)
class Fold:
    """Rows to train on and rows to test on, of the events in order of time; ``start`` is the first training day."""

    start: date
    train: Ints
    test: Ints


@dataclass(frozen=True)
class FoldResult:
    """Metrics of one scorer on one fold."""

    start: date
    metrics: Metrics


# Returns the scores of a fold's test rows, shape (n,): the higher, the more suspicious.
Scorer = Callable[[TrainingSet, Fold], Floats]


def plan_protocol(
    data: LabeledEvents, first: date | None, *, train_days: int, test_days: int, folds: int, all_history: bool
) -> Protocol:
    """Return the protocol of a table; without ``first``, the last fold ends with the last whole day of the data.

    Raises `TrainingDataError` when the table has no room for it.
    """
    delay_days = int(np.ceil(data.label_delay_s / _DAY_S))
    begins, ends = (_day(time_s) for time_s in (float(data.events.times_s[0]), data.end_us / 1e6))
    protocol = Protocol(first or begins, delay_days, train_days, test_days, folds, all_history)
    if first is None:
        protocol = replace(protocol, first=date.fromordinal(ends.toordinal() - protocol.days + 1))
    stops = date.fromordinal(protocol.first.toordinal() + protocol.days - 1)
    if protocol.first < begins or stops > ends:
        raise TrainingDataError(
            f"The folds span {protocol.first} to {stops} ({protocol.days} days: {train_days} of training, "
            f"{delay_days} of label delay, {folds} folds with {test_days} of test), but the data spans {begins} to "
            f"{ends}: use fewer or shorter folds, or more data."
        )
    return protocol


def _day(time_s: float) -> date:
    return datetime.fromtimestamp(time_s, UTC).date()


def cut_folds(data: LabeledEvents, protocol: Protocol) -> tuple[Fold, ...]:
    """Return the folds of the protocol; raise `TrainingDataError` for one that cannot be trained or tested on."""
    folds = tuple(_cut(data, protocol, number) for number in range(protocol.folds))
    for fold in folds:
        for name, rows in (("training", fold.train), ("test", fold.test)):
            frauds = int((data.labels[rows] == 1).sum())
            if not 0 < frauds < len(rows):
                raise TrainingDataError(
                    f"The {name} part of the fold from {fold.start} has {frauds} frauds among {len(rows)} labeled "
                    "events, but it needs frauds and legitimate events; choose other days or longer folds."
                    f"{hint_swapped_labels(data)}"
                )
    return folds


def _cut(data: LabeledEvents, protocol: Protocol, number: int) -> Fold:
    start = date.fromordinal(protocol.first.toordinal() + number * protocol.test_days)
    origin = date(1970, 1, 1).toordinal()
    first = start.toordinal() - origin
    tested_from = first + protocol.train_days + protocol.delay_days
    days = np.floor(data.events.times_s / _DAY_S).astype(np.int64)
    usable = (data.labels >= 0) & (days < first + protocol.train_days) & (data.known_s <= tested_from * _DAY_S)
    train = np.flatnonzero(usable if protocol.all_history else usable & (days >= first))
    entities = list(data.events.entities.values())
    cards = entities[0].codes if entities else np.full(len(days), -1)
    parts = []
    for day in range(tested_from, tested_from + protocol.test_days):
        known = (data.labels == 1) & (days >= first) & _is_known(days, first + protocol.train_days, day, protocol)
        rows = np.flatnonzero((days == day) & (data.labels >= 0))
        compromised = np.unique(cards[known & (cards >= 0)])
        parts.append(rows[~np.isin(cards[rows], compromised)])
    return Fold(start, train, np.concatenate(parts))


def _is_known(days: Ints, trained_until: int, day: int, protocol: Protocol) -> npt.NDArray[np.bool_]:
    return (days < trained_until) | (days < day - protocol.delay_days)


def run_folds(training_set: TrainingSet, folds: Sequence[Fold], score: Scorer) -> Iterator[FoldResult]:
    """Yield the metrics of a scorer on each fold."""
    for fold in folds:
        yield FoldResult(fold.start, training_set.measure(fold.test, score(training_set, fold)))


def score_by_model(kind: str, imbalance: str, parameters: Mapping[str, Any]) -> Scorer:
    """Return a scorer that trains a model on a fold's training rows, and scores the test rows."""

    def score(training_set: TrainingSet, fold: Fold) -> Floats:
        features, labels = training_set.matrix[fold.train], training_set.labels(fold.train)
        seed = training_set.file.training.seed
        # Only the ranking is measured, and calibration does not change it.
        fitted = train_model(kind, features, labels, seed, imbalance=imbalance, parameters=parameters)
        return fitted.predict(training_set.matrix[fold.test])

    return score
