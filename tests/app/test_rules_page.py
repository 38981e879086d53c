"""The Rules page: figures of rules, a draft that is checked, tried and saved, and lists that are changed."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from app.views.rules.lists import read_values
from app.views.rules.results import RuleFigures, read_figures, read_overlaps
from tests.app.conftest import OpenPage, texts
from tests.app.contract_index import search
from tests.app.contract_rules import detector_rules, summaries
from tests.app.contract_server import Contract
from tests.app.contract_shapes import rule
from tests.app.past_decisions import add


@pytest.fixture(autouse=True)
def _ruled(contract: Contract) -> None:
    """Let the contract's detector have rules and a list, and two days of decisions by them."""
    contract.detector |= detector_rules()
    contract.summaries = summaries()


def open_part(open_page: OpenPage, part: str, **query: str) -> AppTest:
    page = open_page("rules")
    page.query_params["part"] = part
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def draft(open_page: OpenPage) -> AppTest:
    return open_part(open_page, "next")


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def choose(page: AppTest, number: int) -> AppTest:
    return page.selectbox[0].set_value(number).run()


def type_expression(page: AppTest, number: int, text: str) -> AppTest:
    """Do what the field in the browser does when the reader pauses."""
    page.session_state[f"rule.1.{number}.expression"] = {"text": text}
    held = page.session_state["rules.draft"][1]
    held.rule["expression"] = text
    return page.run()


def test_figures_are_added_up_over_days_and_labels() -> None:
    figures = read_figures(summaries()["days"], "approve")

    assert figures["large"] == RuleFigures(hits=20, frauds=5, legitimate=5, saved=2800.0)
    assert figures["large"].precision == 0.5
    assert figures["hurry"] == RuleFigures(hits=5, frauds=5, legitimate=0, saved=700.0), "what it would have saved"
    assert read_overlaps(summaries()["days"], "large") == [("hurry", 3)]
    assert RuleFigures(hits=3).precision is None


def test_rules_stand_with_what_they_did_and_how_they_are_set(open_page: OpenPage) -> None:
    page = open_part(open_page, "use", rule="large")
    table = page.dataframe[0].value.set_index("Rule")

    assert table["State"].to_dict() == {"denied": "Active", "large": "Active", "hurry": "Shadow", "old": "Off"}
    assert table.loc["large", ["Hits", "Frauds", "Precision", "Saved"]].tolist() == [20, 5, 50.0, 2800.0]
    assert page.subheader[0].value == "large"
    assert "Active: matches get the outcome Review. Priority 100." in texts(page)
    assert page.dataframe[1].value["Share"].tolist() == [15.0]


def test_what_a_rule_took_away_is_counted_as_the_api_lists_it(contract: Contract, open_page: OpenPage) -> None:
    hit = {"rule": "large", "outcome": "review", "shadow": False, "expression": "2000 > 500"}
    taken = {"rule": "large", "from": "block"}
    for number, label in enumerate(("fraud", "", "")):
        add(contract, f"e{number}", 2000.0, label=label).update(outcome="review", rules=[hit], downgraded=taken)
    add(contract, "review", 920.0).update(rules=[hit])
    contract.summaries = None
    page = open_part(open_page, "use", rule="large")
    said = "Downgraded 3 from Block to Review in this period. Confirmed fraud: 1."
    assert said in texts(page)
    listed = search(contract.decisions.values(), None, "rule=large&from_score=975")["decisions"]
    assert sum(one["downgraded"] == taken for one in listed) == 3


def test_a_rule_in_the_address_is_the_one_that_is_shown(open_page: OpenPage) -> None:
    page = open_part(open_page, "use", rule="hurry")
    assert "Shadow: matches are recorded but no action is taken." in texts(page)
    page.selectbox[0].select("denied").run()
    assert "rule" not in page.query_params, "the first one is shown without being asked for"
    assert "No matches in this period." in texts(page)


def test_a_version_without_rules_says_where_to_write_one(contract: Contract, open_page: OpenPage) -> None:
    contract.detector |= {"rules": [], "lists": []}
    assert "Add a first rule under Draft." in texts(open_part(open_page, "use"))
    assert "Add one under [lists]" in texts(open_part(open_page, "lists"))


def test_the_draft_begins_with_the_rules_that_decide(draft: AppTest, contract: Contract) -> None:
    assert "Drafts are not live. This draft has the rules of version 20261120-1412-9f3ac1." in texts(draft)
    assert next(button for button in draft.button if button.label == "Save draft").disabled
    assert contract.rules.draft is None


def test_what_is_typed_is_checked_and_an_error_is_not_saved(draft: AppTest, contract: Contract) -> None:
    type_expression(choose(draft, 1), 1, "amount > 500 && amout < 3")
    asked = [request for request in contract.requests if request == "POST /v1/rules/check"]
    assert len(asked) == 2, "once for the draft as it was, once for what was typed"
    save, attempt = (
        next(button for button in draft.button if button.label == label)
        for label in ("Save draft", "Test on past events")
    )
    assert save.disabled
    assert attempt.disabled
    choose(draft, 0)
    assert 'large: "amout" is not a variable or a feature (did you mean "amount"?)' in texts(draft)


