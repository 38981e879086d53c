"""Costs of thresholds: missed fraud, reviews and wrong blocks, at prices that the reader sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.api.client import Json
from app.components.score_table import NEVER, STEP, TOP, ScoreTable


@dataclass(frozen=True)
class Prices:
    """Price of a review, a wrong block and a missed fraud; ``missed`` is None if that is the fraud's own amount."""

    review: float
    wrong_block: float
    missed: float | None


@dataclass(frozen=True)
class Cost:
    """Cost per day."""

    missed: float
    reviews: float
    wrong_blocks: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.missed + self.reviews + self.wrong_blocks


def read_prices(money: Json | None) -> Prices:
    """Return the prices in the detector file, or the defaults."""
    costs = (money or {}).get("costs") or {}
    missed = costs.get("missed_fraud")
    return Prices(
        review=float(costs.get("review") or 5.0),
        wrong_block=float(costs.get("blocked_legitimate") or 50.0),
        missed=float(missed) if isinstance(missed, int | float) else None,
    )


def price(table: ScoreTable, review_from: int, block_from: int, prices: Prices) -> Cost:
    """Return the cost per day if scores from ``review_from`` are reviewed and those from ``block_from`` blocked.

    A review finds every fraud. Either may be `NEVER`.
    """
    acted, blocked = table.at(min(review_from, block_from)), table.at(block_from)
    missed = table.all.frauds - acted.frauds
    amount = (table.all.fraud_amount or 0.0) - (acted.fraud_amount or 0.0)
    reviewed = acted.frauds + acted.legitimate - blocked.frauds - blocked.legitimate
    days = table.days or 1
    return Cost(
        missed=(amount if prices.missed is None else missed * prices.missed) / days,
        reviews=reviewed * prices.review / days,
        wrong_blocks=blocked.legitimate * prices.wrong_block / days,
    )


def sweep(table: ScoreTable, block_from: int, prices: Prices, *, blocks_alone: bool) -> Iterator[tuple[int, Cost]]:
    """Yield the cost per day of each lower threshold; with ``blocks_alone``, it blocks and nothing is reviewed."""
    for score in range(0, TOP + STEP, STEP):
        block = score if blocks_alone else max(block_from, score)
        yield score, price(table, score, block, prices)


def cheapest(table: ScoreTable, prices: Prices, *, blocks_alone: bool) -> tuple[int, int]:
    """Return the cheapest thresholds for review and block; `NEVER` for an action that never pays."""
    steps = range(0, NEVER + STEP, STEP)
    if blocks_alone:
        best = min(steps, key=lambda score: price(table, score, score, prices).total)
        return best, best
    # The cost of reviews below a score does not depend on the block threshold, so the best one below it is kept.
    pairs, low = [], 0
    for high in steps:
        low = min((low, high), key=lambda score: price(table, score, NEVER, prices).total)
        pairs.append((low, high))
    return min(pairs, key=lambda pair: price(table, pair[0], pair[1], prices).total)
