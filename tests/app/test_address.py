"""Addresses of pages: what they ask for is shown, and what they ask in vain is said."""

from __future__ import annotations

import pytest

from tests.app import model_shapes
from tests.app.conftest import OpenPage, texts
from tests.app.contract_rules import detector_rules, summaries
from tests.app.contract_server import Contract

VAIN = "in the address"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("today", {"customer_id": "c1"}, "customer_id in the address was ignored. This page reads nothing from its"),
        ("queue", {"customer_id": "c1"}, "This page reads days, event, label, outcome, rule, score and sort."),
        ("queue", {"outcome": "maybe", "days": "7"}, "outcome=maybe in the address names nothing that is here"),
        ("queue", {"score": "high", "rule": "none"}, "rule=none and score=high in the address name nothing"),
        ("score", {"past": "p8"}, "past=p8 in the address names nothing"),
        ("batch", {"file": "a.csv"}, "file in the address was ignored. This page reads batch."),
        ("performance", {"threshold": "abc"}, "threshold=abc in the address names nothing that is here"),
        ("performance", {"on": "mars"}, "on=mars in the address names nothing that is here"),
        ("why", {"feature": "nonsense"}, "feature=nonsense in the address names nothing"),
        ("rules", {"rule": "none"}, "rule=none in the address names nothing that is here"),
        ("rules", {"part": "none"}, "part=none in the address names nothing that is here"),
        ("rules", {"part": "lists", "list": "none"}, "list=none in the address names nothing that is here"),
        ("help", {"a": "1", "b": "2"}, "a and b in the address were ignored."),
        ("today", {"x" * 500: "1"}, f"{'x' * 40}… in the address was ignored"),
    ],
)
def test_what_an_address_asks_in_vain_is_said(
    contract: Contract, open_page: OpenPage, name: str, query: dict[str, str], said: str
) -> None:
    contract.detector |= detector_rules()
    contract.summaries = summaries()
    page = open_page(name)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    assert said in texts(page)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("queue", {"outcome": "block", "days": "30", "label": "any", "sort": "score", "rule": "large"}),
        ("performance", {"on": "live", "threshold": "700-950"}),
        ("rules", {"part": "lists", "list": "denied"}),
        ("rules", {"rule": "large"}),
        ("why", {"feature": "hour"}),
    ],
)
def test_nothing_is_said_of_an_address_that_is_followed(
    contract: Contract, open_page: OpenPage, name: str, query: dict[str, str]
) -> None:
    contract.detector |= detector_rules()
    contract.summaries = summaries() if name == "rules" else model_shapes.summaries()
    page = open_page(name)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    assert VAIN not in texts(page)


def test_it_is_no_longer_said_once_the_reader_chose(open_page: OpenPage) -> None:
    page = open_page("performance")
    page.query_params["threshold"] = "abc"
    page.run()
    page.slider(key="address-threshold").set_range(975, 990).run()
    assert VAIN not in texts(page)
