from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract

TRY = "What if · not saved"
EVENT = {"event_id": "a/b 1", "timestamp": "2026-06-14T21:07:45Z", "amount": 620.0, "customer_id": "C1"}


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("score").run()


@pytest.fixture
def decided(contract: Contract, open_page: OpenPage) -> AppTest:
    """The page of a decision that was made before."""
    contract.answer("POST", "/v1/decisions", {"event": EVENT})
    page = open_page("score")
    page.query_params["event"] = EVENT["event_id"]
    return page.run()


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def posts(contract: Contract) -> list[str]:
    return [request for request in contract.requests if request == "POST /v1/decisions"]


def test_the_form_has_the_fitting_widget_for_every_variable(page: AppTest) -> None:
    assert not page.exception
    assert {widget.label for widget in page.number_input} >= {"Amount (USD)", "Latitude"}
    assert {widget.label for widget in page.selectbox} >= {"Start from", "Merchant category", "Express"}
    assert {widget.label for widget in page.text_input} >= {"Event ID", "Timestamp", "Customer ID", "IP"}


def test_an_example_fills_the_form_with_a_new_event_id(page: AppTest) -> None:
    first = page.text_input(key="event.event_id").value
    page.selectbox(key="start").select("Legitimate: the weekly shop").run()
    assert page.number_input(key="event.amount").value == 64.2
    assert page.selectbox(key="event.channel").value == "store"
    assert page.text_input(key="event.event_id").value not in {first, "e-000481"}


def test_an_empty_form_has_an_id_and_the_time_and_names_what_is_missing(page: AppTest, contract: Contract) -> None:
    page.selectbox(key="start").select("Empty form").run()
    assert page.text_input(key="event.event_id").value
    assert str(page.text_input(key="event.timestamp").value).endswith("Z")
    assert "Fill in Amount, Customer ID, Merchant ID, Merchant category, Channel." in texts(page)
    assert next(button for button in page.button if button.label == "Score and save").disabled
    assert not contract.decisions


def test_a_timestamp_that_is_none_is_named(page: AppTest) -> None:
    page.text_input(key="event.timestamp").input("yesterday").run()
    assert "Timestamp must look like 2026-01-05T13:24:11Z." in texts(page)
    assert "No score yet" in texts(page)


def test_an_example_of_another_writing_fills_the_form_and_is_left_to_the_api(
    contract: Contract, open_page: OpenPage
) -> None:
    for example in contract.detector["examples"]:
        example["event"] |= {"timestamp": "14.06.2026 21:07", "amount": "1.412,50", "express": "1.0"}
    page = open_page("score").run()

    assert not page.exception
    assert page.number_input(key="event.amount").value is None
    assert page.selectbox(key="event.express").value is True
    page.number_input(key="event.amount").set_value(1412.5).run()
    assert "must look like" not in texts(page)
    assert contract.questions[-1]["event"]["timestamp"] == "14.06.2026 21:07"


def test_the_score_moves_with_the_form_and_nothing_is_recorded(page: AppTest, contract: Contract) -> None:
    assert "<b>988</b>" in texts(page)
    for amount, score in ((1200.0, 921), (64.0, 312)):
        page.number_input(key="event.amount").set_value(amount).run()
        said = texts(page)
        assert TRY in said
        assert f"<b>{score}</b>" in said
    assert "Probability of fraud 0.09%" in texts(page)
    assert not posts(contract)
    assert not contract.decisions


def test_a_change_is_one_question_with_the_whole_curve(page: AppTest, contract: Contract) -> None:
    contract.questions.clear()
    page.number_input(key="event.amount").set_value(700.0).run()
    (question,) = contract.questions
    assert question["event"]["amount"] == 700.0
    assert "event_id" not in question
    amounts = [variant["amount"] for variant in question["variants"]]
    assert amounts == sorted(amounts)
    assert {0.0, 700.0} < set(amounts)
    assert len(amounts) <= 100


@pytest.mark.parametrize(
    ("move", "column", "value"),
    [
        ("Time of day", "timestamp", "2026-06-14T03:30:00Z"),
        ("Merchant category", "merchant_category", "games"),
        ("Who", "device_id", "never-seen-before-device_id"),
        ("Place", "latitude", 47.2379),
        ("Express", "express", True),
    ],
)
def test_other_things_can_be_moved(page: AppTest, contract: Contract, move: str, column: str, value: object) -> None:
    page.pills(key="move").set_value(move).run()
    assert not page.exception
    variants = contract.questions[-1]["variants"]
    assert value in [variant.get(column) for variant in variants]
    assert {name for variant in variants for name in variant} <= {
        column, *({"customer_id", "merchant_id", "ip"} if move == "Who" else ())
    }  # fmt: skip


def test_the_slider_moves_the_form_and_so_the_score(page: AppTest, contract: Contract) -> None:
    slider = page.select_slider(key="slide-Amount")
    assert slider.value == "$1,849"
    slider.set_value("$80").run()
    assert page.number_input(key="event.amount").value == 80.0
    assert "<b>312</b>" in texts(page)
    assert not contract.decisions


