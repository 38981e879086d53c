"""Baseline of earlier days, and a test of whether today's rate differs from it by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles
from typing import Literal

from app.views.today.data import DAYS_BACK, DayFigures

# Number of days that a baseline needs.
MIN_WEEKDAYS, MIN_DAYS = 3, 5
# With at least so many days, the band leaves out the lowest and the highest tenth.
_MIN_FOR_TENTHS = 10


@dataclass(frozen=True)
class Baseline:
    """The days that today is compared with; ``words`` name them."""

    days: tuple[DayFigures, ...]
    words: str


@dataclass(frozen=True)
class Band:
    """The usual range of a number, and its median."""

    low: float
    middle: float
    high: float


Place = Literal["above", "below", "within", "unclear"]


@dataclass(frozen=True)
class Rate:
    """A share of today's payments: its confidence interval, and its place relative to the usual band.

    ``place`` is "unclear" if there are too few payments to tell.
    """

    share: float
    low: float
    high: float
    of: int
    band: Band
    place: Place


def find_baseline(past: Sequence[DayFigures], today: date) -> Baseline | None:
    """Return the same weekday of the last four weeks, or all days if these are too few; None if those are, too."""
    recent = [one for one in past if timedelta(0) < today - one.day <= timedelta(DAYS_BACK) and one.all.payments]
    same = [one for one in recent if one.day.weekday() == today.weekday()]
    if len(same) >= MIN_WEEKDAYS:
        return Baseline(tuple(same), f"the last {len(same)} {today:%A}s")
    if len(recent) >= MIN_DAYS:
        return Baseline(tuple(recent), f"the last {len(recent)} days")
    return None


def find_band(values: Sequence[float]) -> Band:
    """Return the range of values: of all, or of the middle 80% if there are many. Needs at least one value."""
    if len(values) < _MIN_FOR_TENTHS:
        return Band(min(values), median(values), max(values))
    tenths = quantiles(values, n=10, method="inclusive")
    return Band(tenths[0], median(values), tenths[-1])


def judge_alerts(day: DayFigures, baseline: Baseline) -> Rate:
    """Return a day's alert rate compared with the baseline."""
    return judge_rate(day.alerts, day.all.payments, find_band([one.alert_rate or 0.0 for one in baseline.days]))


def judge_rules(day: DayFigures, baseline: Baseline) -> dict[str, Rate]:
    """Return the match rate of each rule on a day, shadow rules included, compared with the baseline."""
    rules = sorted({rule for one in (day, *baseline.days) for rule in one.rules})
    return {
        rule: judge_rate(
            day.rules.get(rule, 0),
            day.all.payments,
            find_band([one.rules.get(rule, 0) / one.all.payments for one in baseline.days]),
        )
        for rule in rules
    }


def judge_rate(hits: int, of: int, band: Band) -> Rate:
    """Return a share of today compared with the band, and whether chance explains the difference.

    The interval is Wilson's (1927) at 95%: half an hour of payments says little about a day.
    """
    if not of:
        return Rate(0.0, 0.0, 1.0, of, band, "unclear")
    share = hits / of
    low, high = wilson(hits, of)
    if low > band.high:
        place: Place = "above"
    elif high < band.low:
        place = "below"
    else:
        # A share within the band counts as usual once twice that share, or a point more, is ruled out.
        is_known = high <= max(2 * band.high, band.high + 0.01)
        place = "within" if band.low <= share <= band.high and is_known else "unclear"
    return Rate(share, low, high, of, band, place)


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval in which a share lies, as far as chance goes, with ``hits`` of ``of`` seen."""
    share = hits / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))
