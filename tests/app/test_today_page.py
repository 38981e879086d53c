"""The Today page: its numbers, what is usual, and what it says where there is nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.views.today.baseline import Band, find_band, find_baseline, judge_rate, judge_rules
from app.views.today.changes import compare, find_changes, rule_changes
from app.views.today.data import DayFigures, Sum, no_figures, part_of_day, read_day
from tests.app.conftest import OpenPage, texts
from tests.app.contract_index import summaries
from tests.app.contract_server import Contract
from tests.app.past_decisions import NOW, add, add_days

ORDER = ("approve", "review", "block")
DAY = date(2026, 11, 26)


def test_numbers_of_the_day(contract: Contract, open_page: OpenPage) -> None:
    for number in range(7):
        add(contract, f"fine{number}", 10.0)
    add(contract, "looked at", 920.0, label="fraud")
    add(contract, "stopped", 2000.0)
    add(contract, "slipped", 20.0, label="fraud")
    page = open_page("today").run()
    assert not page.exception
    values = {metric.label: metric.value.replace("\\", "") for metric in page.metric}
    assert {name: values[name] for name in ("Payments", "Blocked", "For review", "Caught", "Missed")} == {
        "Payments": "10", "Blocked": "1", "For review": "1", "Caught": "1", "Missed": "1",
    }  # fmt: skip
    assert values["Alert rate"].replace("\u00a0", " ") == "20%"
    assert values["Money at risk"] == "$1,915"
    assert values["API latency"].endswith("ms")
    assert "no usual range yet" in texts(page)
    assert "There were no payments yesterday" in texts(page)


def test_every_number_leads_to_the_page_that_explains_it(contract: Contract, open_page: OpenPage) -> None:
    add(contract, "stopped", 2000.0)
    said = texts(open_page("today").run())
    assert "[See blocked](/queue?days=1&label=any&outcome=block)" in said
    assert "[Missed fraud, 7 days](/queue?label=fraud&days=7&outcome=approve&sort=amount)" in said
    assert "[Effect of the threshold](/performance?threshold=900)" in said


def test_a_new_account_is_told_what_to_do(open_page: OpenPage) -> None:
    page = open_page("today").run()
    said = texts(page)
    assert "No payments yet" in said
    assert "[Score a payment](/score)" in said
    assert "POST /v1/decisions" in page.code[0].value
    assert not page.metric


def test_an_alert_rate_beyond_the_usual_is_said(contract: Contract, open_page: OpenPage) -> None:
    add_days(contract, 28)
    for number in range(30):
        add(contract, f"wave{number}", 920.0)
    page = open_page("today").run()
    assert "above the usual 5%" in texts(page)
    assert "of 30 payments (95% interval 88.6–100%)" in texts(page)
    assert "The alert rate is 100%, above the usual 5%." in texts(page)


def test_too_few_payments_are_not_called_usual(contract: Contract, open_page: OpenPage) -> None:
    add_days(contract, 28, daily=50)
    for number in range(33):
        add(contract, f"early{number}", 920.0 if number < 2 else 10.0)
    said = texts(open_page("today").run())
    assert "Alert rate 6.1% usual 2%" in said
    assert "only 33 payments so far, too few to tell (95% interval 1.7–19.6%)" in said
    assert "Too early to tell" in said
    assert "in its usual range" not in said
    assert "Nothing unusual" not in said


def test_a_day_like_others_is_called_ordinary(contract: Contract, open_page: OpenPage) -> None:
    add_days(contract, 28, daily=60, reviewed=6)
    for number in range(200):
        add(contract, f"now{number}", 920.0 if number < 20 else 10.0)
    said = texts(open_page("today").run())
    assert "Alert rate 10% in its usual range 10%" in said
    assert "Nothing unusual" in said
    assert "Too little fraud is labeled to evaluate the model." in said


def test_without_the_api_a_sentence_says_so(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/summaries"] = 503
    page = open_page("today").run()
    assert not page.exception
    assert "failed to process the request" in texts(page)


def test_numbers_stay_where_a_refresh_fails(contract: Contract, open_page: OpenPage) -> None:
    add(contract, "stopped", 2000.0)
    page = open_page("today").run()
    contract.faults["/v1/summaries"] = 503
    page.run()
    assert "Not updated since" in texts(page)
    assert {metric.label: metric.value for metric in page.metric}["Blocked"] == "1"


def test_a_day_is_counted_by_outcome_label_and_hour(contract: Contract) -> None:
    at = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
    add(contract, "a", 10.0, at)
    add(contract, "b", 920.0, at, label="fraud")
    add(contract, "c", 2000.0, at + timedelta(hours=3), label="legitimate")
    add(contract, "d", 30.0, at, label="fraud")
    (summary,) = summaries(contract.decisions.values(), None, "")["days"]
    day = read_day(summary, ORDER)
    assert (day.all.payments, day.passed.payments, day.reviewed.payments, day.blocked.payments) == (4, 2, 1, 1)
    assert (day.caught, day.missed) == (Sum(1, 920.0, day.caught.money_at_risk), Sum(1, 30.0, 0.03))
    assert (day.alerts, day.alert_rate) == (2, 0.5)
    assert day.by_hour["payments"].until(0.5) == (3, 960.0)
    assert day.by_hour["payments"].until(9.5 / 24)[0] == pytest.approx(1.5)
    assert part_of_day(at) == pytest.approx(9.5 / 24)


def test_usual_days_are_same_weekdays_or_else_the_last_ones() -> None:
    def past(backs: Iterable[int], payments: int = 10) -> list[DayFigures]:
        return [replace(no_figures(DAY - timedelta(back)), all=Sum(payments)) for back in backs]

    assert find_baseline([], DAY) is None
    assert find_baseline(past(range(1, 5)), DAY) is None
    some = find_baseline(past(range(1, 6)), DAY)
    assert some is not None
    assert some.words == "the last 5 days"
    same = find_baseline(past(range(1, 60)), DAY)
    assert same is not None
    assert same.words == "the last 4 Thursdays"
    assert find_baseline(past(range(1, 29), payments=0), DAY) is None


def test_the_band_leaves_out_the_ends_of_many_days() -> None:
    assert find_band([3.0, 1.0, 2.0]) == Band(1.0, 2.0, 3.0)
    assert find_band([float(n) for n in range(11)]) == Band(1.0, 5.0, 9.0)


@pytest.mark.parametrize(
    ("hits", "of", "place"),
    [
        (0, 0, "unclear"),
        (1, 10, "unclear"),
        (60, 300, "above"),
        (0, 40, "unclear"),
        (0, 4000, "below"),
        (3, 100, "within"),
        (1, 33, "unclear"),
        (5, 66, "unclear"),
    ],
)
def test_chance_is_no_alarm_and_no_reassurance(hits: int, of: int, place: str) -> None:
    assert judge_rate(hits, of, Band(0.01, 0.03, 0.05)).place == place


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (12, 0, "0 at this time yesterday"),
        (100, 100.2, "same as yesterday"),
        (112, 100, "12% more than yesterday"),
        (50, 100, "50% less than yesterday"),
        (450, 100, "4.5 times yesterday's"),
    ],
)
def test_a_number_is_compared_with_yesterday(now: float, before: float, said: str) -> None:
    assert compare(now, before).replace("\u00a0", " ") == said


def test_changes_name_versions_and_what_was_degraded(contract: Contract) -> None:
    for number in range(12):
        add(contract, f"before{number}", 10.0, NOW - timedelta(1))
        now = add(contract, f"now{number}", 10.0)
        now["detector_version"] = "20261127-2"
        now["degraded"] = {"mode": "review", "missing": ["model"]} if number == 0 else None
    yesterday, today = summaries(contract.decisions.values(), None, "")["days"]
    sentences = [change.sentence.replace("\u00a0", " ") for change in find_changes(today, yesterday, "payment")]
    assert sentences == [
        "1 payment decided without the model, a profile or a variable (0 yesterday).",
        "Version 20261127-2 went live today.",
    ]
    assert find_changes(yesterday, yesterday, "payment") == []


@pytest.mark.parametrize(
    ("hits", "of", "said"),
    [
        (9, 12, ["Rule large matched 75% of 12 payments, above the usual 10–20%."]),
        (1, 2, []),
        (3, 12, []),
        (0, 300, ["Rule large matched 0% of 300 payments, below the usual 10–20%."]),
    ],
)
def test_a_rule_is_told_of_where_chance_does_not_explain_its_hits(hits: int, of: int, said: list[str]) -> None:
    past = [
        replace(no_figures(DAY - timedelta(back)), all=Sum(100), rules={"large": 10 + back % 2 * 10})
        for back in range(1, 29)
    ]
    usual = find_baseline(past, DAY)
    assert usual is not None
    rates = judge_rules(replace(no_figures(DAY), all=Sum(of), rules={"large": hits} if hits else {}), usual)
    assert [change.sentence.replace("\u00a0", " ") for change in rule_changes(rates, "payment")] == said


def test_the_first_case_of_the_queue_is_asked_for_meanwhile(contract: Contract, open_page: OpenPage) -> None:
    add(contract, "first", 950.0)
    add(contract, "second", 920.0)
    open_page("today").run()
    deadline = time.monotonic() + 10
    while not any(one.startswith("GET /v1/decisions/first") for one in contract.requests):
        assert time.monotonic() < deadline, contract.requests
        time.sleep(0.02)
    page = open_page("queue").run()
    assert "first" in texts(page)
    asked = [one for one in contract.requests if one.startswith("GET /v1/decisions/first")]
    assert len(asked) == 1
