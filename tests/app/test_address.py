"""URL state of pages: valid parameters are applied, others are reported."""

from __future__ import annotations

import pytest

from tests.app import model_shapes
from tests.app.conftest import OpenPage, texts
from tests.app.contract_rules import detector_rules, summaries
from tests.app.contract_server import Contract

IGNORED = ("in the URL", "ignored the URL")


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("today", {"customer_id": "c1"}, "This page ignored the URL parameter customer_id. It accepts no parameters."),
        ("queue", {"customer_id": "c1"}, "It accepts days, entity, event, key, label, outcome, rule, score and sort."),
        ("queue", {"outcome": "maybe", "days": "7"}, "The value outcome=maybe in the URL is not valid here."),
        (
            "queue",
            {"score": "high", "rule": "none"},
            "rule=none and score=high in the URL are not valid here.",
        ),
        ("score", {"past": "p8"}, "The value past=p8 in the URL is not valid here."),
        ("batch", {"file": "a.csv"}, "This page ignored the URL parameter file. It accepts batch."),
        ("performance", {"threshold": "abc"}, "The value threshold=abc in the URL is not valid here."),
        ("performance", {"on": "mars"}, "The value on=mars in the URL is not valid here."),
        ("why", {"feature": "nonsense"}, "The value feature=nonsense in the URL is not valid here."),
        ("rules", {"rule": "none"}, "The value rule=none in the URL is not valid here."),
        ("rules", {"part": "none"}, "The value part=none in the URL is not valid here."),
        ("rules", {"part": "lists", "list": "none"}, "The value list=none in the URL is not valid here."),
        ("help", {"a": "1", "b": "2"}, "This page ignored the URL parameters a and b."),
        ("today", {"x" * 500: "1"}, f"ignored the URL parameter {'x' * 40}…."),
    ],
)
def test_url_parameters_that_cannot_be_used_are_reported(
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
def test_valid_url_parameters_are_applied_without_a_message(
    contract: Contract, open_page: OpenPage, name: str, query: dict[str, str]
) -> None:
    contract.detector |= detector_rules()
    contract.summaries = summaries() if name == "rules" else model_shapes.summaries()
    page = open_page(name)
    for key, value in query.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    assert not any(phrase in texts(page) for phrase in IGNORED)


def test_it_is_no_longer_said_once_the_reader_chose(open_page: OpenPage) -> None:
    page = open_page("performance")
    page.query_params["threshold"] = "abc"
    page.run()
    page.slider(key="address-threshold").set_range(975, 990).run()
    assert not any(phrase in texts(page) for phrase in IGNORED)
