"""Data of the Today page: metrics of each day, in total and by hour.

The last weeks are loaded now and then, today and yesterday every 30 seconds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector

HOURS = 24
UNKNOWN = "none"
REFRESH_S = 30
# Days to look back.
DAYS_BACK = 28
_WEEKS_TTL_S = 900


@dataclass(frozen=True)
class Sum:
    """How many payments, their amounts and their money at risk."""

    payments: int = 0
    amount: float = 0.0
    money_at_risk: float = 0.0

    def __add__(self, other: Sum) -> Sum:
        """Return both together."""
        return Sum(self.payments + other.payments, self.amount + other.amount, self.money_at_risk + other.money_at_risk)


@dataclass(frozen=True)
class Hours:
    """Payments and amounts of each hour of a day, in UTC."""

    payments: tuple[float, ...] = (0.0,) * HOURS
    amount: tuple[float, ...] = (0.0,) * HOURS

    def until(self, part_of_day: float) -> tuple[float, float]:
        """Return payments and amount from midnight on, of the hour that is not over in proportion."""
        whole, rest = int(part_of_day * HOURS), part_of_day * HOURS % 1

        def added(values: Sequence[float]) -> float:
            return sum(values[:whole]) + sum(values[whole : whole + 1]) * rest

        return added(self.payments), added(self.amount)


@dataclass(frozen=True)
class DayFigures:
    """A day of decisions. An alert is every payment that was not let through: reviewed or blocked."""

    day: date
    all: Sum
    passed: Sum
    reviewed: Sum
    blocked: Sum
    caught: Sum
    missed: Sum
    by_hour: dict[str, Hours]
    rules: dict[str, int] = field(default_factory=dict)  # how many payments each rule matched

    @property
    def alerts(self) -> int:
        """How many payments were reviewed or blocked."""
        return self.reviewed.payments + self.blocked.payments

    @property
    def alert_rate(self) -> float | None:
        """The share of payments that were reviewed or blocked, None without any payment."""
        return self.alerts / self.all.payments if self.all.payments else None


def read_day(summary: Json, order: Sequence[str]) -> DayFigures:
    """Return the figures in one day of ``GET /v1/summaries``; ``order`` has the outcomes, the mildest first."""
    mildest, strongest = order[0], order[-1]
    rows = [(str(row["outcome"]), str(row["label"]), _sum(row)) for row in summary["outcomes"]]
    hours = {name: Hours(tuple(spread["decisions"]), tuple(spread["amount"])) for name, spread in _spreads(summary)}
    return DayFigures(
        day=date.fromisoformat(summary["day"]),
        all=_add(one for _, _, one in rows),
        passed=_add(one for outcome, _, one in rows if outcome == mildest),
        reviewed=_add(one for outcome, _, one in rows if outcome not in (mildest, strongest)),
        blocked=_add(one for outcome, _, one in rows if outcome == strongest != mildest),
        caught=_add(one for outcome, label, one in rows if label == "fraud" and outcome != mildest),
        missed=_add(one for outcome, label, one in rows if label == "fraud" and outcome == mildest),
        by_hour={
            "payments": _add_hours(hours.values()),
            "alerts": _add_hours(one for name, one in hours.items() if name != mildest),
            "reviewed": _add_hours(one for name, one in hours.items() if name not in (mildest, strongest)),
            "blocked": hours.get(strongest, Hours()),
        },
        rules=_count_hits(summary),
    )


def _count_hits(summary: Json) -> dict[str, int]:
    hits: Counter[str] = Counter()
    for row in summary["rules"]:
        hits[str(row["rule"])] += int(row["decisions"])
    return dict(hits)


def no_figures(day: date) -> DayFigures:
    """Return the figures of a day without a decision."""
    none = Sum()
    by_hour = {name: Hours() for name in ("payments", "alerts", "reviewed", "blocked")}
    return DayFigures(day, none, none, none, none, none, none, by_hour)


def part_of_day(moment: datetime) -> float:
    """Return how much of its day is over at a moment, from 0 to 1."""
    return (moment.hour + moment.minute / 60 + moment.second / 3600) / HOURS


def _spreads(summary: Json) -> Iterable[tuple[str, Json]]:
    return (summary.get("hours") or {}).items()


def _sum(row: Json) -> Sum:
    return Sum(int(row["decisions"]), float(row["amount"]), float(row["money_at_risk"]))


def _add(sums: Iterable[Sum]) -> Sum:
    return sum(sums, Sum())


def _add_hours(several: Iterable[Hours]) -> Hours:
    rows = list(several)
    return Hours(
        tuple(sum(row.payments[hour] for row in rows) for hour in range(HOURS)),
        tuple(sum(row.amount[hour] for row in rows) for hour in range(HOURS)),
    )


@dataclass(frozen=True)
class DayData:
    """Everything the page shows. ``today_summary`` and ``yesterday_summary`` are as answered, None without decisions.

    ``days`` are the summaries of the last weeks up to yesterday, as answered.
    """

    at: datetime
    indexed_until: str | None
    today: DayFigures
    yesterday: DayFigures
    past: tuple[DayFigures, ...]
    today_summary: Json | None
    yesterday_summary: Json | None
    answered_in_ms: float
    days: tuple[Json, ...] = ()


def load_day_data(api: Api, detector: Detector) -> DayData:
    """Load everything, one request after the other; raise ``ApiProblem`` if the API does not answer."""
    at = clock.now()
    today, yesterday = at.date(), at.date() - timedelta(1)
    weeks = _load_weeks(api.url, detector.name, today, api)
    is_new = weeks.asked_at >= at
    answer, order = weeks.answer if is_new else api.summaries(yesterday, today), detector.outcome_names()
    days = {row["day"]: row for row in answer["days"]}
    summaries = [days.get(day.isoformat()) for day in (today, yesterday)]
    figures = [read_day(one, order) if one else None for one in summaries]
    before = [read_day(row, order) for row in weeks.answer["days"] if row["day"] < yesterday.isoformat()]
    return DayData(
        at=at,
        indexed_until=answer.get("indexed_until"),
        today=figures[0] or no_figures(today),
        yesterday=figures[1] or no_figures(yesterday),
        past=(*before, *([figures[1]] if figures[1] else [])),
        today_summary=summaries[0],
        yesterday_summary=summaries[1],
        answered_in_ms=time_health(api),
        days=_days_before(weeks.answer, today),
    )


def load_past_days(api: Api, detector: Detector) -> tuple[datetime, Sequence[Json]]:
    """Return the current time, and the summaries of the last weeks up to yesterday."""
    at = clock.now()
    weeks = _load_weeks(api.url, detector.name, at.date(), api)
    return at, _days_before(weeks.answer, at.date())


def _days_before(answer: Json, today: date) -> tuple[Json, ...]:
    return tuple(row for row in answer["days"] if row["day"] < today.isoformat())


def time_health(api: Api) -> float:
    """Return the milliseconds that a health request takes, including the network."""
    began = time.perf_counter()
    api.health()
    return (time.perf_counter() - began) * 1000


@dataclass(frozen=True)
class _Weeks:
    """The answer to ``GET /v1/summaries`` for the weeks until a day, and when it was asked for."""

    asked_at: datetime
    answer: Json


@st.cache_data(ttl=_WEEKS_TTL_S, max_entries=8, show_spinner=False)
def _load_weeks(url: str, detector: str, today: date, _api: Api) -> _Weeks:  # noqa: ARG001 - keys of the cache
    return _Weeks(clock.now(), _api.summaries(today - timedelta(DAYS_BACK), today))
