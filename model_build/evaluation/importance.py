"""Permutation importance of features and of groups of features."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score
from tollgate.core.events.event import Floats, Ints
from tollgate.core.features.feature import Feature, Matrix

from model_build.models.registry import Labels

MAX_LEGITIMATE = 20_000
MAX_FEATURES = 30
MAX_GROUPS = 60
REPEATS = 3
# Features of the event itself that say one thing in several ways, in words; others go by their description.
_SAME_THING: Mapping[str, str] = {
    "amount": "Amount of the payment",
    "log_amount": "Amount of the payment",
    "is_category": "Value of {source}",
    "share": "Value of {source}",
}
_HALF_LIFE = re.compile(r" \(half-life [^;()]*(?:; )?([^()]*)\)")


@dataclass(frozen=True)
class Importance:
    """Importance of ``features`` together: mean and deviation of the ``drop`` in average precision when shuffled.

    A drop around 0 says that the model does as well without, because others say the same or because it learned noise.
    ``gain`` is the share of the model's own importance (0 to 1) that the features have.
    """

    name: str
    features: tuple[str, ...]
    drop: float
    deviation: float
    gain: float


@dataclass(frozen=True)
class ImportanceReport:
    """Importances, largest drop first, on ``events`` held-out events.

    ``average_precision`` is that of the model with nothing shuffled. Features that the model gives no gain have
    no drop and are left out; ``unmeasured_gain`` is the share of the gain in groups that were not measured.
    """

    average_precision: float
    events: int
    frauds: int
    repeats: int
    features: tuple[Importance, ...]
    groups: tuple[Importance, ...]
    unmeasured_gain: float

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON, rounded to five places."""
        return {
            **{name: _plain(value) for name, value in asdict(self).items()},
            "features": [_plain_item(item) for item in self.features],
            "groups": [_plain_item(item) for item in self.groups],
        }


def _plain_item(item: Importance) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(item).items()} | {"features": list(item.features)}


def _plain(value: object) -> object:
    return round(value, 5) if isinstance(value, float) else value


def measure_importance(
    predict: Callable[[Matrix], Floats],
    features: Sequence[Feature],
    matrix: Matrix,
    labels: Labels,
    gain: Floats,
    *,
    seed: int,
) -> ImportanceReport:
    """Measure the permutation importance of features and of groups on held-out events: ``matrix`` (n, f), labels (n,).

    Labels are 1 or 0, both present. ``gain`` has shape (f,) and sums to 1 or 0. Breiman: "Random forests", Machine
    Learning 2001; a group's columns are shuffled by the same rows, so that what they say together stays possible. All
    frauds are used and at most 20,000 legitimate events, which weigh for the others; alone, the 30 features with the
    largest gain; of the groups, the 60 with the largest.
    """
    generator = np.random.default_rng(seed)
    rows, weights = _draw(labels, generator)
    shuffles = [generator.permutation(len(rows)) for _ in range(REPEATS)]
    sample = _Sample(predict, matrix[rows], labels[rows], weights, shuffles)
    groups = sorted(group_features(features).items(), key=lambda item: -gain[item[1]].sum())
    used = [(name, columns) for name, columns in groups if gain[columns].sum() > 0]
    largest = [int(column) for column in np.argsort(-gain, kind="stable")[:MAX_FEATURES] if gain[column] > 0]

    def measure(name: str, columns: Ints) -> Importance:
        drops = sample.drops(tuple(columns.tolist()))
        names = tuple(features[column].name for column in columns.tolist())
        return Importance(name, names, float(drops.mean()), float(drops.std(ddof=1)), float(gain[columns].sum()))

    return ImportanceReport(
        average_precision=sample.reached,
        events=len(rows),
        frauds=int((labels == 1).sum()),
        repeats=REPEATS,
        features=_ordered(measure(features[column].description, np.array([column])) for column in largest),
        groups=_ordered(measure(name, columns) for name, columns in used[:MAX_GROUPS]),
        unmeasured_gain=float(sum(gain[columns].sum() for _, columns in used[MAX_GROUPS:])),
    )


def group_features(features: Sequence[Feature]) -> dict[str, Ints]:
    """Return groups of features that measure one thing over several spans or in several ways: description → places.

    Histories: one operation on one entity, over all half-lives. Of the event: one column, except that hour and weekday
    stay apart.
    """
    words = [_words(feature) for feature in features]
    order = sorted(range(len(features)), key=lambda place: (words[place], place))
    return {
        name: np.array(list(places), dtype=np.int64) for name, places in groupby(order, key=lambda place: words[place])
    }


def _words(feature: Feature) -> str:
    if feature.operation in _SAME_THING:
        return _SAME_THING[feature.operation].format(source=feature.source)
    return _HALF_LIFE.sub(lambda found: f" ({found[1]})" if found[1] else "", feature.description)


def _ordered(importances: Iterator[Importance]) -> tuple[Importance, ...]:
    return tuple(sorted(importances, key=lambda importance: -importance.drop))


def _draw(labels: Labels, generator: np.random.Generator) -> tuple[Ints, Floats]:
    """Return all frauds and some legitimate events, with how many events each of them stands for."""
    frauds, legitimate = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    drawn = legitimate
    if len(legitimate) > MAX_LEGITIMATE:
        drawn = generator.choice(legitimate, MAX_LEGITIMATE, replace=False)
    rows = np.sort(np.concatenate([frauds, drawn]))
    return rows, np.where(labels[rows] == 1, 1.0, len(legitimate) / max(len(drawn), 1))


class _Sample:
    """Drawn events, and the model's average precision on them; columns of the matrix are shuffled and put back."""

    def __init__(
        self,
        predict: Callable[[Matrix], Floats],
        matrix: Matrix,
        labels: Labels,
        weights: Floats,
        shuffles: Sequence[Ints],
    ) -> None:
        self._predict, self._matrix, self._labels, self._weights = predict, matrix, labels, weights
        self._shuffles = shuffles
        self._known: dict[tuple[int, ...], Floats] = {}
        self.reached = self._average_precision()

    def _average_precision(self) -> float:
        probabilities = self._predict(self._matrix)
        return float(average_precision_score(self._labels, probabilities, sample_weight=self._weights))

    def drops(self, columns: tuple[int, ...]) -> Floats:
        """Return how much average precision each shuffle of ``columns`` costs, shape (repeats,)."""
        if columns not in self._known:  # a group may be one feature
            kept = self._matrix[:, columns].copy()
            drops = []
            for shuffle in self._shuffles:
                self._matrix[:, columns] = kept[shuffle]
                drops.append(self.reached - self._average_precision())
            self._matrix[:, columns] = kept
            self._known[columns] = np.array(drops)
        return self._known[columns]
