"""Sentences of reasons: the value of a feature, compared with what is usual for this customer, device or merchant.

Sums over a history fade, so sentences round them and say "recent" of what they count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol, TypeAlias

from tollgate.core.features.feature import TOO_FAINT, Feature
from tollgate.core.history.sum_kinds import SumKind

# A faded count below this is none, and one below the other hardly any.
_NOTHING, _HARDLY_ANY = 0.05, 0.5
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NO_AMOUNT = "The payment has no amount."


class SentenceContext(Protocol):
    """What sentences read of an event and its histories, as of the moment before the event. NaN is unknown.

    ``who`` is an entity in words, ``length`` a half-life in words, ``money`` an amount with its currency; ``longest``
    is the place of the longest half-life. ``read`` gives what the formula of an operation does, ``usual_amount`` the
    entity and half-life whose usual amount the amount is compared with.
    """

    @property
    def amount(self) -> float: ...  # noqa: D102
    @property
    def time_us(self) -> int: ...  # noqa: D102
    @property
    def longest(self) -> int: ...  # noqa: D102
    @property
    def currency(self) -> str | None: ...  # noqa: D102
    def number(self, column: str) -> float: ...  # noqa: D102
    def is_boolean(self, column: str) -> bool: ...  # noqa: D102
    def category(self, column: str) -> str | None: ...  # noqa: D102
    def share_in_training(self, column: str, value: str) -> float | None: ...  # noqa: D102
    def who(self, entity: str) -> str: ...  # noqa: D102
    def length(self, half_life: int) -> str: ...  # noqa: D102
    def keeps(self, entity: str, kind: SumKind, half_life: int) -> bool: ...  # noqa: D102
    def sum_of(self, entity: str, kind: SumKind, half_life: int) -> float: ...  # noqa: D102
    def read(self, entity: str, operation: str, half_life: int) -> float: ...  # noqa: D102
    def usual_amount(self) -> tuple[str, int] | None: ...  # noqa: D102


Sentence: TypeAlias = Callable[[SentenceContext, Feature], str]


def _money(here: SentenceContext, amount: float) -> str:
    """Return an amount such as $1,234.50, CHF 80.00, or 80.00 where no currency is declared."""
    symbol = _SYMBOLS.get(here.currency or "", f"{here.currency} " if here.currency else "")
    return f"{'-' if amount < 0 else ''}{symbol}{abs(amount):,.2f}"


def _times(factor: float) -> str:
    """Return a factor as "3.1 times", or "20% of" where it is below 1."""
    return f"{factor:.0%} of" if factor < 1 else f"{factor:,.1f} times" if factor < 100 else f"{factor:,.0f} times"


def _compare_amount(here: SentenceContext, entity: str, half_life: int) -> str:
    if math.isnan(here.amount):
        return _NO_AMOUNT
    amount, who = _money(here, here.amount), here.who(entity)
    usual = here.read(entity, "mean_amount", half_life)
    if math.isnan(usual):
        return f"The amount is {amount}. There are too few earlier payments with this {who} to know its usual amount."
    usual_amount = f"this {who}'s usual amount of {_money(here, usual)}"
    if usual <= 0 or here.amount <= 0:
        return f"The amount is {amount}, compared with {usual_amount}."
    factor = here.amount / usual
    if 0.95 <= factor < 1.05:
        return f"The amount of {amount} is close to {usual_amount}."
    return f"The amount of {amount} is {_times(factor)} {usual_amount}."


def compare_amount(here: SentenceContext, feature: Feature) -> str:
    """Compare the amount with what is usual for the feature's entity."""
    return _compare_amount(here, feature.source, feature.half_life)


def say_amount(here: SentenceContext, _feature: Feature) -> str:
    """Compare the amount with what is usual for the first entity that has a usual amount."""
    compared = here.usual_amount()
    if compared is not None:
        return _compare_amount(here, *compared)
    return _NO_AMOUNT if math.isnan(here.amount) else f"The amount is {_money(here, here.amount)}."


def velocity(count: SumKind) -> Sentence:
    """Return the sentence on how fast payments come compared with the usual, or how many there are."""

    def say(here: SentenceContext, feature: Feature) -> str:
        entity, who, half_life = feature.source, here.who(feature.source), feature.half_life
        remembered = here.longest if here.keeps(entity, count, here.longest) else half_life
        if here.sum_of(entity, count, remembered) < TOO_FAINT:
            return f"There are no earlier payments with this {who}."
        over = f"(half-life {here.length(half_life)})"
        if remembered == half_life:
            total = here.sum_of(entity, count, half_life)
            return f"There {_were(total)} {_payments(total).lower()} with this {who} {over}."
        pace = here.read(entity, "pace", half_life)
        if pace < 0.01:
            return f"There were hardly any recent payments with this {who}, far fewer than usual {over}."
        rate = "about the usual rate" if 0.95 <= pace < 1.05 else f"{_times(pace)} the usual rate"
        return f"Payments with this {who} are arriving at {rate} {over}."

    return say


