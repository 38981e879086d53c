"""Choice of the review and block thresholds that cost least, and its sensitivity to the prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.events.event import Floats, Ints

from model_build.evaluation.costs import COST_NAMES, NEVER, DailyBalance, PricedEvents, measure_balance
from model_build.evaluation.metrics import THRESHOLD_STEP

WRONG_BY = (0.5, 2.0)
_SIZE = NEVER + 1
# Money is summed in whole ten-thousandths: such sums are exact up to 900 billion, so that ties are ties.
_WHOLE = 10_000


@dataclass(frozen=True)
class _Grid:
    """Counts and losses at every pair of thresholds from 0 to `NEVER`, over all days; row: review, column: block.

    ``missed`` is the lost money in ten-thousandths and ``reviews`` a count, shape (1002, 1002), meaningful where review
    ≤ block; ``blocked_legitimate`` counts the legitimate events blocked, shape (1002,). None of them depends on the
    other prices.
    """

    missed: Floats
    reviews: Floats
    blocked_legitimate: Floats
    days: int

    def cost(self, costs: Costs, missed_factor: float = 1.0) -> Floats:
        """Return the cost of all days in ten-thousandths, shape (1002, 1002); no use where review > block."""
        review, blocked = (round(price * _WHOLE) for price in (costs.review, costs.blocked_legitimate))
        return missed_factor * self.missed + review * self.reviews + blocked * self.blocked_legitimate

    def per_day(self, cost: Floats) -> Floats:
        """Return a cost of all days as money per day."""
        return cost / (_WHOLE * self.days)


def _tabulate(events: PricedEvents, reviews_per_day: int) -> _Grid:
    """Count all pairs at once: one sort of the events, then sums over days × scores and over the pairs.

    Of one day let N(s) events score s or higher. At (review, block), min(N(review), N(block) + reviews_per_day) of them
    are stopped, the highest-scored ones. For each review that is N(review) up to a certain block, and for each block it
    is N(block) + reviews_per_day up to a certain review. So a day adds to whole lines of pairs: it is written down at
    the end of each line, and running sums from there fill the lines.
    """
    order = np.lexsort((-events.scores, events.days))
    scores, days = events.scores[order], events.days[order]
    _, first, day_of = np.unique(days, return_index=True, return_inverse=True)
    end = np.append(first[1:], len(days))[:, None]
    first = first[:, None]
    per_score = np.bincount(day_of * _SIZE + scores, minlength=len(first) * _SIZE).reshape(-1, _SIZE)
    reached = first + per_score[:, ::-1].cumsum(axis=1)[:, ::-1]
    capped = np.minimum(reached + reviews_per_day, end)
    losses = np.concatenate([[0.0], np.rint(events.losses[order] * _WHOLE).cumsum()])
    # The last block (by day and review) with reviews to spare, and the last review (by day and block) without.
    beyond = reached - reviews_per_day
    last_block = np.where(beyond > first, scores[np.maximum(beyond, 1) - 1], NEVER)
    last_review = np.where(reached + reviews_per_day < end, scores[np.minimum(capped, len(days) - 1)], -1)

    def over_days(value: Floats) -> Floats:
        """Sum over the days a value that depends on how many events are stopped, shape (n + 1,)."""
        free = _add_at(np.broadcast_to(np.arange(_SIZE), reached.shape), last_block, value[reached] - value[first])
        full = _add_at(last_review, np.broadcast_to(np.arange(_SIZE), reached.shape), value[capped] - value[first])
        return free[:, ::-1].cumsum(axis=1)[:, ::-1] + full[::-1].cumsum(axis=0)[::-1]

    stopped = over_days(np.arange(len(days) + 1, dtype=np.float64))
    legitimate = np.bincount(events.scores[~events.fraud], minlength=_SIZE).astype(np.float64)
    return _Grid(
        missed=losses[-1] - over_days(losses),
        reviews=stopped - (reached - first).sum(axis=0),
        blocked_legitimate=np.cumsum(legitimate[::-1])[::-1],
        days=events.day_count,
    )


def _add_at(review: Ints, block: Ints, values: Floats) -> Floats:
    """Return the sums of values by pair, shape (1002, 1002); a review of -1 stands for none."""
    kept = review >= 0
    flat = review[kept] * _SIZE + block[kept]
    return np.bincount(flat, values[kept], minlength=_SIZE * _SIZE).reshape(_SIZE, _SIZE)


def _cheapest(cost: Floats) -> tuple[int, int]:
    """Return the pair of least cost; of equal ones the highest review threshold, then the highest block threshold."""
    legal = np.triu(np.ones(cost.shape, dtype=bool))
    legal[0] = False  # approve is the outcome of score 0
    allowed = np.where(legal, cost, np.inf)
    ties = np.flatnonzero(allowed == allowed.min())
    return int(ties[-1]) // _SIZE, int(ties[-1]) % _SIZE


@dataclass(frozen=True)
class Sensitivity:
    """The thresholds that would be cheapest if the price ``cost`` were ``factor`` times as high.

    ``regret`` is what the chosen thresholds would cost more than these, in money per day.
    """

    cost: str
    factor: float
    review_from: int
    block_from: int
    regret: float


@dataclass(frozen=True)
class ThresholdChoice:
    """The cheapest thresholds, the cost of a day there, and how it changes with each threshold and with the prices.

    ``curves`` has lists of [score, cost per day], every five scores: ``one_threshold`` blocks from there and reviews
    nothing; ``review`` and ``block`` move one threshold with the other as chosen.
    """

    costs: Costs
    reviews_per_day: int
    balance: DailyBalance
    curves: Mapping[str, list[list[float]]]
    sensitivities: tuple[Sensitivity, ...]
    unpriced_frauds: int

    @property
    def review_from(self) -> int:
        """The least score to review; `NEVER` or ``block_from`` where nothing is reviewed."""
        return self.balance.review_from

    @property
    def block_from(self) -> int:
        """The least score to block; `NEVER` where nothing is blocked."""
        return self.balance.block_from


def choose_thresholds(events: PricedEvents, costs: Costs, reviews_per_day: int) -> ThresholdChoice:
    """Choose the thresholds 1 to 1000, or `NEVER`, at which ``events`` cost least, as `measure_balance` counts.

    Of pairs that cost the same the one with the highest review threshold is chosen, and of those the one with the
    highest block threshold: it affects the fewest people.
    """
    grid = _tabulate(events, reviews_per_day)
    cost = grid.cost(costs)
    review_from, block_from = _cheapest(cost)
    return ThresholdChoice(
        costs=costs,
        reviews_per_day=reviews_per_day,
        balance=measure_balance(events, costs, reviews_per_day, review_from, block_from),
        curves=_draw_curves(grid.per_day(cost), review_from, block_from),
        sensitivities=tuple(
            _measure_sensitivity(grid, costs, name, factor, (review_from, block_from))
            for name in COST_NAMES
            for factor in WRONG_BY
        ),
        unpriced_frauds=events.unpriced_frauds,
    )


def _draw_curves(cost: Floats, review_from: int, block_from: int) -> dict[str, list[list[float]]]:
    scores = range(0, TOP_SCORE + 1, THRESHOLD_STEP)
    lines = {
        "one_threshold": [(score, cost[score, score]) for score in scores],
        "review": [(score, cost[score, block_from]) for score in scores if score <= block_from],
        "block": [(score, cost[review_from, score]) for score in scores if score >= review_from],
    }
    return {name: [[score, round(float(money), 4)] for score, money in line] for name, line in lines.items()}


def _measure_sensitivity(grid: _Grid, costs: Costs, name: str, factor: float, chosen: tuple[int, int]) -> Sensitivity:
    if name == "missed_fraud":
        cost = grid.cost(costs, factor)
    else:
        cost = grid.cost(replace(costs, **{name: factor * getattr(costs, name)}))
    best = _cheapest(cost)
    return Sensitivity(name, factor, *best, regret=float(grid.per_day(cost[chosen] - cost[best])))


def apply_thresholds(outcomes: Sequence[Outcome], choice: ThresholdChoice) -> tuple[Outcome, ...]:
    """Return the outcomes with the chosen scores for review and block, without those that no score reaches now."""
    scores = {"review": choice.review_from, "block": choice.block_from}
    placed = [replace(outcome, from_score=scores.get(outcome.name, outcome.from_score)) for outcome in outcomes]
    ends = [*(outcome.from_score for outcome in placed[1:]), NEVER]
    return tuple(outcome for outcome, end in zip(placed, ends, strict=True) if outcome.from_score < min(end, NEVER))
