"""The Review queue: what it lists, what a case shows, and what deciding on one does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from app.api.detector import read_detector
from app.components.case import shared_keys
from app.views.queue.case_list import next_of
from app.views.queue.charts import MAX_DRAWN, PASSED, Mark, build_graph
from tests.app import contract_shapes as shapes
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract
from tests.app.past_decisions import NOW, REASONS, add


@pytest.fixture
def queue(contract: Contract, open_page: OpenPage) -> AppTest:
    """Three cases to review, the most money at risk first, among others that do not belong there."""
    for event_id, amount in (("middle", 800.0), ("most", 900.0), ("least", 700.0)):
        add(contract, event_id, amount)
    add(contract, "fine", 10.0)
    add(contract, "stopped", 2000.0)
    add(contract, "known", 950.0, label="fraud")
    add(contract, "old", 990.0, NOW - timedelta(8))
    return open_page("queue").run()


def listed(page: AppTest) -> list[str]:
    return [option.partition(" ")[0].replace("\\", "") for option in page.radio[0].options] if page.radio else []


def note_of(page: AppTest) -> TextInput:
    return next(field for field in page.text_input if field.label == "Note")


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def case_of(page: AppTest) -> str:
    return "\n".join(str(element.body) for element in page.html)


def test_cases_without_a_label_come_by_money_at_risk(queue: AppTest) -> None:
    assert not queue.exception
    assert listed(queue) == ["$165.60", "$147.20", "$128.80"]
    assert ">most<" in case_of(queue)


def test_more_cases_are_listed_when_asked_for(contract: Contract, open_page: OpenPage) -> None:
    for number in range(60):
        add(contract, f"many{number}", 700.0 + number)
    page = open_page("queue").run()
    assert (len(page.radio[0].options), page.subheader[0].value) == (50, "Cases (first 50)")
    assert page.radio[0].options[0].replace("\\", "") == "$139.66 at risk · C00812"
    press(page, "Show more cases")
    assert (len(page.radio[0].options), page.subheader[0].value) == (60, "Cases (60)")
    assert "Show more cases" not in [button.label for button in page.button]


def test_a_case_shows_event_reasons_history_and_links(queue: AppTest) -> None:
    case = case_of(queue)
    assert str(REASONS[0]["sentence"]) in case.replace("&#x27;", "'")
    assert ">electronics<" in case
    headings = [str(heading.value).replace("\\", "") for heading in queue.subheader]
    assert "Customer C00812: 6 other payments, 1 confirmed fraud" in headings
    assert "Linked payments" in headings


def test_rules_that_matched_show_the_values_put_in(contract: Contract, open_page: OpenPage) -> None:
    hit = {"rule": "large", "outcome": "review", "shadow": True, "expression": "920 > 500"}
    add(contract, "hit", 920.0)["rules"] = [hit]
    case = case_of(open_page("queue").run())
    assert "<code>920 &gt; 500</code>" in case
    assert "<b>large</b> would set <em>Review</em> (shadow)" in case


def test_a_rule_that_took_a_block_away_is_named_in_the_case_and_in_the_list(
    contract: Contract, open_page: OpenPage
) -> None:
    hit = {"rule": "far from home", "outcome": "review", "shadow": False, "expression": "3245 > 500"}
    taken = {"rule": "far from home", "from": "block"}
    add(contract, "taken", 2000.0).update(outcome="review", rules=[hit], downgraded=taken)
    page = open_page("queue")
    page.query_params["event"] = "taken"
    page.run()
    answered = contract.answer("GET", "/v1/decisions/taken", {})[1]
    assert answered["downgraded"] == taken
    assert f"Downgraded by rule {taken['rule']} from Block." in case_of(page)
    assert "Downgraded by rule far from home from Block." in texts(page)
    titles = " ".join(str(caption) for radio in page.radio for caption in radio.proto.captions)
    assert "Review (score: Block), score 988" in titles.replace("\\", "")


def test_deciding_labels_with_its_note_and_goes_on(queue: AppTest, contract: Contract) -> None:
    note_of(queue).input("She was at home.")
    press(queue, "Fraud")
    assert contract.decisions["most"]["label"] | {"known_at": ""} == {
        "label": "fraud", "known_at": "", "note": "She was at home.", "labelled_by": None,
    }  # fmt: skip
    assert listed(queue) == ["$147.20", "$128.80"]
    assert ">middle<" in case_of(queue)
    said = texts(queue)
    assert (
        "most marked fraud: a caught fraud of $900.00. The profiles of this customer, merchant and device now" in said
    )
    assert "1 labeled this session: 1 caught ($900)." in said
    press(queue, "Legitimate")
    assert "middle marked legitimate: a false positive of $800.00." in texts(queue)
    press(queue, "Fraud")
    assert "You labeled every case that matches these filters." in texts(queue)
    assert "3 labeled this session: 2 caught ($1,600), 1 legitimate." in texts(queue)


def test_a_fraud_that_was_let_through_is_a_missed_one(contract: Contract, open_page: OpenPage) -> None:
    add(contract, "slipped", 90.0)
    page = open_page("queue")
    page.query_params["outcome"] = "approve"
    press(page.run(), "Fraud")
    assert "a missed fraud of $90.00" in texts(page)


def test_a_label_can_be_corrected(queue: AppTest, contract: Contract) -> None:
    press(queue, "Fraud")
    press(queue, "Last labeled")
    assert "Labeled fraud, known since Nov 23, 2026, 19:20 UTC." in case_of(queue)
    press(queue, "Legitimate")
    assert contract.decisions["most"]["label"]["label"] == "legitimate"
    assert "no longer count it as fraud" in texts(queue)
    assert "1 labeled this session: 1 legitimate." in texts(queue)


def test_what_is_refused_is_said_and_the_case_stays(queue: AppTest, contract: Contract) -> None:
    note_of(queue).input("Card 4111 1111 1111 1111")
    press(queue, "Fraud")
    assert "card number" in texts(queue)
    assert contract.decisions["most"]["label"] is None
    assert ">most<" in case_of(queue)
    assert note_of(queue).value == "Card 4111 1111 1111 1111"


def test_next_and_previous_move_through_the_queue(queue: AppTest) -> None:
    press(queue, "Next")
    assert ">middle<" in case_of(queue)
    press(queue, "Next")
    press(queue, "Previous")
    assert ">middle<" in case_of(queue)
    assert queue.query_params["event"] == "middle"


def test_a_case_is_opened_by_its_address(queue: AppTest) -> None:
    queue.query_params["event"] = "fine"
    queue.run()
    assert ">fine<" in case_of(queue)
    assert queue.radio[0].value is None


def test_an_unknown_event_is_said_and_the_queue_goes_on(queue: AppTest) -> None:
    queue.query_params["event"] = "nobody"
    queue.run()
    assert "There is no event nobody." in texts(queue)
    press(queue, "Next")
    assert ">most<" in case_of(queue)


def test_filters_are_in_the_address_and_the_address_sets_them(queue: AppTest) -> None:
    queue.selectbox[0].set_value("fraud").run()
    assert queue.query_params["label"] == "fraud"
    assert listed(queue) == ["$174.80"]
    queue.query_params.clear()
    queue.query_params.update({"label": "any", "days": "30", "sort": "amount", "score": "900-930"})
    queue.run()
    assert listed(queue) == ["$990.00", "$950.00", "$900.00", "$800.00", "$700.00"]
    queue.query_params["days"] = "a year"
    queue.run()
    assert not queue.exception


def test_all_outcomes_for_manual_review_wait_in_the_queue(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["outcome_order"] = ["approve", "call", "review", "block"]
    add(contract, "reviewed", 900.0)
    add(contract, "called", 910.0)["outcome"] = "call"
    add(contract, "stopped", 2000.0)
    page = open_page("queue").run()

    assert listed(page) == ["$167.44", "$165.60"]
    page.query_params["outcome"] = "call"
    page.run()
    assert listed(page) == ["$167.44"]


def test_an_empty_queue_says_what_to_change(open_page: OpenPage) -> None:
    page = open_page("queue").run()
    assert "No payments match the filters" in texts(page)


def test_without_the_index_a_sentence_says_so(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/decisions"] = 503
    page = open_page("queue").run()
    assert not page.exception
    assert "failed to process the request" in texts(page)


def test_html_in_an_event_stays_text(contract: Contract, open_page: OpenPage) -> None:
    add(contract, "<img src=x>", 920.0, merchant_category="<script>1</script>")
    page = open_page("queue").run()
    assert "<img" not in case_of(page)
    assert "<script" not in case_of(page)


def test_only_entities_of_one_column_are_searched_for_the_customer_first() -> None:
    detector = read_detector(shapes.detector_document())
    event = shapes.event(1.0, ip="")
    assert shared_keys(detector, event) == [("customer", "C00812"), ("merchant", "M0149"), ("device", "D02117")]


def test_a_payment_that_shares_two_things_is_drawn_once_between_them() -> None:
    this, *others = [Mark(f"e{n}", "2026-11-26T00:00:00Z", "", 1.0, PASSED, "") for n in range(MAX_DRAWN + 4)]
    graph = build_graph(this, {("device", "D"): [this, *others], ("merchant", "M"): [this, others[0]]})
    assert [hub.others for hub in graph.hubs] == [MAX_DRAWN + 3, 1]
    assert len(graph.nodes) == 1 + MAX_DRAWN
    assert len(graph.lines) == 2 + MAX_DRAWN + 1
    assert len({node.at for node in graph.nodes}) == len(graph.nodes)


def test_the_next_case_follows_the_one_that_is_looked_at() -> None:
    ids = ["a", "b", "c"]
    assert [next_of(ids, one) for one in ("a", "b", "c", "elsewhere")] == ["b", "c", "", "a"]
    assert [next_of(ids, one, -1) for one in ("a", "b", "elsewhere")] == ["", "a", ""]


def test_a_case_says_which_rule_gave_it_another_outcome(contract: Contract, open_page: OpenPage) -> None:
    hit = {"rule": "far", "outcome": "review", "shadow": False, "expression": "3245 > 500"}
    add(contract, "weakened", 2000.0)
    contract.decisions["weakened"].update(outcome="review", rules=[hit])
    page = open_page("queue").run()
    assert not page.exception
    assert "Rule “far” sets the outcome to Review. The score alone would give Block." in texts(page)