def counted(kind: SumKind, what: str) -> Sentence:
    """Return the sentence on how many recent payments ``what`` is true of, which one sum counts."""

    def say(here: SentenceContext, feature: Feature) -> str:
        total = here.sum_of(feature.source, kind, feature.half_life)
        who, length = here.who(feature.source), here.length(feature.half_life)
        return f"{_payments(total)} with this {who} {_were(total)} {what} (half-life {length})."

    return say


def _payments(total: float) -> str:
    if total < _HARDLY_ANY:
        return "No recent payments" if total < _NOTHING else "Hardly any recent payments"
    return f"About {total:,.0f} recent payment{'' if _is_one(total) else 's'}"


def _were(total: float) -> str:
    return "was" if total >= _HARDLY_ANY and _is_one(total) else "were"


def _is_one(total: float) -> bool:
    return f"{total:.0f}" == "1"


def excess_amounts(kind: SumKind) -> Sentence:
    """Return the sentence on how far recent amounts were above the usual, in unusually large payments."""

    def say(here: SentenceContext, feature: Feature) -> str:
        total = here.sum_of(feature.source, kind, feature.half_life)
        who, length = here.who(feature.source), here.length(feature.half_life)
        if total < _NOTHING:
            return f"Recent payments with this {who} were not far above the usual amount (half-life {length})."
        return (
            f"Recent payments with this {who} were above the usual amount, together by as much as {total:,.1f} "
            f"unusually large payments (half-life {length})."
        )

    return say


def confirmed_fraud(fraud: SumKind, legitimate: SumKind, amounts: str = "") -> Sentence:
    """Return the sentence on the share of fraud among recent payments whose outcome is known, or on their number."""
    count = counted(fraud, f"confirmed as fraud{amounts}")

    def say(here: SentenceContext, feature: Feature) -> str:
        entity, half_life = feature.source, feature.half_life
        frauds = here.sum_of(entity, fraud, half_life)
        if frauds < _NOTHING or not here.keeps(entity, legitimate, half_life):
            return count(here, feature)
        share = frauds / (frauds + max(here.sum_of(entity, legitimate, half_life), 0.0))
        return (
            f"Of the recent payments with this {here.who(entity)} that have a known outcome, {share:.1%} were "
            f"fraud{amounts} (half-life {here.length(half_life)})."
        )

    return say


def distance(here: SentenceContext, feature: Feature) -> str:
    """Say how far from the usual location the payment was made."""
    who, distance_km = here.who(feature.source), here.read(feature.source, "distance_km", feature.half_life)
    if math.isnan(distance_km):
        return f"The location of the payment or this {who}'s usual location is unknown."
    return f"The payment was made {distance_km:,.0f} km from this {who}'s usual location."


def time_of_day(here: SentenceContext, _feature: Feature) -> str:
    """Say at what time the payment was made."""
    minutes = here.time_us // 60_000_000 % 1440
    return f"The payment was made at {minutes // 60:02}:{minutes % 60:02} UTC."


def day_of_week(here: SentenceContext, _feature: Feature) -> str:
    """Say on what day of the week the payment was made."""
    # 1 January 1970 was a Thursday.
    return f"The payment was made on a {_DAYS[(here.time_us // 86_400_000_000 + 3) % 7]} (UTC)."


def number(here: SentenceContext, feature: Feature) -> str:
    """Say the value of a numeric or boolean column."""
    value = here.number(feature.source)
    if math.isnan(value):
        return f"{feature.source} is missing."
    if here.is_boolean(feature.source):
        return f"{feature.source} is {'true' if value else 'false'}."
    return f"{feature.source} is {value:,.6g}."


def category(here: SentenceContext, feature: Feature) -> str:
    """Say the value of a categorical column, and how common it was in training."""
    column = feature.source
    value = here.category(column)
    if value is None:
        return f"{column} is missing."
    share = here.share_in_training(column, value)
    if share is None:
        return f"{column} is {value}, a value that does not occur in the training data."
    return f"{column} is {value}, as in {share:.1%} of the payments in the training data."