def test_a_decision_is_said_in_words_with_its_meaning(page: AppTest) -> None:
    page.number_input(key="event.amount").set_value(1200.0).run()
    press(page, "Score and save")
    said = texts(page)
    assert not page.exception
    assert "Saved decision · Nov 23, 2026, 19:12 UTC" in said
    assert "<b>921</b>" in said
    assert "About 1.5% of legitimate payments score this high or higher." in said
    assert "Probability of fraud 18.4%" in said
    assert "Decided in 14 ms" in said
    assert "by detector version 20261120-1412-9f3ac1" in said
    assert "Reading profiles</th><td>5.6" in said


def test_numbers_and_booleans_are_sent_as_such_and_empty_ones_are_not(page: AppTest, contract: Contract) -> None:
    page.text_input(key="event.ip").input("")
    page.selectbox(key="event.express").set_value(True)
    press(page, "Score and save")
    (decision,) = contract.decisions.values()
    assert decision["event"]["amount"] == 1849.0
    assert decision["event"]["express"] is True
    assert "ip" not in decision["event"]


def test_an_id_that_was_used_is_a_repeat(page: AppTest, contract: Contract) -> None:
    contract.answer("POST", "/v1/decisions", {"event": EVENT})
    page.text_input(key="event.event_id").input(str(EVENT["event_id"])).run()
    press(page, "Score and save")
    assert "This event already had a decision" in texts(page)
    assert list(contract.decisions) == [EVENT["event_id"]]


def test_a_label_is_given_and_then_unchanged(page: AppTest, contract: Contract) -> None:
    press(page, "Score and save")
    press(page, "Fraud")
    assert "Labeled as fraud." in texts(page)
    assert [decision["label"]["label"] for decision in contract.decisions.values()] == ["fraud"]
    press(page, "Fraud")
    assert "It already has this label." in texts(page)
    assert "Labeled **fraud**" in "".join(element.value for element in page.markdown)


def test_an_earlier_decision_is_shown_as_it_was(decided: AppTest, contract: Contract) -> None:
    said = texts(decided)
    assert not decided.exception
    assert "Saved decision" in said
    assert "<b>921</b>" in said
    assert "Timings are not stored" in said
    assert decided.text_input(key="event.event_id").value == EVENT["event_id"]
    assert decided.text_input(key="event.event_id").disabled
    assert contract.questions[-1]["event_id"] == EVENT["event_id"]


def test_what_it_would_have_been_is_asked_of_its_own_reads(decided: AppTest, contract: Contract) -> None:
    decided.number_input(key="event.amount").set_value(40.0).run()
    said = texts(decided)
    assert TRY in said
    assert "609 lower than the original 921 (Review)" in said
    assert contract.questions[-1]["event_id"] == EVENT["event_id"]
    assert contract.questions[-1]["event"] == {**EVENT, "amount": 40.0}
    assert len(posts(contract)) == 1
    press(decided, "Undo changes")
    assert decided.number_input(key="event.amount").value == 620.0
    assert "Saved decision" in texts(decided)


def test_a_changed_payment_can_be_decided_as_a_new_one(decided: AppTest, contract: Contract) -> None:
    decided.number_input(key="event.amount").set_value(40.0).run()
    press(decided, "Save as a new payment")
    first, second = contract.decisions.values()
    assert first["event"] == EVENT
    assert second["event"]["amount"] == 40.0
    assert second["event_id"] not in {EVENT["event_id"], ""}
    assert "<b>312</b>" in texts(decided)


def test_a_decision_without_a_score_has_nothing_to_move(contract: Contract, open_page: OpenPage) -> None:
    contract.answer("POST", "/v1/decisions", {"event": EVENT})
    degraded = {"score": None, "probability": None, "degraded": {"mode": "review", "missing": ["history"]}}
    contract.decisions[str(EVENT["event_id"])].update(degraded)
    page = open_page("score")
    page.query_params["event"] = EVENT["event_id"]
    page.run()
    said = texts(page)
    assert not page.exception
    assert "Missing: history" in said
    assert "nothing to compare" in said
    assert not contract.questions


def test_a_decision_as_of_the_servers_clock_says_so(contract: Contract, open_page: OpenPage) -> None:
    contract.answer("POST", "/v1/decisions", {"event": EVENT})
    skew = {"given": "2062-03-01T10:00:00Z", "used": "2026-03-01T10:00:00Z"}
    contract.decisions[str(EVENT["event_id"])].update({"clock": skew})
    page = open_page("score")
    page.query_params["event"] = EVENT["event_id"]
    page.run()
    assert not page.exception
    assert "Mar 1, 2062, 10:00 UTC, is in the future" in texts(page)
    assert "The decision used Mar 1, 2026, 10:00 UTC instead." in texts(page)


def test_reasons_are_told_in_words_with_their_impact(page: AppTest) -> None:
    said = texts(page)
    assert "14.2 times this customer" in said
    assert 'aria-label="Odds of fraud ×6.7: raises the risk (impact +3)">×6.7</b>' in said
    assert 'aria-label="Odds of fraud ÷1.5: lowers the risk (impact −1)">÷1.5</b>' in said


