from __future__ import annotations

import json
import math

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract
from tests.app.past_decisions import add

IMPORTANCE = {
    "features": [
        {"name": "The amount", "features": ["amount"], "drop": 0.21, "deviation": 0.01, "gain": 0.4},
        {"name": "Hour of the day", "features": ["hour"], "drop": -0.002, "deviation": 0.01, "gain": 0.02},
    ]
}


@pytest.fixture
def page(contract: Contract, open_page: OpenPage) -> AppTest:
    contract.evaluation["importance"] = IMPORTANCE
    return open_page("why").run()


def charts(page: AppTest) -> list[str]:
    return [chart.proto.spec for chart in page.get("vega_lite_chart")]


def test_three_measures_stand_side_by_side(page: AppTest) -> None:
    assert not page.exception
    table = page.dataframe[0].value
    first = table.iloc[0]
    assert first["description"] == "Amount against this customer's mean (30d)"
    assert first["contribution"] == pytest.approx(math.exp(0.83))
    amount = table[table["description"] == "Amount of the payment"].iloc[0]
    assert (amount["drop"], amount["gain"]) == (0.21, 40.0)


def test_a_feature_is_drawn_and_kept_in_the_address(contract: Contract, page: AppTest) -> None:
    assert page.selectbox(key="address-feature").value == "customer_amount_ratio_30d"
    page.selectbox(key="address-feature").select("hour").run()
    assert not page.exception
    assert page.query_params["feature"] == "hour"
    assert "GET /v1/detector/contributions/hour" in contract.requests
    assert "Hour of the day" in charts(page)[1]
    drawn = json.loads(charts(page)[1])
    assert any(layer.get("mark", {}).get("type") == "area" for layer in drawn["layer"])


def test_the_address_says_which_feature(contract: Contract, open_page: OpenPage) -> None:
    page = open_page("why")
    page.query_params["feature"] = "amount"
    page.run()
    assert page.selectbox(key="address-feature").value == "amount"
    assert "GET /v1/detector/contributions/amount" in contract.requests


def test_an_unknown_feature_in_the_address_is_passed_over(open_page: OpenPage) -> None:
    page = open_page("why")
    page.query_params["feature"] = "nonsense"
    page.run()
    assert not page.exception
    assert page.selectbox(key="address-feature").value == "customer_amount_ratio_30d"


def test_payments_in_which_it_decided_can_be_opened(page: AppTest) -> None:
    said = texts(page)
    assert "×7.4" in said
    assert "The amount of $1,849.00 is 9.2 times" in said
    assert "Other reasons had a larger effect." in said
    page.button(key="past-0-past-0").click().run()
    assert not page.exception
    opened = texts(page)
    assert "It has no stored decision." in opened
    assert "Score 981" in opened
    assert "/score?past=past-0" in opened


def test_a_payment_with_a_stored_decision_leads_to_its_case(contract: Contract, page: AppTest) -> None:
    add(contract, "past-1", 920.0)
    page.button(key="past-1-past-1").click().run()
    assert not page.exception
    assert "/queue?event=past-1" in texts(page)


def test_those_that_lowered_the_score_are_shown_too(page: AppTest) -> None:
    page.segmented_control(key="side").set_value("lowered").run()
    assert not page.exception
    assert "÷2.7" in texts(page)
    assert [button.key for button in page.button if button.key] == ["past-0-past-4", "past-1-past-5"]


def test_segments_can_be_chosen(contract: Contract, page: AppTest) -> None:
    asked = len(contract.requests)
    page.segmented_control(key="segments").set_value("channel").run()
    assert not page.exception
    assert "90 or more" not in charts(page)[-1]
    assert not [one for one in contract.requests[asked:] if "contributions" in one]


def test_a_version_without_past_events_shows_what_is_known(contract: Contract, open_page: OpenPage) -> None:
    contract.evaluation["importance"] = IMPORTANCE
    contract.faults["/v1/detector/contributions"] = 404
    page = open_page("why").run()
    assert not page.exception
    assert page.dataframe[0].value["drop"].tolist() == [0.21, -0.002]
    assert "contribution" not in page.dataframe[0].value
    assert page.warning


def test_a_brought_model_is_said_to_be_explained_approximately(contract: Contract, open_page: OpenPage) -> None:
    contract.evaluation["importance"] = IMPORTANCE
    contract.detector["reasons"] = {"kind": "approximate", "method": "lime", "stability": None, "gap": None}
    contract.faults["/v1/detector/contributions"] = 404
    page = open_page("why").run()
    assert "approximate (LIME)" in texts(page)


def test_rules_alone_have_nothing_to_explain(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["model"] = None
    page = open_page("why").run()
    assert not page.exception
    assert "No model to explain" in texts(page)


def test_an_api_that_fails_is_said_calmly(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/detector/contributions"] = 503
    page = open_page("why").run()
    assert not page.exception
    assert page.warning
