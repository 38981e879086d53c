"""Usual band of earlier days, and whether a rate of today lies outside it by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles
from typing import Literal

from app.views.today.metrics import DayFigures

# Days back that are looked at, and how many of them it takes to call something usual.
DAYS_BACK = 28
FEWEST_WEEKDAYS, FEWEST_DAYS = 3, 5
# From so many days on, the two tenths at the ends are left out of the band.
_FOR_TENTHS = 10


@dataclass(frozen=True)
class Usual:
    """The days that today is compared with; ``words`` name them."""

    days: tuple[DayFigures, ...]
    words: str


@dataclass(frozen=True)
class Band:
    """Where a number usually lies."""

    low: float
    middle: float
    high: float


Place = Literal["above", "below", "within", "unclear"]


@dataclass(frozen=True)
class Rate:
    """A share of today's payments: the interval that chance leaves it, and its place beside the usual band.

    ``place`` is "unclear" where there are too few payments to tell.
    """

    share: float
    low: float
    high: float
    of: int
    band: Band
    place: Place


def find_usual(past: Sequence[DayFigures], today: date) -> Usual | None:
    """Return the same weekdays of four weeks, or all days where these are too few; None where those are, too."""
    recent = [one for one in past if timedelta(0) < today - one.day <= timedelta(DAYS_BACK) and one.all.payments]
    same = [one for one in recent if one.day.weekday() == today.weekday()]
    if len(same) >= FEWEST_WEEKDAYS:
        return Usual(tuple(same), f"the last {len(same)} {today:%A}s")
    if len(recent) >= FEWEST_DAYS:
        return Usual(tuple(recent), f"the last {len(recent)} days")
    return None


def find_band(values: Sequence[float]) -> Band:
    """Return where values lie: all of them, or eight in ten where there are many. There has to be at least one."""
    if len(values) < _FOR_TENTHS:
        return Band(min(values), median(values), max(values))
    tenths = quantiles(values, n=10, method="inclusive")
    return Band(tenths[0], median(values), tenths[-1])


def judge_alerts(day: DayFigures, usual: Usual) -> Rate:
    """Return a day's alert rate beside that of usual days."""
    return judge_rate(day.alerts, day.all.payments, find_band([one.alert_rate or 0.0 for one in usual.days]))


def judge_rules(day: DayFigures, usual: Usual) -> dict[str, Rate]:
    """Return how often each rule matched on a day, beside usual days; shadow rules are among them."""
    rules = sorted({rule for one in (day, *usual.days) for rule in one.rules})
    return {
        rule: judge_rate(
            day.rules.get(rule, 0),
            day.all.payments,
            find_band([one.rules.get(rule, 0) / one.all.payments for one in usual.days]),
        )
        for rule in rules
    }


def judge_rate(hits: int, of: int, band: Band) -> Rate:
    """Return a share of today beside the band, and whether chance explains the difference.

    The interval is Wilson's (1927) for 95 %: half an hour of payments says little of a day.
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
        # A share within the band is the usual one once a share of twice as much, or a point more, is ruled out.
        is_known = high <= max(2 * band.high, band.high + 0.01)
        place = "within" if band.low <= share <= band.high and is_known else "unclear"
    return Rate(share, low, high, of, band, place)


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval in which a share lies, as far as chance goes, with ``hits`` of ``of`` seen."""
    share = hits / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))