def test_rules_show_the_values_put_in(page: AppTest) -> None:
    assert "amount &gt; 1000 (1849.0 &gt; 1000)" in texts(page)
    page.number_input(key="event.amount").set_value(50.0).run()
    assert "The only rule did not match" in texts(page)


def test_what_was_known_is_told_with_units_over_a_chosen_time(page: AppTest) -> None:
    said = texts(page)
    assert "Customer C00812</th><td>13+ (12.2)</td><td>$130.21</td><td>–</td>" in said
    assert "No earlier payments on record for this device." in said
    page.segmented_control(key="known-span").set_value(86_400.0).run()
    assert "Profiles with a half-life of 1 day" in texts(page)


def test_an_unknown_id_is_said_calmly(page: AppTest) -> None:
    page.text_input(key="looked-up").input("nobody").run()
    assert "There is no event nobody." in texts(page)
    assert not page.exception


def test_what_the_api_refuses_is_said_in_its_words(page: AppTest) -> None:
    page.number_input(key="event.amount").set_value(-3.0).run()
    assert "amount must not be below 0" in texts(page)
    assert not page.exception


def test_html_in_an_event_stays_text(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["outcomes"][2]["name"] = "<img src=x>"
    page = open_page("score").run()
    page.text_input(key="event.customer_id").input("<img src=x>").run()
    press(page, "Score and save")
    assert "<img" not in "".join(str(element.body) for element in page.html)


def test_an_event_that_another_page_handed_over_is_filled_in(open_page: OpenPage) -> None:
    page = open_page("score")
    page.session_state["handed-over"] = {"A past event: p7": {**EVENT, "event_id": "p7", "amount": 77.5}}
    page.query_params["past"] = "p7"
    page.run()
    assert not page.exception
    assert page.selectbox(key="start").value == "A past event: p7"
    assert "past" not in page.query_params
    assert next(field.value for field in page.number_input if field.label == "Amount (USD)") == 77.5


def test_an_event_that_nobody_handed_over_is_passed_over(open_page: OpenPage) -> None:
    page = open_page("score")
    page.query_params["past"] = "p8"
    assert not page.run().exception


@pytest.mark.parametrize("filled", [{}, {"event.amount": 20.0}])
def test_a_payment_that_says_too_little_gets_no_outcome_and_is_not_recorded(
    contract: Contract, open_page: OpenPage, filled: dict[str, float]
) -> None:
    for variable in contract.detector["event_type"]["variables"]:
        variable["required"] = variable["role"] in ("id", "timestamp")
    page = open_page("score").run()
    contract.questions.clear()
    page.selectbox(key="start").select("Empty form").run()
    for key, value in filled.items():
        page.number_input(key=key).set_value(value).run()
    said = texts(page)
    assert not page.exception
    assert "Not enough data" in said
    assert f"{len(filled)} of 10 columns are filled in." in said
    assert "Fill in at least 5 columns" in said
    assert '`required = ["amount", "customer_id"]`' in said
    assert "tg-card" not in said
    assert next(button for button in page.button if button.label == "Score and save").disabled
    assert not contract.questions
    assert not contract.decisions


def test_a_decision_on_too_little_is_shown_and_said_to_be_one(contract: Contract, open_page: OpenPage) -> None:
    contract.answer("POST", "/v1/decisions", {"event": EVENT})
    page = open_page("score")
    page.query_params["event"] = EVENT["event_id"]
    page.run()
    said = texts(page)
    assert "Saved decision" in said
    assert "columns of this payment have values, so its score is not reliable. Missing: Merchant ID," in said


def test_more_frauds_than_payments_are_explained_by_whole_counts(contract: Contract, open_page: OpenPage) -> None:
    contract.histories = {"count": 3.98, "fraud_count": 4.7, "legitimate_count": 0.0}
    said = texts(open_page("score").run())
    assert "Customer C00812</th><td>5+ (4.0)</td><td>5+ (4.7)</td><td>none</td>" in said
    assert "5+ (4.0) means at least 5" in said
    assert "For customer, confirmed fraud outweighs all payments: a payment loses weight from when it was made" in said


def test_fewer_frauds_than_payments_need_no_word(contract: Contract, open_page: OpenPage) -> None:
    contract.histories = {"count": 3.0, "fraud_count": 1.0}
    said = texts(open_page("score").run())
    assert "Customer C00812</th><td>3+ (3.0)</td><td>1+ (1.0)</td>" in said
    assert "is above that of" not in said


def test_a_decided_payment_that_is_emptied_further_gets_no_outcome(contract: Contract, open_page: OpenPage) -> None:
    for variable in contract.detector["event_type"]["variables"]:
        variable["required"] = False
    contract.answer("POST", "/v1/decisions", {"event": EVENT})
    page = open_page("score")
    page.query_params["event"] = EVENT["event_id"]
    page.run().text_input(key="event.customer_id").input("").run()
    assert "Not enough data" in texts(page)
    assert next(button for button in page.button if button.label == "Save as a new payment").disabled
