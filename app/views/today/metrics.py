"""Metrics of one day: payments, alerts, fraud caught and fraud missed, in total and by hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.api.client import Json

HOURS = 24
UNKNOWN = "none"


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
