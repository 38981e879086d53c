"""Decided table: live decisions by outcome and label, with rules, as in the API and the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.api.client import Json
from app.components.score_table import Acted
from app.views.performance.costs import Cost, Prices


@dataclass(frozen=True)
class DecidedTable:
    """Fraudulent and legitimate events by outcome, the mildest first, over a number of days."""

    outcomes: Mapping[str, Acted]
    days: float

    @property
    def all(self) -> Acted:
        """All of them."""
        return _add(self.outcomes.values())

    @property
    def alerts(self) -> Acted:
        """Events that were not approved."""
        return _add(list(self.outcomes.values())[1:])

    def cost(self, prices: Prices) -> Cost:
        """Return the cost per day: missed fraud, a review for each outcome between the ends, and wrong blocks."""
        *reviewed, blocked = list(self.outcomes.values())[1:] or [_add(())]
        missed = self.all.frauds - self.alerts.frauds
        amount = (self.all.fraud_amount or 0.0) - (self.alerts.fraud_amount or 0.0)
        reviews = sum(one.frauds + one.legitimate for one in reviewed)
        days = self.days or 1
        return Cost(
            missed=(amount if prices.missed is None else missed * prices.missed) / days,
            reviews=reviews * prices.review / days,
            wrong_blocks=blocked.legitimate * prices.wrong_block / days,
        )


def add_outcomes(days: Sequence[Json], order: Sequence[str]) -> DecidedTable:
    """Return the table of ``GET /v1/summaries``' days; unlabeled events count as legitimate.

    ``order`` has the outcomes, the mildest first.
    """
    cells = {name: [0, 0, 0.0, 0.0] for name in order}
    for row in (row for day in days for row in day["outcomes"]):
        cell, is_legitimate = cells.setdefault(str(row["outcome"]), [0, 0, 0.0, 0.0]), row["label"] != "fraud"
        cell[is_legitimate] += int(row["decisions"])
        cell[2 + is_legitimate] += float(row["amount"])
    tables = {
        name: Acted(int(frauds), int(others), round(lost, 2), round(worth, 2))
        for name, (frauds, others, lost, worth) in cells.items()
    }
    return DecidedTable(tables, len(days))


def count_decided(summary: Json, mildest: str) -> tuple[int, int]:
    """Return how many known frauds of a day were reviewed or blocked, and how many were approved."""
    frauds = [row for row in summary["outcomes"] if row["label"] == "fraud"]
    missed = sum(int(row["decisions"]) for row in frauds if row["outcome"] == mildest)
    return sum(int(row["decisions"]) for row in frauds) - missed, missed


def _add(several: Iterable[Acted]) -> Acted:
    rows = list(several)
    return Acted(
        sum(row.frauds for row in rows),
        sum(row.legitimate for row in rows),
        round(sum(row.fraud_amount or 0.0 for row in rows), 2),
        round(sum(row.legitimate_amount or 0.0 for row in rows), 2),
    )
