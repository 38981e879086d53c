from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("score").run()


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def test_the_form_has_the_fitting_widget_for_every_variable(page: AppTest) -> None:
    assert not page.exception
    assert {widget.label for widget in page.number_input} >= {"Amount (USD)", "Latitude – optional"}
    assert {widget.label for widget in page.selectbox} >= {"Start from", "Merchant category", "Express – optional"}
    assert {widget.label for widget in page.text_input} >= {"Event ID", "Timestamp", "Customer ID", "IP – optional"}


def test_an_example_fills_the_form_with_a_new_event_id(page: AppTest) -> None:
    first = page.text_input(key="event.event_id").value
    page.selectbox(key="example").select("Legitimate: the weekly shop").run()
    assert page.number_input(key="event.amount").value == 64.2
    assert page.selectbox(key="event.channel").value == "store"
    assert page.text_input(key="event.event_id").value not in {first, "e-000481"}


def test_an_empty_form_has_an_id_and_the_time_and_names_what_is_missing(page: AppTest, contract: Contract) -> None:
    page.selectbox(key="example").select("An empty form").run()
    assert page.text_input(key="event.event_id").value
    assert str(page.text_input(key="event.timestamp").value).endswith("Z")
    press(page, "Score this payment")
    assert "Fill in Amount, Customer ID, Merchant ID, Merchant category, Channel." in texts(page)
    assert not contract.decisions


def test_a_timestamp_that_is_none_is_named(page: AppTest, contract: Contract) -> None:
    page.text_input(key="event.timestamp").input("yesterday")
    press(page, "Score this payment")
    assert "Timestamp should look like 2026-01-05T13:24:11Z." in texts(page)
    assert not contract.decisions


def test_a_decision_is_said_in_words_with_its_meaning(page: AppTest) -> None:
    page.number_input(key="event.amount").set_value(1200.0)
    press(page, "Score this payment")
    said = texts(page)
    assert "Review" in said
    assert "<b>921</b>" in said
    assert "About 1.5 % of legitimate payments score this high or higher." in said
    assert "Probability of fraud 18.4 %" in said
    assert "Decided in 14 ms" in said
    assert "version 20261120-1412-9f3ac1" in said


def test_numbers_and_booleans_are_sent_as_such_and_empty_ones_are_not(page: AppTest, contract: Contract) -> None:
    page.text_input(key="event.ip").input("")
    page.selectbox(key="event.express").set_value(True)
    press(page, "Score this payment")
    (decision,) = contract.decisions.values()
    assert decision["event"]["amount"] == 1849.0
    assert decision["event"]["express"] is True
    assert "ip" not in decision["event"]


def test_the_next_event_has_a_new_id_and_the_same_one_is_a_repeat(page: AppTest, contract: Contract) -> None:
    sent = page.text_input(key="event.event_id").value
    press(page, "Score this payment")
    assert page.text_input(key="event.event_id").value != sent
    press(page, "Send the same event again")
    assert "This event was decided before" in texts(page)
    assert list(contract.decisions) == [sent]


def test_a_label_is_given_and_then_unchanged(page: AppTest, contract: Contract) -> None:
    press(page, "Score this payment")
    press(page, "Fraud")
    assert "Labelled as fraud." in texts(page)
    assert [decision["label"]["label"] for decision in contract.decisions.values()] == ["fraud"]
    press(page, "Fraud")
    assert "It had that label already." in texts(page)


def test_an_earlier_decision_is_found_by_its_id(contract: Contract, open_page: OpenPage) -> None:
    event = {"event_id": "a/b 1", "amount": 20.0, "customer_id": "C1"}
    contract.answer("POST", "/v1/decisions", {"event": event})
    page = open_page("score")
    page.query_params["event"] = "a/b 1"
    page.run()
    assert not page.exception
    assert "Approve" in texts(page)
    assert page.dataframe[0].value["Value"].tolist() == ["a/b 1", "20.0", "C1"]


def test_an_unknown_id_is_said_calmly(page: AppTest) -> None:
    page.text_input[-1].input("nobody")
    press(page, "Look up")
    assert "There is no event nobody." in texts(page)
    assert not page.exception


def test_what_the_api_refuses_is_said_in_its_words(page: AppTest) -> None:
    page.number_input(key="event.amount").set_value(-3.0)
    press(page, "Score this payment")
    assert "amount must not be below 0" in texts(page)
    assert not page.exception


def test_html_in_an_event_stays_text(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["outcomes"][2]["name"] = "<img src=x>"
    page = open_page("score").run()
    press(page, "Score this payment")
    assert "<img" not in "".join(str(element.body) for element in page.html)
