"""What pages show is what the running stack's API and its records say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from tollgate import clock

from localstack.running import RunningStack, call
from tests.app.conftest import texts

pytestmark = pytest.mark.emulator
LABEL_DELAY = timedelta(7)
Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _address(tollgate: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOLLGATE_API_URL", tollgate.deployment.api_url)
    st.cache_data.clear()
    yield
    st.cache_data.clear()


def open_page(name: str, **query: str) -> AppTest:
    page = AppTest.from_string(f"from app.views.{name} import page\npage.show()\n", default_timeout=120)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: re.sub(r"[\\\s]", "", metric.value) for metric in page.metric}


def summaries(stack: RunningStack, days: int) -> Rows:
    today = clock.now().date()
    path = f"/v1/summaries?from={today - timedelta(days - 1)}&to={today}"
    found: Rows = call(stack.deployment, "GET", path)["days"]
    return found


def mature(days: Rows) -> Rows:
    last = clock.now().date() - LABEL_DELAY - timedelta(1)
    return [day for day in days if day["day"] <= last.isoformat()]


def outcomes(days: Rows) -> Rows:
    return [row for day in days for row in day["outcomes"]]


def search(stack: RunningStack, terms: str) -> Rows:
    found: Rows = []
    cursor = ""
    while True:
        answer = call(stack.deployment, "GET", f"/v1/decisions?{terms}&limit=200{cursor}")
        found += answer["decisions"]
        if answer["cursor"] is None:
            return found
        cursor = f"&cursor={answer['cursor']}"


def test_live_figures_are_those_of_summaries_queue_and_records(tollgate: RunningStack) -> None:
    days = mature(summaries(tollgate, 56))
    span = f"from={days[0]['day']}&to={days[-1]['day']}"
    frauds = search(tollgate, f"{span}&label=fraud")
    missed = search(tollgate, f"{span}&label=fraud&outcome=approve")
    alerts = sum(row["decisions"] for row in outcomes(days) if row["outcome"] != "approve")
    of_summaries = sum(row["decisions"] for row in outcomes(days) if row["label"] == "fraud")
    page = open_page("performance", on="live")
    assert len(frauds) == of_summaries > 0
    assert f"With rules, {len(frauds) - len(missed)} of {len(frauds)} known frauds were caught." in texts(page)
    shown = metrics(page)
    caught = len(frauds) - len(missed)
    assert float(shown["Recall"].rstrip("%")) == pytest.approx(100 * caught / len(frauds), abs=0.06)
    assert float(shown["Precision"].rstrip("%")) == pytest.approx(100 * caught / alerts, abs=0.06)
    assert shown["Fraud missed"] == f"${sum(one['amount'] for one in missed):,.0f}"
    for one in (*missed[:3], *[fraud for fraud in frauds if fraud["outcome"] != "approve"][:3]):
        record = call(tollgate.deployment, "GET", f"/v1/decisions/{one['event_id']}")
        assert (record["outcome"], record["label"]["label"]) == (one["outcome"], "fraud")


def test_money_at_risk_is_said_to_be_off_exactly_where_it_is(tollgate: RunningStack) -> None:
    rows = outcomes(mature(summaries(tollgate, 29)))
    if any(row["outcome"] == "block" and row["label"] == "none" for row in rows):
        rows = [row for row in rows if row["outcome"] != "block"]
    came = sum(row["amount"] for row in rows if row["label"] == "fraud")
    predicted = sum(row["money_at_risk"] for row in rows)
    known = sum(row["decisions"] for row in rows if row["label"] == "fraud")
    said = texts(open_page("today"))
    is_off = known >= 10 and not 0.8 <= came / predicted <= 1.25
    assert ("Money at risk is too" in said) is is_off
    if is_off:
        assert f"predicted ${predicted:,.0f}, actual fraud ${came:,.0f} ({known} frauds" in said
        assert "Nothing unusual" not in said


def test_the_alert_rate_is_called_usual_only_where_it_is(tollgate: RunningStack) -> None:
    today = clock.now().date()
    page = open_page("today")
    found = {day["day"]: day for day in summaries(tollgate, 29)}
    now = found.get(today.isoformat(), {"outcomes": [], "decisions": 0})
    same = [found.get((today - timedelta(7 * back)).isoformat()) for back in range(1, 5)]
    rates = [_alert_rate(day) for day in same if day]
    if len(rates) < 3 or not now["decisions"]:
        pytest.skip("the stack has too few days, or nothing was decided on today yet")
    tile = next(metric for metric in page.metric if metric.label == "Alert rate")
    rate = _alert_rate(now)
    assert float(re.sub(r"[^0-9.]", "", tile.value)) == pytest.approx(100 * rate, abs=0.06)
    if "in its usual range" in str(tile.delta):
        assert min(rates) <= rate <= max(rates)
    elif str(tile.delta).startswith("usual"):
        assert f"only {now['decisions']:,} payments so far, too few to tell" in texts(page)


def _alert_rate(day: dict[str, Any]) -> float:
    alerts = sum(row["decisions"] for row in day["outcomes"] if row["outcome"] != "approve")
    return float(alerts) / (day["decisions"] or 1)


def test_an_event_that_says_nothing_has_no_outcome_here_and_a_list_of_what_it_lacks_there(
    tollgate: RunningStack,
) -> None:
    page = open_page("score")
    page.selectbox(key="start").select("Empty form").run()
    assert "Not enough data" in texts(page)
    assert next(button for button in page.button if button.label == "Score and save").disabled
    bare = {"event_id": "says-nothing", "timestamp": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")}
    answer = call(tollgate.deployment, "POST", "/v1/decisions", {"event": bare})
    columns = [one["name"] for one in call(tollgate.deployment, "GET", "/v1/detector")["event_type"]["variables"]]
    assert answer["missing_columns"] == [name for name in columns if name not in bare]
    assert f"Only 0 of {len(columns) - 2} columns of this payment" in texts(open_page("score", event="says-nothing"))
