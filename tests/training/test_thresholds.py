from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.manifest import Outcome

from model_build.evaluation.costs import NEVER, PricedEvents, measure_balance
from model_build.evaluation.thresholds import ThresholdChoice, apply_thresholds, choose_thresholds
from tests.hypothesis_profiles import examples

Row = tuple[int, int, float, int]
SCORES = (0, 1, 2, 500, 998, 999, 1000)
# Every seen score, those beside it, and out of reach: whatever another threshold does, one of these does too.
THRESHOLDS = (1, 2, 3, 499, 500, 501, 997, 998, 999, 1000, NEVER)
PLACED = (Outcome("approve", 0), Outcome("review", 900), Outcome("block", 975))

prices = st.sampled_from((0.0, 0.5, 1.0, 5.0, 20.0))
rows = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(SCORES),
        st.sampled_from((-3.0, 0.0, 0.25, 1.0, 2.0, 10.0, 40.0, float("nan"))),
        st.integers(-1, 2),
    ),
    min_size=1,
    max_size=14,
)


def price(given: list[Row], costs: Costs) -> PricedEvents:
    labels, scores, amounts, days = zip(*given, strict=True)
    money = np.array(amounts, dtype=np.float64)
    return PricedEvents.of(np.array(labels, dtype=np.int8), np.array(scores), money, np.array(days), costs)


def choose(given: list[Row], costs: Costs, reviews_per_day: int = 100) -> ThresholdChoice:
    return choose_thresholds(price(given, costs), costs, reviews_per_day)


def cost_by_hand(given: list[Row], costs: Costs, reviews_per_day: int, pair: tuple[int, int], factor: float) -> float:
    """The cost of all days, event by event."""
    review_from, block_from = pair
    cost = 0.0
    left = {day: reviews_per_day for *_, day in given}
    for label, score, amount, day in sorted(given, key=lambda row: -row[1]):
        if score >= block_from:
            cost += 0 if label else costs.blocked_legitimate
        elif score >= review_from and left[day]:
            left[day] -= 1
            cost += costs.review
        elif label and costs.missed_fraud is not None:
            cost += costs.missed_fraud * factor
        elif label and amount > 0:
            cost += amount * factor
    return cost


def best_by_hand(given: list[Row], costs: Costs, reviews_per_day: int, factor: float = 1.0) -> tuple[int, int, float]:
    """The least cost over all pairs; of ties the highest review threshold, then the highest block threshold."""
    pairs = [(review, block) for review in THRESHOLDS for block in THRESHOLDS if review <= block]
    found = [(cost_by_hand(given, costs, reviews_per_day, pair, factor), -pair[0], -pair[1]) for pair in pairs]
    cost, review, block = min(found)
    return -review, -block, cost


@settings(max_examples=examples(60))
@given(rows=rows, missed=st.sampled_from((None, 0.0, 7.0)), review=prices, blocked=prices, capacity=st.integers(1, 4))
def test_the_choice_is_the_best_of_all_pairs_tried_one_by_one(
    rows: list[Row], missed: float | None, review: float, blocked: float, capacity: int
) -> None:
    costs = Costs(missed, review, blocked)
    choice = choose(rows, costs, capacity)
    days = choice.balance.days
    *pair, cost = best_by_hand(rows, costs, capacity)
    assert [choice.review_from, choice.block_from] == pair
    assert choice.balance.total_cost * days == pytest.approx(cost)
    for told in choice.sensitivities:
        if told.cost == "missed_fraud":
            changed, factor = costs, told.factor
        else:
            changed, factor = replace(costs, **{told.cost: getattr(costs, told.cost) * told.factor}), 1.0
        *pair, least = best_by_hand(rows, changed, capacity, factor)
        assert [told.review_from, told.block_from] == pair
        chosen = cost_by_hand(rows, changed, capacity, (choice.review_from, choice.block_from), factor)
        assert told.regret * days == pytest.approx(chosen - least)


@settings(max_examples=examples(20))
@given(rows=rows, review=prices, blocked=prices, capacity=st.integers(1, 4))
def test_every_point_of_the_curves_is_what_a_day_costs_there(
    rows: list[Row], review: float, blocked: float, capacity: int
) -> None:
    costs = Costs(None, review, blocked)
    events = price(rows, costs)
    choice = choose_thresholds(events, costs, capacity)

    curves = choice.curves
    assert [score for score, _ in curves["one_threshold"]] == list(range(0, 1001, 5))
    assert [score for score, _ in curves["review"]] == [s for s in range(0, 1001, 5) if s <= choice.block_from]
    assert [score for score, _ in curves["block"]] == [s for s in range(0, 1001, 5) if s >= choice.review_from]
    pairs: dict[str, Callable[[int], tuple[int, int]]] = {
        "one_threshold": lambda score: (score, score),
        "review": lambda score: (score, choice.block_from),
        "block": lambda score: (choice.review_from, score),
    }
    for name, pair in pairs.items():
        for score, money in curves[name][::10] + curves[name][-1:]:
            there = measure_balance(events, costs, capacity, *pair(int(score)))
            assert money == pytest.approx(there.total_cost, abs=1e-4)


def test_a_block_takes_nine_frauds_in_ten_at_the_default_prices() -> None:
    def group(frauds: int) -> list[Row]:
        return [(int(n < frauds), 950, 100.0, 0) for n in range(100)]

    assert choose(group(91), Costs()).block_from == 950
    assert choose(group(89), Costs()).block_from == NEVER
    # As many reviews as blocks cost the same at nine in ten: the block disturbs more, and is not chosen.
    assert choose(group(90), Costs()).block_from == NEVER
    assert choose(group(90), Costs()).review_from == 950


