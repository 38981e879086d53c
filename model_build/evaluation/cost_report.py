"""Cost report on the choice of thresholds, as sentences and as JSON, with warnings about a model that does not help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model_build.evaluation.costs import NEVER, DailyBalance
from model_build.evaluation.thresholds import Sensitivity, ThresholdChoice
from model_build.models.registry import Labels

_PRICES = {"missed_fraud": "a missed fraud", "review": "a review", "blocked_legitimate": "a wrong block"}
# Standard deviations on each side of a 95% confidence interval.
_HALF_WIDTH = 1.96
_FACTORS = {0.5: "half as high", 2.0: "twice as high"}


@dataclass(frozen=True)
class SealedBalance:
    """Costs of the sealed thresholds on the validation part, where thresholds are chosen, and on the test part.

    ``test`` is None where there are no later events.
    """

    validation: DailyBalance
    test: DailyBalance | None = None


def report_money(
    choice: ThresholdChoice,
    currency: str | None,
    test: DailyBalance | None = None,
    sealed: SealedBalance | None = None,
) -> dict[str, Any]:
    """Return the choice of thresholds as JSON; ``test`` is the balance of the chosen thresholds on later events.

    ``sealed`` is None where the outcomes of the version are not review and block. Thresholds that nothing reaches are
    null; money is per day, in the currency of the amount.
    """
    return {
        "currency": currency,
        "costs": choice.costs.to_json(),
        "reviews_per_day": choice.reviews_per_day,
        "unpriced_frauds": choice.unpriced_frauds,
        "validation": choice.balance.to_json(),
        "test": None if test is None else test.to_json(),
        "sealed": None if sealed is None else _sealed_to_json(sealed),
        "curves": dict(choice.curves),
        "sensitivity": [_sensitivity_to_json(sensitivity) for sensitivity in choice.sensitivities],
        "words": list(describe_choice(choice, currency, test, sealed)),
    }


def _sealed_to_json(sealed: SealedBalance) -> dict[str, Any]:
    return {
        "validation": sealed.validation.to_json(),
        "test": None if sealed.test is None else sealed.test.to_json(),
    }


def _sensitivity_to_json(sensitivity: Sensitivity) -> dict[str, Any]:
    review_from, block_from = sensitivity.review_from, sensitivity.block_from
    return asdict(sensitivity) | {
        "review_from": None if review_from == block_from else review_from,
        "block_from": None if block_from == NEVER else block_from,
        "regret": round(sensitivity.regret, 4),
    }


def describe_choice(
    choice: ThresholdChoice,
    currency: str | None,
    test: DailyBalance | None = None,
    sealed: SealedBalance | None = None,
) -> tuple[str, ...]:
    """Return sentences on the choice: first the sealed thresholds, then the cheapest ones.

    ``test`` is the balance of the chosen thresholds on later events. Without ``sealed`` the choice stands alone.
    """
    return tuple(_describe_costs(choice, f" {currency}" if currency else "", test, sealed))


def _describe_costs(
    choice: ThresholdChoice, unit: str, test: DailyBalance | None, sealed: SealedBalance | None
) -> Iterator[str]:
    costs = choice.costs
    in_use = choice.balance if sealed is None else sealed.validation
    yield from _describe_thresholds(choice, in_use, unit, is_sealed=sealed is not None)
    whose = "the sealed thresholds" if sealed is not None else "these thresholds"
    yield (
        f"On the validation part, {whose} cost {_money(in_use.total_cost, unit)} a day: "
        f"{_money(in_use.review_cost, unit)} for reviews, "
        f"{_money(in_use.blocked_legitimate_cost, unit)} for {_count(in_use.blocked_legitimate, 'wrong block')}, "
        f"{_money(in_use.missed_loss, unit)} for missed frauds. Approving everything costs "
        f"{_money(in_use.approve_all_cost, unit)} a day."
    )
    missed = "its amount" if costs.missed_fraud is None else _money(costs.missed_fraud, unit)
    defaults = f" Not set in [costs], so defaults apply: {', '.join(costs.defaults)}." if costs.defaults else ""
    yield (
        f"A missed fraud costs {missed}, a review {_money(costs.review, unit)}, and a wrong block "
        f"{_money(costs.blocked_legitimate, unit)}.{defaults}"
    )
    if in_use.unreviewed:
        yield (
            f"{_count(in_use.unreviewed, 'event')} a day had the outcome review but passed unreviewed, as the limit is "
            f"{_count(choice.reviews_per_day, 'review')} a day."
        )
    if choice.unpriced_frauds:
        yield f"{choice.unpriced_frauds:,} frauds without an amount, or with a negative one, count as no loss."
    yield _describe_sensitivity(choice, unit)
    later = test if sealed is None else sealed.test
    if later:
        yield f"On the later test part, not used for the choice: {_describe_balance(later, unit)}."


def _describe_thresholds(choice: ThresholdChoice, in_use: DailyBalance, unit: str, *, is_sealed: bool) -> Iterator[str]:
    best = choice.balance
    if (in_use.review_from, in_use.block_from) == (best.review_from, best.block_from):
        name = _name(best.review_from, best.block_from)
        named = f"Sealed with the cheapest thresholds, {name}" if is_sealed else name.capitalize()
        yield f"{named}: {_describe_validation(best, unit)}."
        return
    yield f"Sealed: {_name(in_use.review_from, in_use.block_from)}: {_describe_validation(in_use, unit)}."
    yield (
        f"Recommended: {_name(best.review_from, best.block_from)}: {_describe_validation(best, unit)}. A day costs "
        f"{_money(in_use.total_cost - best.total_cost, unit)} less than with the sealed thresholds. To use them, set "
        'review = "cost" and block = "cost" in [outcomes].'
    )


def _describe_validation(balance: DailyBalance, unit: str) -> str:
    return f"on the validation part, {_describe_balance(balance, unit)}"


def _describe_balance(balance: DailyBalance, unit: str) -> str:
    money = f"{_money(abs(balance.saved), unit)} a day"
    saved = f"which saves {money} against" if balance.saved >= 0 else f"which costs {money} more than"
    return (
        f"{_count(balance.reviews, 'review')} and {_count(balance.blocked, 'block')} a day, "
        f"{_count(balance.frauds_caught)} of {_count(balance.frauds_caught + balance.frauds_missed, 'fraud')} a day "
        f"caught, {saved} approving everything"
    )


def _describe_sensitivity(choice: ThresholdChoice, unit: str) -> str:
    worst = max(choice.sensitivities, key=lambda sensitivity: sensitivity.regret)
    if worst.regret <= 0:
        return "The cheapest thresholds stay the same if any one of the costs is half or twice as high."
    best = _name(worst.review_from, worst.block_from)
    chosen, less = _name(choice.review_from, choice.block_from), _money(worst.regret, unit)
    return (
        f"Most sensitive to the cost of {_PRICES[worst.cost]}: if it were {_FACTORS[worst.factor]}, {best} would save "
        f"{less} a day compared with {chosen}."
    )


def _name(review_from: int, block_from: int) -> str:
    if review_from == NEVER:
        return "approve everything"
    review = "review nothing" if review_from == block_from else f"review from {review_from}"
    return f"{review}, block {'nothing' if block_from == NEVER else f'from {block_from}'}"


def _count(number: float, noun: str = "") -> str:
    """Write a number to two digits or to the unit, with its noun."""
    text = f"{number:,.0f}" if number >= 9.95 else f"{number:.2g}"
    return f"{text} {noun}{'' if text == '1' else 's'}" if noun else text


def _money(money: float, unit: str) -> str:
    return f"{money:,.0f}{unit}" if money >= 100 or money == round(money) else f"{money:,.2f}{unit}"


def note_model_worth(auc: float, labels: Labels, money: Mapping[str, Any] | None, *, from_cost: bool) -> Iterator[str]:
    """Yield a warning if the model may be no better than chance, and one if the thresholds cost more than they save.

    ``labels`` are those of the test part, ``auc`` is the model's there; ``money`` is what `report_money` returns.
    ``from_cost`` says that the thresholds are those that cost least on the validation part.
    """
    frauds = int((labels == 1).sum())
    low, high = auc_interval(auc, frauds, len(labels) - frauds)
    if low <= 0.5:
        yield (
            f"The sealed model may be no better than chance: on the test part, with {frauds:,} "
            f"{'fraud' if frauds == 1 else 'frauds'}, its AUC is {auc:.3f} (95% interval {low:.2f} to {high:.2f}; 0.5 "
            "is chance). Do not publish it; train with more events, or with columns that separate frauds better."
        )
    sealed = (money or {}).get("sealed") or {}
    losses = {part: -held["saved"] for part, held in sealed.items() if held and held["saved"] < 0}
    if losses:
        spent = " and ".join(f"{cost:,.2f} a day on the {part} part" for part, cost in losses.items())
        remedy = "test on later data before publishing" if from_cost else 'set review = "cost" and block = "cost"'
        where = "" if from_cost else " in [outcomes], or raise the scores"
        yield f"The sealed thresholds cost more than approving everything: {spent}; {remedy}{where}."


def auc_interval(auc: float, frauds: int, legitimate: int) -> tuple[float, float]:
    """Return the 95% confidence interval of an AUC measured on so many frauds and legitimate events.

    Hanley, McNeil: "The meaning and use of the area under a receiver operating characteristic (ROC) curve", Radiology
    1982. It assumes that events are independent.
    """
    # At 0 and 1 the formula has no variance, however few events there are.
    held = min(max(auc, 0.5 / (frauds * legitimate)), 1 - 0.5 / (frauds * legitimate))
    two_frauds, two_legitimate = held / (2 - held), 2 * held**2 / (1 + held)
    spread = held * (1 - held) + (frauds - 1) * (two_frauds - held**2) + (legitimate - 1) * (two_legitimate - held**2)
    half = _HALF_WIDTH * float(np.sqrt(max(spread, 0.0) / (frauds * legitimate)))
    return max(auc - half, 0.0), min(auc + half, 1.0)
