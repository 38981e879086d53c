"""Costs of fraud, reviews and wrong blocks: the daily total at given thresholds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.events.event import Floats, Ints
from tollgate.core.times.outliers import find_outliers

COST_NAMES = ("missed_fraud", "review", "blocked_legitimate")
# A threshold that no score reaches.
NEVER = TOP_SCORE + 1


@dataclass(frozen=True)
class PricedEvents:
    """``n`` ≥ 1 labeled events in order of time; every array has shape (n,).

    ``scores`` are 0 to 1000, ``days`` whole days since 1970. ``losses`` are what each event costs when it is approved,
    in the currency of the amount: 0 for a legitimate one. ``unpriced_frauds`` counts the frauds whose loss is unknown.
    """

    fraud: npt.NDArray[np.bool_]
    scores: Ints
    losses: Floats
    days: Ints
    unpriced_frauds: int

    @classmethod
    def of(
        cls, labels: npt.NDArray[np.int8], scores: Ints, amounts: Floats | None, days: Ints, costs: Costs
    ) -> PricedEvents:
        """Price events with labels 1 (fraud) and 0 (legitimate).

        Raises `DetectorFileError` where a fraud costs its amount and there are no amounts.
        """
        fraud = labels == 1
        losses = costs.losses(fraud, amounts)
        if costs.missed_fraud is not None or amounts is None:
            return cls(fraud, scores, losses, days, 0)
        return cls(fraud, scores, losses, days, int((fraud & ~(amounts >= 0)).sum()))

    @property
    def day_count(self) -> int:
        """Days of the calendar from the first event to the last, both counted, without gaps before outliers."""
        days, first, counts = np.unique(self.days, return_index=True, return_counts=True)
        return int(np.ptp(days)) + 1 - sum(one.days for one in find_outliers(days, counts, first))


@dataclass(frozen=True)
class DailyBalance:
    """Counts of reviews, blocks and frauds at two thresholds, and their costs, each per day of the calendar.

    Events below ``review_from`` are approved, from ``block_from`` on blocked, between them reviewed; ``NEVER`` as a
    threshold is out of reach. ``unreviewed`` fell into review on a day that had no reviews left, and were approved.
    ``caught_loss`` is what caught frauds would have cost, ``missed_loss`` what missed ones did. ``total_cost`` is
    missed loss, reviews and blocked legitimate events; ``approve_all_cost`` is the loss with all events approved.
    """

    review_from: int
    block_from: int
    days: int
    reviews: float
    unreviewed: float
    blocked: float
    blocked_legitimate: float
    frauds_caught: float
    frauds_missed: float
    caught_loss: float
    missed_loss: float
    review_cost: float
    blocked_legitimate_cost: float
    total_cost: float
    approve_all_cost: float
    saved: float

    def to_json(self) -> dict[str, Any]:
        """Return the balance as JSON, money and counts rounded to four places; a threshold out of reach is null."""
        return {name: _plain(value) for name, value in asdict(self).items()} | {
            "review_from": None if self.review_from in (NEVER, self.block_from) else self.review_from,
            "block_from": None if self.block_from == NEVER else self.block_from,
        }


def _plain(value: float) -> float:
    return value if isinstance(value, int) else round(value, 4)


def measure_balance(
    events: PricedEvents, costs: Costs, reviews_per_day: int, review_from: int, block_from: int
) -> DailyBalance:
    """Return the balance of an average day at two thresholds, ``review_from`` ≤ ``block_from``.

    On each day the ``reviews_per_day`` highest-scored events between the thresholds are reviewed, of equal scores the
    earlier ones; the others are approved. The costs depend on the event, as in Correa Bahnsen, Stojanovic, Aouada,
    Ottersten: "Cost sensitive credit card fraud detection using Bayes minimum risk", ICMLA 2013.
    """
    blocked = events.scores >= block_from
    band = (events.scores >= review_from) & ~blocked
    stopped = blocked.copy()
    stopped[_first_of_each_day(events, band, reviews_per_day)] = True
    days = events.day_count
    reviews = int((stopped & ~blocked).sum())
    blocked_legitimate = int((blocked & ~events.fraud).sum())
    caught_loss, loss = float(events.losses[stopped].sum()), float(events.losses.sum())
    spent = reviews * costs.review + blocked_legitimate * costs.blocked_legitimate
    return DailyBalance(
        review_from=review_from,
        block_from=block_from,
        days=days,
        reviews=reviews / days,
        unreviewed=(int(band.sum()) - reviews) / days,
        blocked=int(blocked.sum()) / days,
        blocked_legitimate=blocked_legitimate / days,
        frauds_caught=int((stopped & events.fraud).sum()) / days,
        frauds_missed=int((~stopped & events.fraud).sum()) / days,
        caught_loss=caught_loss / days,
        missed_loss=(loss - caught_loss) / days,
        review_cost=reviews * costs.review / days,
        blocked_legitimate_cost=blocked_legitimate * costs.blocked_legitimate / days,
        total_cost=(loss - caught_loss + spent) / days,
        approve_all_cost=loss / days,
        saved=(caught_loss - spent) / days,
    )


def _first_of_each_day(events: PricedEvents, queued: npt.NDArray[np.bool_], limit: int) -> Ints:
    """Return the rows of the ``limit`` highest-scored queued events of each day."""
    rows = np.flatnonzero(queued)
    rows = rows[np.lexsort((-events.scores[rows], events.days[rows]))]
    _, first, counts = np.unique(events.days[rows], return_index=True, return_counts=True)
    reviewed: Ints = rows[np.arange(len(rows)) - np.repeat(first, counts) < limit]
    return reviewed