def test_a_review_takes_a_loss_above_its_price() -> None:
    def group(amount: float) -> list[Row]:
        return [(int(n == 0), 950, amount, 0) for n in range(10)]

    assert choose(group(50.01), Costs()).review_from == 950
    assert choose(group(50.00), Costs()).review_from == NEVER


def test_blocking_takes_the_place_of_reviews_that_run_out() -> None:
    rows: list[Row] = [(int(n % 2), 950, 200.0, 0) for n in range(20)]
    ample, short = choose(rows, Costs(), 20), choose(rows, Costs(), 2)
    assert (ample.review_from, ample.block_from, ample.balance.reviews) == (950, NEVER, 20)
    assert (short.review_from, short.block_from, short.balance.blocked) == (950, 950, 20)


def test_reviews_that_run_out_are_counted_and_never_exceeded() -> None:
    rows: list[Row] = [(1, 900 + n, 200.0, day) for day, n in ((0, 0), (0, 1), (0, 2), (1, 0))]
    costs = Costs(blocked_legitimate=50.0)
    choice = choose([*rows, *((0, 903, 1.0, 0) for _ in range(40))], costs, 41)
    assert choice.review_from == 900
    assert choice.balance.reviews == (41 + 1) / 2
    assert choice.balance.unreviewed == 2 / 2
    assert choice.balance.frauds_caught == (1 + 1) / 2


def test_without_frauds_or_without_losses_everything_is_approved() -> None:
    for rows in ([(0, 990, 10.0, 0), (0, 3, 5.0, 1)], [(1, 990, -10.0, 0), (1, 990, float("nan"), 0)]):
        choice = choose(list(rows), Costs())
        assert (choice.review_from, choice.block_from) == (NEVER, NEVER)
        assert choice.balance.total_cost == choice.balance.saved == 0
        assert {told.regret for told in choice.sensitivities} == {0.0}


def test_of_equal_costs_the_highest_thresholds_are_chosen() -> None:
    choice = choose([(1, 950, 100.0, 0), (0, 100, 1.0, 0)], Costs())
    # Any threshold from 101 to 950 blocks the fraud alone.
    assert (choice.review_from, choice.block_from) == (950, 950)
    free = choose([(1, 950, 100.0, 0), (0, 100, 1.0, 0)], Costs(review=0.0))
    assert (free.review_from, free.block_from) == (950, NEVER)


def test_sums_that_only_binary_rounding_tells_apart_are_a_tie() -> None:
    assert 0.1 + 0.1 + 0.1 > 0.3, "in binary; so without whole units a block would seem to pay"
    rows: list[Row] = [(1, 990, 0.1, 0), (1, 990, 0.1, 0), (1, 990, 0.1, 0), (0, 990, 0.0, 0)]
    choice = choose(rows, Costs(blocked_legitimate=0.3))
    assert (choice.review_from, choice.block_from) == (NEVER, NEVER)


def test_a_choice_for_events_of_no_amount() -> None:
    labels, scores = np.array([1, 0, 0], dtype=np.int8), np.array([980, 400, 400])
    costs = Costs(missed_fraud=30.0)
    events = PricedEvents.of(labels, scores, None, np.zeros(3, dtype=np.int64), costs)
    choice = choose_thresholds(events, costs, 10)
    assert choice.balance.saved == 30
    assert choice.unpriced_frauds == 0


def test_hundreds_of_thousands_of_events_agree_with_their_balance() -> None:
    generator = np.random.default_rng(4)
    n = 300_000
    labels = (generator.random(n) < 0.004).astype(np.int8)
    scores = np.where(labels == 1, generator.integers(500, 1001, n), (generator.beta(1, 3, n) * 1000).astype(np.int64))
    days = np.sort(generator.integers(20_000, 20_060, n))
    costs = Costs()
    events = PricedEvents.of(labels, scores, generator.lognormal(4, 1, n), days, costs)
    choice = choose_thresholds(events, costs, 20)
    assert choice.balance.saved > 0
    assert 10 < choice.balance.reviews <= 20
    assert choice.balance.unreviewed > 0
    chosen = choice.balance.total_cost
    for name in ("one_threshold", "review", "block"):
        assert min(cost for _, cost in choice.curves[name]) >= chosen - 1e-4
    for review, block in generator.integers(1, NEVER + 1, (20, 2)):
        pair = sorted((int(review), int(block)))
        assert measure_balance(events, costs, 20, *pair).total_cost >= chosen - 1e-4


def test_the_chosen_scores_are_put_into_the_outcomes() -> None:
    rows: list[Row] = [(1, 990, 100.0, 0), *((int(n == 0), 940, 100.0, 0) for n in range(10))]
    choice = choose(rows, Costs())
    assert (choice.review_from, choice.block_from) == (940, 990)
    assert apply_thresholds(PLACED, choice) == (Outcome("approve", 0), Outcome("review", 940), Outcome("block", 990))


@pytest.mark.parametrize(
    ("review_from", "block_from", "left"),
    [
        (940, NEVER, (Outcome("approve", 0), Outcome("review", 940))),
        (960, 960, (Outcome("approve", 0), Outcome("block", 960))),
        (NEVER, NEVER, (Outcome("approve", 0),)),
        (1000, NEVER, (Outcome("approve", 0), Outcome("review", 1000))),
    ],
)
def test_an_outcome_that_no_score_has_is_left_out(review_from: int, block_from: int, left: tuple[Outcome, ...]) -> None:
    choice = choose([(1, 990, 100.0, 0)], Costs())
    moved = replace(choice, balance=replace(choice.balance, review_from=review_from, block_from=block_from))
    assert apply_thresholds(PLACED, moved) == left
