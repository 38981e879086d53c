"""Kinds of sums: what each adds up, in which units it is stored, and what adds to it. A new kind begins here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

import numpy as np

from tollgate.core.events.event import Events, Floats
from tollgate.core.features.arithmetic import COLUMNS, PLAIN, Arithmetic
from tollgate.core.history.unusual_amounts import EXCESS_STEPS, unusual

# Larger amounts count as this much in a history (the event itself keeps its amount).
AMOUNT_CAP = 1e8


class SumKind(StrEnum):
    """A kind of sum. Its value is the letter that stands in stored names and in sealed versions: it never changes.

    A new kind takes a letter that no kind has here, and no other name in `stored_names`.
    """

    COUNT = "n"
    AMOUNT = "a"
    SQUARED_AMOUNT = "s"
    UNUSUAL = "u"
    EXCESS = "w"
    FRAUD = "f"
    ORDINARY_FRAUD = "v"
    LEGITIMATE = "l"
    X = "x"
    Y = "y"
    Z = "z"

    # That of the letter, so that kinds are found by it too.
    __hash__ = str.__hash__


class AddedBy(Enum):
    """What adds to a sum, and whose date its addition has: an event, its label as fraud, or its proof as legitimate."""

    EVENT = "event"
    FRAUD = "fraud"
    LEGITIMATE = "legitimate"


@dataclass(frozen=True)
class Addends:
    """What events add: columns of n of them, or the plain numbers of one. None where nothing is declared.

    Amounts are capped at `AMOUNT_CAP`; ``point`` is a place on the unit sphere.
    """

    one: Any
    excess: Any
    amount: Any = None
    point: Any = None

    @classmethod
    def columns(cls, events: Events, excess: Floats) -> Addends:
        """Return what n events add."""
        points = None if events.latitudes is None or events.longitudes is None else events.points
        amounts = None if events.amounts is None else _cap(COLUMNS, events.amounts)
        return cls(np.ones(len(events)), excess, amounts, points)

    @classmethod
    def numbers(cls, event: Events, excess: float) -> Addends:
        """Return what one event adds."""
        nowhere = event.latitudes is None or event.longitudes is None
        point = None if nowhere else [column.item() for column in event.points]
        return cls(1.0, excess, None if event.amounts is None else _cap(PLAIN, event.amounts.item()), point)


def _cap(m: Arithmetic, amount: Any) -> Any:  # noqa: ANN401 - columns, or numbers
    return m.minimum(m.maximum(amount, -AMOUNT_CAP), AMOUNT_CAP)


@dataclass(frozen=True)
class SumRule:
    """A kind of sum: how many ``units`` one whole is, what ``value`` it adds of an event, and what adds to it.

    ``needs`` names the field of `Addends` without which the kind is not kept.
    """

    units: float
    value: Callable[[Arithmetic, Addends], Any]
    by: AddedBy = AddedBy.EVENT
    needs: str = "one"


# A payment is kept to 1/10,000, an amount to the cent, a squared amount to the whole, a place on the unit sphere to 6
# meters. DynamoDB holds 38 digits (emulators 28); the largest single addition has 26.
SUM_RULES: Mapping[SumKind, SumRule] = {
    SumKind.COUNT: SumRule(1e4, lambda _, added: added.one),
    SumKind.AMOUNT: SumRule(1e2, lambda _, added: added.amount, needs="amount"),
    SumKind.SQUARED_AMOUNT: SumRule(1.0, lambda _, added: added.amount * added.amount, needs="amount"),
    SumKind.UNUSUAL: SumRule(1e4, lambda m, added: unusual(m, added.excess)),
    SumKind.EXCESS: SumRule(EXCESS_STEPS, lambda _, added: added.excess),
    SumKind.FRAUD: SumRule(1e4, lambda _, added: added.one, AddedBy.FRAUD),
    SumKind.ORDINARY_FRAUD: SumRule(1e4, lambda m, added: added.one - unusual(m, added.excess), AddedBy.FRAUD),
    SumKind.LEGITIMATE: SumRule(1e4, lambda _, added: added.one, AddedBy.LEGITIMATE),
    SumKind.X: SumRule(1e6, lambda _, added: added.point[0], needs="point"),
    SumKind.Y: SumRule(1e6, lambda _, added: added.point[1], needs="point"),
    SumKind.Z: SumRule(1e6, lambda _, added: added.point[2], needs="point"),
}
UNITS: Mapping[SumKind, float] = {kind: rule.units for kind, rule in SUM_RULES.items()}
_BY: Mapping[AddedBy, Sequence[tuple[SumKind, SumRule]]] = {
    by: [(kind, rule) for kind, rule in SUM_RULES.items() if rule.by is by] for by in AddedBy
}


def kinds_by(by: AddedBy) -> tuple[SumKind, ...]:
    """Return the kinds of sums that events, or labels, add to."""
    return tuple(kind for kind, _ in _BY[by])


def summed_numbers(event: Events, excess: float) -> dict[SumKind, float]:
    """Return what one event adds to each kind of sum that it can add to."""
    return _summed(Addends.numbers(event, excess), AddedBy.EVENT)


def summed_by_fraud(excess: float) -> dict[SumKind, float]:
    """Return what one fraud adds."""
    return _summed(Addends(1.0, excess), AddedBy.FRAUD)


def _summed(added: Addends, by: AddedBy) -> dict[SumKind, float]:
    return {kind: rule.value(PLAIN, added) for kind, rule in _BY[by] if getattr(added, rule.needs) is not None}
