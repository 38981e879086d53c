"""The Review queue: the search for one entity's payments, the download of cases, and values added to lists."""

from __future__ import annotations

import csv
import io

import pytest
from streamlit.testing.v1 import AppTest

from app.api.detector import read_detector
from app.views.queue.case_list import cases_csv
from app.views.queue.case_view import used_column
from tests.app.conftest import OpenPage, texts
from tests.app.contract_index import found
from tests.app.contract_rules import detector_rules
from tests.app.contract_server import Contract
from tests.app.past_decisions import add
from tests.app.test_queue_page import case_of, listed, press


@pytest.fixture
def queue(contract: Contract, open_page: OpenPage) -> AppTest:
    """A case of each of two customers, and an approved payment of the second."""
    contract.detector |= detector_rules()
    add(contract, "first", 900.0)
    add(contract, "second", 800.0, customer_id="C7")
    add(contract, "approved", 10.0, customer_id="C7")
    return open_page("queue").run()


def search(page: AppTest, key: str) -> AppTest:
    page.text_input(key="address-key").input(key)
    return page.run()


def test_a_search_lists_the_cases_of_one_customer_and_opens_the_first(queue: AppTest) -> None:
    queue.query_params["event"] = "first"
    search(queue, " C7 ")
    assert not queue.exception
    assert listed(queue) == ["$147.20"]
    assert ">second<" in case_of(queue)
    assert queue.query_params["key"] == "C7"
    search(queue, "")
    assert len(listed(queue)) == 2


def test_a_search_offers_all_payments_and_says_what_it_did_not_find(queue: AppTest) -> None:
    search(queue, "C9")
    said = texts(queue)
    assert "No payments of customer C9 match the filters." in said
    everything = "/queue?entity=customer&key=C9&outcome=any&label=any&days=30&sort=newest"
    assert f"[All its payments, 30 days]({everything})" in said


def test_the_address_of_an_entity_lists_its_payments(queue: AppTest) -> None:
    for name, value in {"entity": "customer", "key": "C7", "outcome": "any"}.items():
        queue.query_params[name] = value
    queue.run()
    assert len(listed(queue)) == 2
    queue.query_params["entity"] = "card"
    assert "entity=card" in texts(queue.run())


def test_a_case_links_to_the_payments_of_its_entities(queue: AppTest) -> None:
    said = texts(queue)
    assert "[List these payments](/queue?entity=customer&key=C00812&" in said
    assert "[Payments with device " in said
    assert "[Payments with merchant " in said


def test_listed_cases_are_downloaded_with_their_entities(contract: Contract) -> None:
    stored = add(contract, "=1+1", 900.0, label="fraud", customer_id="@C7")
    stored["rules"] = [
        {"rule": "large", "outcome": "review", "shadow": False, "expression": "true"},
        {"rule": "hurry", "outcome": "block", "shadow": True, "expression": "true"},
    ]
    (row,) = csv.DictReader(io.StringIO(cases_csv([found(stored)])))
    assert (row["event_id"], row["customer"], row["rules"], row["label"]) == ("'=1+1", "'@C7", "large", "fraud")
    assert (row["amount"], row["timestamp"]) == ("900.0", stored["event"]["timestamp"])


def test_a_value_of_the_case_is_added_to_the_list_that_rules_look_it_up_in(queue: AppTest, contract: Contract) -> None:
    assert used_column(read_detector(contract.detector), "denied") == "customer_id"
    press(queue, "Add")
    assert contract.rules.lists["denied"] == ["C00812", "c1", "c2", "c3"]
    assert "C00812 is now on the list denied." in texts(queue)
    press(queue, "Add")
    assert "C00812 was already on the list denied." in texts(queue)


def test_a_list_that_cannot_be_changed_says_why(queue: AppTest, contract: Contract) -> None:
    contract.faults["/v1/lists"] = 503
    press(queue, "Add")
    assert contract.rules.lists["denied"] == ["c1", "c2", "c3"]
    assert "is now on the list" not in texts(queue)
    assert queue.warning


def test_a_version_without_lists_offers_none(contract: Contract, open_page: OpenPage) -> None:
    add(contract, "first", 900.0)
    page = open_page("queue").run()
    assert "Add" not in [button.label for button in page.button]
