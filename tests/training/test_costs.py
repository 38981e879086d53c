from __future__ import annotations

import tomllib

import numpy as np
import numpy.typing as npt
import pytest
from tollgate.core.detectors.costs import Costs
from tollgate.errors import DetectorFileError

from model_build.detector_file.sections import CostsSection
from model_build.evaluation.costs import NEVER, PricedEvents, measure_balance

COSTS = Costs(review=3.0, blocked_legitimate=20.0)


def price(
    *rows: tuple[int, int, float, int], costs: Costs = COSTS, amounts: npt.NDArray[np.float64] | None = None
) -> PricedEvents:
    """Rows are (label, score, amount, day)."""
    labels, scores, written, days = zip(*rows, strict=True)
    money = np.array(written, dtype=np.float64) if amounts is None else amounts
    return PricedEvents.of(np.array(labels, dtype=np.int8), np.array(scores), money, np.array(days), costs)


def test_a_fraud_costs_its_amount_and_a_legitimate_event_nothing() -> None:
    events = price((1, 0, 12.5, 0), (0, 0, 99.0, 0), (0, 0, np.nan, 0))
    assert events.losses.tolist() == [12.5, 0.0, 0.0]
    assert events.unpriced_frauds == 0


def test_a_fraud_without_an_amount_or_with_a_refund_is_no_loss_and_counted() -> None:
    events = price((1, 0, np.nan, 0), (1, 0, -40.0, 0), (1, 0, 0.0, 0), (0, 0, -5.0, 0))
    assert events.losses.tolist() == [0.0, 0.0, 0.0, 0.0]
    assert events.unpriced_frauds == 2


def test_a_number_for_missed_fraud_holds_for_every_fraud_with_or_without_amounts() -> None:
    costs = Costs(missed_fraud=70.0)
    labels, scores, days = np.array([1, 0, 1], dtype=np.int8), np.array([1, 2, 3]), np.zeros(3, dtype=np.int64)
    for amounts in (None, np.array([np.nan, 5.0, -1.0])):
        events = PricedEvents.of(labels, scores, amounts, days, costs)
        assert events.losses.tolist() == [70.0, 0.0, 70.0]
        assert events.unpriced_frauds == 0


def test_a_fraud_that_nothing_prices_is_refused() -> None:
    with pytest.raises(DetectorFileError, match=r"give missed_fraud in \[costs\] a number"):
        PricedEvents.of(np.ones(1, dtype=np.int8), np.zeros(1, np.int64), None, np.zeros(1, np.int64), Costs())


def test_a_day_in_money_as_by_hand() -> None:
    events = price(
        *((1, 990, 100.0, 0), (0, 985, 10.0, 0)),  # blocked: one rightly, one wrongly
        *((1, 950, 60.0, 0), (0, 900, 10.0, 0)),  # reviewed
        *((1, 899, 30.0, 1), (0, 100, 10.0, 1)),  # approved, on the next day
    )
    balance = measure_balance(events, COSTS, 10, 900, 980)
    assert (balance.review_from, balance.block_from, balance.days) == (900, 980, 2)
    assert (balance.reviews, balance.unreviewed) == (2 / 2, 0)
    assert (balance.blocked, balance.blocked_legitimate) == (2 / 2, 1 / 2)
    assert (balance.frauds_caught, balance.frauds_missed) == (2 / 2, 1 / 2)
    assert (balance.caught_loss, balance.missed_loss) == (160 / 2, 30 / 2)
    assert (balance.review_cost, balance.blocked_legitimate_cost) == (2 * 3 / 2, 20 / 2)
    assert balance.total_cost == (30 + 6 + 20) / 2
    assert balance.approve_all_cost == 190 / 2
    assert balance.saved == balance.approve_all_cost - balance.total_cost


def test_when_reviews_run_out_the_highest_scored_are_reviewed_and_the_others_pass() -> None:
    rows = [(1, 910, 40.0, 0), (0, 930, 1.0, 0), (1, 920, 70.0, 0), (1, 905, 25.0, 1)]
    balance = measure_balance(price(*rows), COSTS, 2, 900, NEVER)
    assert balance.reviews == (2 + 1) / 2
    assert balance.unreviewed == 1 / 2
    assert balance.caught_loss == (70 + 25) / 2
    assert balance.missed_loss == 40 / 2


def test_of_equal_scores_the_earlier_is_reviewed() -> None:
    rows = [(1, 900, 40.0, 0), (1, 900, 70.0, 0)]
    assert measure_balance(price(*rows), COSTS, 1, 900, NEVER).caught_loss == 40
    assert measure_balance(price(*rows[::-1]), COSTS, 1, 900, NEVER).caught_loss == 70


def test_blocks_need_no_review() -> None:
    balance = measure_balance(price((1, 990, 40.0, 0), (1, 950, 30.0, 0), (1, 940, 20.0, 0)), COSTS, 1, 900, 980)
    assert (balance.blocked, balance.reviews, balance.unreviewed) == (1, 1, 1)
    assert balance.caught_loss == 70


def test_days_without_events_are_days_too() -> None:
    balance = measure_balance(price((1, 990, 40.0, 3), (1, 990, 40.0, 12)), COSTS, 1, 900, 980)
    assert balance.days == 10
    assert balance.blocked == 0.2


def test_out_of_reach_approves_everything() -> None:
    balance = measure_balance(price((1, 1000, 40.0, 0), (0, 1000, 1.0, 0)), COSTS, 5, NEVER, NEVER)
    assert balance.total_cost == balance.approve_all_cost == 40
    assert balance.saved == balance.reviews == balance.blocked == 0
    plain = balance.to_json()
    assert plain["review_from"] is None
    assert plain["block_from"] is None


def test_a_balance_as_json_is_rounded_and_names_no_empty_review_band() -> None:
    events = price((1, 990, 10.0, 0), (0, 5, 1.0, 1), (0, 5, 1.0, 2))
    plain = measure_balance(events, COSTS, 5, 980, 980).to_json()
    assert (plain["review_from"], plain["block_from"]) == (None, 980)
    assert plain["caught_loss"] == 3.3333
    assert plain["days"] == 3


def read(text: str, *, has_amount: bool = True) -> Costs | None:
    sections = tomllib.loads(text)
    section = CostsSection.model_validate(sections.get("costs", {}))
    return section.costs(has_amount=has_amount, is_written="costs" in sections)


def test_costs_are_read_with_the_names_of_the_defaults() -> None:
    costs = read("[costs]\nreview = 2\n")
    assert costs == Costs(None, 2.0, 50.0)
    assert costs.defaults == ("missed_fraud", "blocked_legitimate")
    assert costs.to_json() == {
        "missed_fraud": "amount",
        "review": 2.0,
        "blocked_legitimate": 50.0,
        "defaults": ["missed_fraud", "blocked_legitimate"],
    }


def test_without_a_section_all_are_defaults_and_without_an_amount_there_are_none() -> None:
    costs = read("")
    assert costs == Costs()
    assert costs.defaults == ("missed_fraud", "review", "blocked_legitimate")
    assert read("", has_amount=False) is None
    assert read("[costs]\nmissed_fraud = 70\n", has_amount=False) == Costs(70.0)
