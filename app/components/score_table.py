"""Score table: fraud caught, fraud missed and false positives at each threshold, for the Performance page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

STEP = 5
TOP = 1000
NEVER = TOP + STEP


@dataclass(frozen=True)
class Acted:
    """Events with a score at or above a threshold. Amounts are None if events have none."""

    frauds: int
    legitimate: int
    fraud_amount: float | None
    legitimate_amount: float | None


@dataclass(frozen=True)
class ScoreTable:
    """Labeled events by score, in steps of five. ``days`` is the number of days they come from."""

    rows: tuple[Acted, ...]
    days: float

    def at(self, score: int) -> Acted:
        """Return those that score ``score`` or higher; none where it is `NEVER`."""
        if score > TOP:
            return Acted(0, 0, *((None, None) if self.all.fraud_amount is None else (0.0, 0.0)))
        return self.rows[max(score, 0) // STEP]

    @property
    def all(self) -> Acted:
        """All of them."""
        return self.rows[0]

    @property
    def events(self) -> int:
        """How many there are."""
        return self.all.frauds + self.all.legitimate

    def roc(self) -> list[list[float]]:
        """Return (false positive rate, recall), rising."""
        legitimate, frauds = self.all.legitimate or 1, self.all.frauds or 1
        return [[0.0, 0.0], *([row.legitimate / legitimate, row.frauds / frauds] for row in reversed(self.rows))]

    def precision_recall(self) -> list[list[float]]:
        """Return (recall, precision), recall rising."""
        frauds = self.all.frauds or 1
        rows = [row for row in reversed(self.rows) if row.frauds + row.legitimate]
        return [[row.frauds / frauds, row.frauds / (row.frauds + row.legitimate)] for row in rows]

    def auc(self) -> float | None:
        """Return the area under the ROC curve; None unless both kinds are there."""
        if not (self.all.frauds and self.all.legitimate):
            return None
        return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(self.roc()))

    def average_precision(self) -> float | None:
        """Return the mean precision over the frauds as they are reached; None without frauds."""
        if not self.all.frauds:
            return None
        points = [[0.0, 1.0], *self.precision_recall()]
        return sum((right[0] - left[0]) * right[1] for left, right in pairwise(points))

    def counts(self, width: int) -> dict[str, list[int]]:
        """Return how many legitimate and fraudulent events there are in each ``width`` points of score."""
        edges = range(0, TOP, width)
        bounds = [(self.at(low), self.at(low + width if low + width < TOP else NEVER)) for low in edges]
        return {
            "Legitimate": [low.legitimate - high.legitimate for low, high in bounds],
            "Fraud": [low.frauds - high.frauds for low, high in bounds],
        }


def read_thresholds(thresholds: Iterable[Mapping[str, Any]], days: float) -> ScoreTable | None:
    """Return the table of an evaluation's ``thresholds``; None where there are none."""
    rows = sorted(thresholds, key=lambda row: int(row["score"]))
    if not rows:
        return None
    acted = (
        Acted(
            int(row["true_positives"]), int(row["false_positives"]), row["caught_amount"], row["false_alarm_amount"]
        )
        for row in rows
    )  # fmt: skip
    return ScoreTable(tuple(acted), days)


def add_days(days: Sequence[Mapping[str, Any]]) -> ScoreTable | None:
    """Return the table of the ``scores`` of live days with final labels: unlabeled events count as legitimate.

    None where no such day has a decision.
    """
    steps = TOP // STEP + 1
    counts, amounts = ({label: [0.0] * steps for label in (True, False)} for _ in range(2))
    for day in days:
        for label, spread in (day.get("scores") or {}).items():
            for place, (number, amount) in enumerate(zip(spread["decisions"], spread["amount"], strict=True)):
                counts[label == "fraud"][place] += number
                amounts[label == "fraud"][place] += amount
    above = [
        [*accumulate(reversed(column))][::-1] for column in (counts[True], counts[False], amounts[True], amounts[False])
    ]
    rows = tuple(Acted(int(f), int(o), round(m, 2), round(n, 2)) for f, o, m, n in zip(*above, strict=True))
    return ScoreTable(rows, len(days)) if rows[0].frauds + rows[0].legitimate else None


@dataclass(frozen=True)
class Figures:
    """Metrics of acting on some events of a table; None if undefined."""

    recall: float | None
    precision: float | None
    false_positive_rate: float | None
    accuracy: float | None
    f1: float | None
    missed_amount: float | None


def measure(table: ScoreTable, score: int) -> Figures:
    """Return the metrics of acting on scores of ``score`` or higher."""
    return measure_acted(table.at(score), table.all)


def measure_acted(acted: Acted, everything: Acted) -> Figures:
    """Return the metrics of acting on some of all events."""
    right = acted.frauds + everything.legitimate - acted.legitimate
    missed = everything.frauds - acted.frauds
    amounts = everything.fraud_amount, acted.fraud_amount
    return Figures(
        recall=_share(acted.frauds, everything.frauds),
        precision=_share(acted.frauds, acted.frauds + acted.legitimate),
        false_positive_rate=_share(acted.legitimate, everything.legitimate),
        accuracy=_share(right, everything.frauds + everything.legitimate),
        f1=_share(2 * acted.frauds, 2 * acted.frauds + acted.legitimate + missed),
        missed_amount=None if None in amounts else round(amounts[0] - amounts[1], 2),  # type: ignore[operator]
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
