"""Model health on live days with final labels: money at risk against actual fraud, metrics against the test data.

A metric has moved if it leaves the limits and chance, at 95%, does not explain it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.api.client import Json
from app.api.detector import Detector
from app.components.score_table import Acted, ScoreTable
from app.ui import formatting

# Allowed ratio of a metric to its expected value.
LIMITS = (0.8, 1.25)
# Fewer known frauds are too few to judge.
MIN_FRAUDS = 10
_Z = 1.96
_PLAIN = {"Average precision"}


def is_beyond(ratio: float) -> bool:
    """Return whether a ratio leaves the limits."""
    return not LIMITS[0] <= ratio <= LIMITS[1]


@dataclass(frozen=True)
class Calibration:
    """The fraud that came, and the money at risk that was predicted. ``frauds`` is how many these were."""

    observed: float
    predicted: float
    frauds: int
    days: int
    without_blocked: bool

    @property
    def ratio(self) -> float:
        """How many times as much fraud came as was predicted."""
        return self.observed / self.predicted if self.predicted else math.inf

    @property
    def is_off(self) -> bool:
        """Whether it is too far from 1."""
        return is_beyond(self.ratio)

    @property
    def may_be_chance(self) -> bool:
        """Whether so few frauds may come to this by chance, with amounts that spread as widely as they are large."""
        return abs(math.log(self.ratio)) < _Z * math.sqrt(2 / self.frauds) if self.ratio else False


def calibrate_money(days: Sequence[Json], order: Sequence[str]) -> Calibration | None:
    """Return what mature days' money at risk was worth; None with too few frauds. ``order`` has the mildest first.

    What a blocked payment would have become is known only if somebody labels it: unless all are labeled, blocked ones
    are left out on both sides.
    """
    rows = [row for day in days for row in day["outcomes"]]
    strongest = order[-1] if len(order) > 1 else ""
    leave_out = any(row["outcome"] == strongest and row["label"] == "none" for row in rows)
    kept = [row for row in rows if not (leave_out and row["outcome"] == strongest)]
    frauds = [row for row in kept if row["label"] == "fraud"]
    number = sum(int(row["decisions"]) for row in frauds)
    observed = sum(float(row["amount"]) for row in frauds)
    predicted = sum(float(row["money_at_risk"]) for row in kept)
    if number < MIN_FRAUDS or not observed:
        return None
    return Calibration(observed, predicted, number, len(days), leave_out)


@dataclass(frozen=True)
class Compared:
    """A figure on live days and on the test data."""

    name: str
    live: float
    test: float
    may_be_chance: bool

    @property
    def has_moved(self) -> bool:
        """Whether it is another one, by more than chance explains and by enough to matter."""
        return not self.may_be_chance and is_beyond(self.live / self.test if self.test else math.inf)


def compare_with_test(live: ScoreTable, test: ScoreTable, score: int) -> list[Compared]:
    """Return precision and alert rate at a threshold, and average precision; nothing with too few known frauds."""
    if min(live.all.frauds, test.all.frauds) < MIN_FRAUDS:
        return []
    now, then = live.at(score), test.at(score)
    compared = [
        _compare_shares("Precision", (now.frauds, _count(now)), (then.frauds, _count(then))),
        _compare_average_precision(live, test),
        _compare_shares("Alert rate", (_count(now), live.events), (_count(then), test.events)),
    ]
    return [one for one in compared if one is not None]


def _count(acted: Acted) -> int:
    return acted.frauds + acted.legitimate


def _compare_shares(name: str, live: tuple[int, int], test: tuple[int, int]) -> Compared | None:
    """Compare two shares, each given as (hits, of), by the usual test for two proportions."""
    if not (live[1] and test[1]):
        return None
    shares = live[0] / live[1], test[0] / test[1]
    pooled = (live[0] + test[0]) / (live[1] + test[1])
    spread = math.sqrt(pooled * (1 - pooled) * (1 / live[1] + 1 / test[1]))
    return Compared(name, *shares, abs(shares[0] - shares[1]) <= _Z * spread)


def _compare_average_precision(live: ScoreTable, test: ScoreTable) -> Compared | None:
    """Compare them by their logits, whose variance is 1 / (n p (1 - p)) for n frauds (Boyd, Eng and Page, 2013)."""
    areas = live.average_precision(), test.average_precision()
    if areas[0] is None or areas[1] is None:
        return None
    inside = [min(max(area, 1e-6), 1 - 1e-6) for area in areas if area is not None]
    variance = sum(1 / (table.all.frauds * p * (1 - p)) for table, p in zip((live, test), inside, strict=True))
    difference = math.log(inside[0] / (1 - inside[0])) - math.log(inside[1] / (1 - inside[1]))
    return Compared("Average precision", areas[0], areas[1], abs(difference) <= _Z * math.sqrt(variance))


_NAMES = {
    "Alert rate": "the alert rate by score",
    "Precision": "precision",
    "Average precision": "average precision",
}


def describe_calibration(found: Calibration, detector: Detector) -> str:
    """Return how far money at risk was from actual fraud, and the data behind it."""
    came, expected = (formatting.money(amount, detector.currency) for amount in (found.observed, found.predicted))
    chance = " With so few, this may be chance." if found.may_be_chance else ""
    part = " that were not blocked" if found.without_blocked else ""
    return (
        f"Money at risk is {describe_ratio(found)}: predicted {expected}, actual fraud {came} "
        f"({found.frauds} frauds{part} on {found.days} labeled days).{chance}"
    )


def describe_ratio(found: Calibration) -> str:
    """Return the size of an error, such as ``too low by a factor of 3.1``, or that it is about right."""
    if not found.is_off:
        return "about right"
    if not found.predicted:
        return "too low"
    factor = max(found.ratio, 1 / found.ratio)
    return f"too {'low' if found.ratio > 1 else 'high'} by a factor of {factor:.1f}" if factor < 100 else "far too low"


def describe_moved(moved: Sequence[Compared]) -> str:
    """Return how metrics changed compared with the test data."""
    first, *others = (
        f"{_NAMES[one.name]} is {format_metric(one.name, one.live)} (test data {format_metric(one.name, one.test)})"
        for one in moved
    )
    listed = ", ".join([first, *(other.replace(" is ", " ", 1) for other in others)])
    return f"On labeled live days, {listed}. This is more than chance explains."


def format_metric(name: str, value: float) -> str:
    """Return a metric as its page formats it."""
    return f"{value:.3f}" if name in _PLAIN else formatting.percent(value)