def test_rules_are_tried_before_they_are_saved(draft: AppTest, contract: Contract) -> None:
    type_expression(choose(draft, 1), 1, "amount > 700")
    press(draft, "Test on past events")
    shown = {metric.label: metric.value for metric in draft.metric}
    assert (shown["Hits"], shown["Fraud hits"], shown["Good customers affected"]) == ("1,200", "300", "870")
    assert "Estimates for 48,210 payments from Jun 1, 2026 to Jun 30, 2026, 412 of them fraud" in texts(draft)
    assert draft.dataframe[0].value["Downgraded"].tolist()[0] == 11
    assert "large never matches: amount > 700 is never true; the largest is 512.30." in texts(draft).replace("\\", "")
    assert contract.rules.trials[0]["rules"][1]["expression"] == "amount > 700"
    assert contract.rules.draft is None
    type_expression(draft, 1, "amount > 800")
    assert "These results are from before your last change" in texts(draft)


def test_settings_are_saved_with_the_draft(draft: AppTest, contract: Contract) -> None:
    choose(draft, 2)
    draft.selectbox(key="rule.1.2.outcome").select("review").run()
    draft.number_input(key="rule.1.2.priority").set_value(7).run()
    press(draft, "Save draft")
    assert contract.rules.draft is not None
    saved = contract.rules.draft["rules"][2]
    assert (saved["outcome"], saved["priority"], saved["shadow"]) == ("review", 7, True)
    assert contract.rules.draft["rules"][1]["expression"] == "amount > 500 // for now\n  && score >= 860"
    assert "1 changed" in texts(draft)
    assert "Saved Nov 23, 2026, 19:20 UTC." in texts(draft)
    assert draft.selectbox[0].value == 2, "the same rule is still open"


def test_a_rule_is_added_in_shadow_mode_and_removed(draft: AppTest, contract: Contract) -> None:
    press(draft, "Add a rule")
    assert draft.text_input[0].value == "new rule 1"
    press(draft, "Save draft")
    assert contract.rules.draft is not None
    assert contract.rules.draft["rules"][-1] == rule(
        name="new rule 1", expression="amount > 1000", outcome="review", shadow=True
    )
    press(draft, "Remove this rule")
    assert "This draft has the rules of version" in texts(draft)


def test_what_others_saved_is_not_overwritten(draft: AppTest, contract: Contract) -> None:
    draft.number_input(key="rule.1.0.priority").set_value(2).run()
    theirs = [rule(name="theirs", expression="amount > 9", outcome="block")]
    contract.rules.save_draft({"rules": theirs, "saved_by": "Grace"}, None)
    press(draft, "Save draft")
    assert (
        "Grace saved the draft in the meantime, Nov 23, 2026, 19:20 UTC. Your changes are still here but not saved."
        in texts(draft)
    )
    assert contract.rules.draft is not None
    assert contract.rules.draft["rules"] == theirs
    press(draft, "Replace theirs with mine")
    assert contract.rules.draft["rules"][0]["priority"] == 2


def test_theirs_can_be_taken(draft: AppTest, contract: Contract) -> None:
    draft.number_input(key="rule.1.0.priority").set_value(2).run()
    contract.rules.save_draft({"rules": [rule(**THEIRS)], "saved_by": None}, None)
    press(draft, "Save draft")
    assert "Somebody else saved the draft in the meantime" in texts(draft)
    press(draft, "Discard mine and use theirs")
    assert draft.text_input[0].value == "theirs"
    assert not draft.warning


THEIRS = {"name": "theirs", "expression": "amount > 9", "outcome": "block"}


def test_rules_that_cannot_be_checked_are_said_so(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/rules/check"] = 503
    page = open_part(open_page, "next")
    assert [finding["message"] for finding in findings_of(page)] == [
        "The check failed. The API failed to process the request (503): try again in a moment. "
        "API message: fault 503 at /v1/rules/check"
    ]


def findings_of(page: AppTest) -> list[dict[str, str]]:
    """What the field in the browser is told."""
    (field,) = (element for element in page.main if "expression" in str(getattr(element, "key", "")))
    return list(json.loads(field.proto.json)["findings"])


def test_a_list_is_searched_and_changed(contract: Contract, open_page: OpenPage) -> None:
    page = open_part(open_page, "lists")
    assert page.dataframe[0].value["Value"].tolist() == ["c1", "c2", "c3"]
    assert "3 text values, from the version of Nov 20, 2026, 14:12 UTC." in texts(page)
    page.text_area[0].input("c9\n\n c8 \nc9")
    press(page, "Add")
    assert contract.rules.lists["denied"] == ["c1", "c2", "c3", "c8", "c9"]
    assert "2 added, 5 in total." in texts(page)
    page.text_input[0].input("c8").run()
    assert page.dataframe[0].value["Value"].tolist() == ["c8"]


def test_a_list_that_others_changed_is_left_as_it_is(contract: Contract, open_page: OpenPage) -> None:
    page = open_part(open_page, "lists")
    page.text_area[0].input("c9")
    contract.rules.change_list("denied", {"values": ["c7"]}, None)
    press(page, "Add")
    assert contract.rules.lists["denied"] == ["c7"]
    assert "Somebody else changed this list in the meantime" in texts(page)
    assert page.text_area[0].value == "c9", "what was typed is not lost"
    assert page.dataframe[0].value["Value"].tolist() == ["c7"]


def test_a_long_list_is_paged(contract: Contract, open_page: OpenPage) -> None:
    contract.rules.lists["denied"] = [f"c{number:04}" for number in range(250)]
    page = open_part(open_page, "lists")
    assert "1 to 100 of 250." in texts(page)
    press(page, "Next")
    press(page, "Next")
    assert "201 to 250 of 250." in texts(page)
    assert page.dataframe[0].value["Value"].tolist()[0] == "c0200"
    press(page, "Back")
    assert "101 to 200 of 250." in texts(page)


def test_values_are_read_one_a_line() -> None:
    assert read_values(" c1 \n\nc2\r\nc1\n") == ["c1", "c2"]
