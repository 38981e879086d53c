"""What is usual: the band in which earlier days lie, and whether today lies outside it by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median, quantiles

from app.day_figures import DayFigures

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


def alert_band(usual: Usual) -> Band:
    """Return where the alert rates of usual days lie."""
    return find_band([one.alert_rate or 0.0 for one in usual.days])


def place_of_rate(hits: int, of: int, band: Band) -> str:
    """Return ``above``, ``below`` or ``within``: a share is outside the band only where chance does not explain it.

    Its 95 % interval is Wilson's (1927): half an hour of payments says little of a day.
    """
    if not of:
        return "within"
    low, high = _wilson(hits, of)
    if low > band.high:
        return "above"
    return "below" if high < band.low else "within"


def _wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    share = hits / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)
