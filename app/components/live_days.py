"""Live days: days of decisions, and when their labels are final."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from app.api.client import Json
from app.components.score_table import STEP

DAY_S = 86_400


@dataclass(frozen=True)
class LiveDay:
    """A day of decisions. It is mature from the midnight on after which nobody will report its frauds any more."""

    day: date
    matures: date
    is_mature: bool
    summary: Json


def matures_on(day: date, delay_s: float) -> date:
    """Return the day that begins with the first midnight (UTC) after the label delay of a day's last event."""
    return day + timedelta(days=1 + ceil(delay_s / DAY_S))


def read_live_days(days: Iterable[Json], delay_s: float, now: datetime) -> list[LiveDay]:
    """Return the days of ``GET /v1/summaries``, earliest first."""
    found = []
    for summary in days:
        day = date.fromisoformat(summary["day"])
        matures = matures_on(day, delay_s)
        found.append(LiveDay(day, matures, matures <= now.date(), summary))
    return sorted(found, key=lambda live: live.day)


def count_frauds(summary: Json, score: int) -> tuple[int, int]:
    """Return how many known frauds of a day score ``score`` or higher, and how many lower."""
    counts = ((summary.get("scores") or {}).get("fraud") or {}).get("decisions") or []
    caught = sum(counts[score // STEP :])
    return caught, sum(counts) - caught
