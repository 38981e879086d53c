"""Unusual amounts: how far an amount goes beyond what is usual for an entity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from tollgate.core.events.event import Floats
from tollgate.core.features.arithmetic import COLUMNS, Arithmetic

# Excess is kept in steps of one over this.
EXCESS_STEPS = 1e4
# The most excess: larger amounts tell no more.
MAX_EXCESS = 9.0
# Excess begins at this share of what is unusually large.
_BEGINS_AT = 0.7
# An entity that has (faded) fewer events than this has no usual amount yet.
_MIN_EVENTS = 3.0


@dataclass(frozen=True)
class UnusualAmountRule:
    """Which amounts are unusually large: ``times`` what is usual for an entity or more, or above a fixed amount.

    ``entity`` judges, by its mean over the longest half-life once it has made a few events.
    """

    entity: str
    times: float
    amount: float | None = None


def excess_of(m: Arithmetic, rule: UnusualAmountRule, amount: Any, count: Any, amounts: Any) -> Any:  # noqa: ANN401 - columns, or numbers
    """Return how far an amount goes beyond the usual, from 0 to `MAX_EXCESS`: 1 is unusually large.

    ``count`` and ``amounts`` are the faded sums of the entity's events and of their amounts. Excess rises from 0, at
    70 % of what is unusually large, with the square of the distance, as the evidence against a normal habit does; an
    amount above the fixed one has the most.
    """
    # Where refunds are usual the usual amount is nothing, and any payment infinitely more.
    large = m.maximum(amounts, 0.0) * rule.times
    share = m.where(amount > 0.0, m.divide(amount * count, large), 0.0)
    beyond = m.minimum(m.maximum((share - _BEGINS_AT) / (1.0 - _BEGINS_AT), 0.0), MAX_EXCESS)
    excess = m.minimum(beyond * beyond, MAX_EXCESS)
    # What is not known is not unusual: neither without an amount, nor without a history.
    excess = m.where(count >= _MIN_EVENTS, excess, 0.0)
    excess = m.where(excess == excess, excess, 0.0)  # noqa: PLR0124 - only NaN differs from itself
    if rule.amount is not None:
        excess = m.where(amount > rule.amount, MAX_EXCESS, excess)
    return m.rint(excess * EXCESS_STEPS) / EXCESS_STEPS


def unusual(m: Arithmetic, excess: Any) -> Any:  # noqa: ANN401 - columns, or numbers
    """Return 1 for an unusually large amount, else 0, from its excess."""
    return m.where(excess >= 1.0, 1.0, 0.0)


def is_unusual(excess: Floats) -> Floats:
    """Return 1 for events with an unusually large amount, else 0, shape (n,)."""
    return cast(Floats, unusual(COLUMNS, excess))
