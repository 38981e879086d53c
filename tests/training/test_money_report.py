from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tollgate.core.detectors.costs import Costs

from model_build.evaluation.cost_report import SealedBalance, describe_choice, report_money
from model_build.evaluation.costs import NEVER, PricedEvents, measure_balance
from model_build.evaluation.thresholds import ThresholdChoice, choose_thresholds

COSTS = Costs()


def price(*groups: tuple[int, int, int, float], day: int = 0) -> PricedEvents:
    """Groups are (how many, label, score, amount)."""
    sizes, labels, scores, amounts = zip(*groups, strict=True)
    labels_of = np.repeat(np.array(labels, dtype=np.int8), sizes)
    days = np.full(len(labels_of), day)
    return PricedEvents.of(labels_of, np.repeat(scores, sizes), np.repeat(np.array(amounts), sizes), days, COSTS)


# Blocked 12, reviewed 84; three frauds lie below more payments than a day's reviews reach.
EVENTS = price(
    *((11, 1, 981, 100.0), (1, 0, 981, 9.0)),
    *((20, 1, 912, 80.0), (64, 0, 912, 9.0)),
    *((500, 0, 60, 1.0), (3, 1, 50, 120.0)),
)


@pytest.fixture(scope="module")
def choice() -> ThresholdChoice:
    return choose_thresholds(EVENTS, COSTS, 100)


def test_the_first_sentence_says_what_to_do_and_what_it_saves(choice: ThresholdChoice) -> None:
    words = describe_choice(choice, "USD")
    assert words[0] == (
        "Review from 912, block from 981: on the validation part, 84 reviews and 12 blocks a day, 31 of 34 frauds a "
        "day caught, which saves 2,230 USD a day against approving everything."
    )
    assert words[1] == (
        "On the validation part, these thresholds cost 830 USD a day: 420 USD for reviews, "
        "50 USD for 1 wrong block, 360 USD for missed frauds. "
        "Approving everything costs 3,060 USD a day."
    )


def test_what_is_sealed_comes_first_and_then_what_would_cost_less(choice: ThresholdChoice) -> None:
    sealed = SealedBalance(measure_balance(EVENTS, COSTS, 100, 950, 975))
    words = describe_choice(choice, "USD", None, sealed)
    assert words[0] == (
        "Sealed: review from 950, block from 975: on the validation part, 0 reviews and 12 blocks a day, 11 of 34 "
        "frauds a day caught, which saves 1,050 USD a day against approving everything."
    )
    assert words[1].startswith(
        "Recommended: review from 912, block from 981: on the validation part, 84 reviews and 12 blocks a day, "
    )
    assert words[1].endswith(
        'less than with the sealed thresholds. To use them, set review = "cost" and block = "cost" in [outcomes].'
    )
    assert words[2].startswith("On the validation part, the sealed thresholds cost 2,010 USD a day: ")


def test_what_is_sealed_and_costs_least_is_said_once(choice: ThresholdChoice) -> None:
    words = describe_choice(choice, "USD", None, SealedBalance(choice.balance))
    assert words[0].startswith("Sealed with the cheapest thresholds, review from 912, block from 981: ")
    assert not any("Recommended" in sentence for sentence in words)


def test_money_without_a_currency_is_a_number(choice: ThresholdChoice) -> None:
    assert "which saves 2,230 a day against" in describe_choice(choice, None)[0]


def test_defaults_are_said_to_be_defaults(choice: ThresholdChoice) -> None:
    assert not any("efault" in line for line in describe_choice(choice, "USD"))
    guessed = replace(choice, costs=Costs(defaults=("review", "blocked_legitimate")))
    assert describe_choice(guessed, "USD")[2].endswith(
        "Not set in [costs], so defaults apply: review, blocked_legitimate."
    )


@pytest.mark.parametrize(
    ("review_from", "block_from", "said"),
    [
        (940, NEVER, "Review from 940, block nothing: "),
        (960, 960, "Review nothing, block from 960: "),
        (NEVER, NEVER, "Approve everything: "),
    ],
)
def test_a_threshold_out_of_reach_is_said_in_words(
    choice: ThresholdChoice, review_from: int, block_from: int, said: str
) -> None:
    moved = replace(choice, balance=measure_balance(EVENTS, COSTS, 100, review_from, block_from))
    assert describe_choice(moved, "USD")[0].startswith(said)


def test_reviews_that_ran_out_and_frauds_without_a_loss_are_said() -> None:
    events = price((10, 1, 950, 80.0), (30, 0, 950, 5.0), (2, 1, 940, float("nan")), (1, 1, 940, -5.0))
    said = " ".join(describe_choice(choose_thresholds(events, COSTS, 39), None))
    assert "1 event a day had the outcome review but passed unreviewed, as the limit is 39 reviews a day." in said
    assert "3 frauds without an amount, or with a negative one, count as no loss." in said


def test_the_price_that_matters_most_is_named_with_what_it_would_cost(choice: ThresholdChoice) -> None:
    worst = max(choice.sensitivities, key=lambda told: told.regret)
    assert worst.regret > 0
    (said,) = (line for line in describe_choice(choice, "USD") if line.startswith("Most sensitive to the cost of "))
    assert f"would save {worst.regret:,.0f} USD a day compared with review from 912, block from 981" in said
    certain = replace(choice, sensitivities=tuple(replace(told, regret=0.0) for told in choice.sensitivities))
    assert any("stay the same" in line for line in describe_choice(certain, "USD"))


def test_a_test_part_that_lost_money_says_so(choice: ThresholdChoice) -> None:
    later = measure_balance(price((4, 0, 990, 5.0), (1, 1, 990, 30.0), day=9), COSTS, 100, 912, 981)
    assert describe_choice(choice, "USD", later)[-1] == (
        "On the later test part, not used for the choice: 0 reviews and 5 blocks a day, 1 of 1 fraud a day caught, "
        "which costs 170 USD a day more than approving everything."
    )


def test_the_report_is_json_with_null_for_what_nothing_reaches(choice: ThresholdChoice) -> None:
    report = report_money(choice, "USD", choice.balance)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["validation"]["saved"] == report["test"]["saved"] == 2230
    assert report["words"] == list(describe_choice(choice, "USD", choice.balance))
    assert [(row["cost"], row["factor"]) for row in report["sensitivity"]] == [
        (cost, factor) for cost in ("missed_fraud", "review", "blocked_legitimate") for factor in (0.5, 2.0)
    ]
    nothing = report_money(choose_thresholds(price((3, 0, 900, 1.0)), COSTS, 5), None)
    assert nothing["test"] is None
    assert nothing["sealed"] is None
    rows = [nothing["validation"], *nothing["sensitivity"]]
    assert {(row["review_from"], row["block_from"]) for row in rows} == {(None, None)}
