"""Model health: what is said where live figures leave the test data, or fraud leaves the money at risk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.api.evaluation import read_test_table
from app.components.model_health import calibrate_money, compare_with_test
from app.components.score_table import add_days as add_score_days
from tests.app import contract_shapes as shapes
from tests.app import model_shapes
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract
from tests.app.past_decisions import NOW, add

ORDER = ("approve", "review", "block")


def outcome_rows(frauds: int = 20, at_risk: float = 100.0, blocked: dict[str, Any] | None = None) -> dict[str, Any]:
    row = {"outcome": "approve", "label": "fraud", "decisions": frauds, "amount": frauds * 100.0}
    rows = [row | {"money_at_risk": frauds * at_risk}]
    return {"outcomes": rows + ([{"outcome": "block", "decisions": 5, **blocked}] if blocked else [])}


@pytest.mark.parametrize(
    ("at_risk", "is_off"), [(100.0, False), (82.0, False), (124.0, False), (79.0, True), (126.0, True), (0.0, True)]
)
def test_money_at_risk_is_off_outside_the_limits(at_risk: float, is_off: bool) -> None:
    found = calibrate_money([outcome_rows(at_risk=at_risk)], ORDER)
    assert found is not None
    assert found.is_off is is_off


def test_too_few_frauds_say_nothing() -> None:
    assert calibrate_money([outcome_rows(9, at_risk=1.0)], ORDER) is None


def test_blocked_payments_count_only_if_all_of_them_are_labelled() -> None:
    blocked: dict[str, Any] = {"amount": 500.0, "money_at_risk": 4_000.0}
    labeled = calibrate_money([outcome_rows(blocked={**blocked, "label": "fraud"})], ORDER)
    open_ones = calibrate_money([outcome_rows(blocked={**blocked, "label": "none"})], ORDER)
    assert labeled is not None
    assert open_ones is not None
    assert (labeled.observed, labeled.predicted, labeled.frauds) == (2_500.0, 6_000.0, 25)
    assert (open_ones.observed, open_ones.predicted, open_ones.frauds) == (2_000.0, 2_000.0, 20)


def live_and_test(lost: float) -> list[bool]:
    """Return which figures have moved where so large a share of the high scores of frauds became low ones."""
    days = model_shapes.summaries()["days"][:20]
    for day in days:
        # As many frauds as there are on the test data.
        counts = day["scores"]["fraud"]["decisions"] = [
            round(number * 1.42) for number in day["scores"]["fraud"]["decisions"]
        ]
        for place in range(100, 201):
            moved = round(counts[place] * lost)
            counts[place], counts[10] = counts[place] - moved, counts[10] + moved
    table, test = add_score_days(days), read_test_table(shapes.evaluation_document())
    assert table is not None
    assert test is not None
    return [one.has_moved for one in compare_with_test(table, test, 900)]


def test_figures_move_only_beyond_chance() -> None:
    assert live_and_test(lost=0.0) == [False, False, False]
    assert live_and_test(lost=0.75) == [True, True, False]


def mature_frauds(contract: Contract, probability: float, number: int = 20) -> None:
    """Add mature days on which frauds were let through, each with this probability, and a day like the others."""
    for place in range(number):
        add(contract, f"fraud{place}", 90.0, NOW - timedelta(12), "fraud")["probability"] = probability
    for back in range(28):
        for place in range(20):
            add(contract, f"day{back}-{place}", 10.0, NOW - timedelta(back))["probability"] = 0.0


def test_today_says_that_money_at_risk_is_off(contract: Contract, open_page: OpenPage) -> None:
    mature_frauds(contract, probability=1 / 3)
    said = texts(open_page("today").run())
    assert "Money at risk is too low by a factor of 3.0: predicted $600, actual fraud $1,800 (20 frauds" in said
    assert "Recently too low by a factor of 3.0 (20 labeled frauds)" in said
    assert "Nothing unusual" not in said


def test_the_queue_says_that_its_order_rests_on_money_at_risk_that_is_off(
    contract: Contract, open_page: OpenPage
) -> None:
    mature_frauds(contract, probability=1 / 3)
    page = open_page("queue").run()
    assert not page.exception
    assert "Money at risk is too low by a factor of 3.0" in texts(page)
    page.selectbox(key="address-sort").select("score").run()
    assert "Money at risk is too low" not in texts(page)


def test_today_is_quiet_where_money_at_risk_is_right(contract: Contract, open_page: OpenPage) -> None:
    mature_frauds(contract, probability=0.95)
    assert "Money at risk is too" not in texts(open_page("today").run())


def test_today_says_that_precision_fell(contract: Contract, open_page: OpenPage) -> None:
    contract.summaries = model_shapes.summaries()
    for day in contract.summaries["days"]:
        counts = day["scores"]["fraud"]["decisions"]
        counts[10], counts[120:] = sum(counts[120:]), [0] * 81
        rows = {"amount": 0.0, "money_at_risk": 0.0, "label": "none"}
        day["outcomes"] = [{"outcome": "approve", "decisions": day["decisions"], **rows}]
    page = open_page("today").run()
    assert not page.exception
    said = texts(page)
    assert "On labeled live days, precision is 0% (test data 21.8%), average precision" in said
    assert "Nothing unusual" not in said


def test_without_an_evaluation_today_is_shown_all_the_same(contract: Contract, open_page: OpenPage) -> None:
    mature_frauds(contract, probability=1 / 3)
    contract.faults["/v1/detector/evaluation"] = 503
    page = open_page("today").run()
    assert not page.exception
    assert "Money at risk is too low" in texts(page)
