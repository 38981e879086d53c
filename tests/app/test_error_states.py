"""What an open session shows when keys run out, the API goes down, or another version is deployed meanwhile."""

from __future__ import annotations

import pytest
import streamlit as st

from app.api.errors import problem_of_answer
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract

PAGES = ("score", "batch", "performance")
EXPIRED = {"message": "The security token included in the request is expired"}
OF_FUNCTION_URLS = {"Message": "Signature expired: 20261126T050000Z is now earlier than 20261126T064000Z"}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [(EXPIRED, "AWS session has expired"), (OF_FUNCTION_URLS, "set the clock")],
)
def test_what_aws_refuses_is_said_with_what_to_do(
    answer: dict[str, str], sentence: str, contract: Contract, open_page: OpenPage
) -> None:
    contract.answers["/v1/detector"] = (403, answer)
    page = open_page("score").run()
    assert not page.exception
    assert sentence in texts(page)
    contract.answers.clear()
    page.button[0].click().run()
    assert not page.warning
    assert page.title[0].value == "Score a payment"


def test_any_other_refusal_names_the_keys() -> None:
    assert "denied access" in str(problem_of_answer(403, "Forbidden"))


@pytest.mark.parametrize("name", PAGES)
def test_a_session_keeps_its_page_while_the_api_is_away(name: str, contract: Contract, open_page: OpenPage) -> None:
    page = open_page(name).run()
    said = page.title[0].value
    st.cache_data.clear()
    contract.faults["/v1/detector"] = 503
    page.run()
    assert not page.exception
    assert page.title[0].value == said
    assert "failed to process the request (503)" in texts(page)
    assert "Detector information on this page is from" in texts(page)
    contract.faults.clear()
    page.button(key="try-again-page").click().run()
    assert not page.warning


def test_keys_that_run_out_end_the_session(contract: Contract, open_page: OpenPage) -> None:
    page = open_page("performance").run()
    st.cache_data.clear()
    contract.answers["/v1/detector"] = (403, EXPIRED)
    page.run()
    assert not page.metric
    assert "has expired" in texts(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_new_version_is_told_of_until_it_is_seen(name: str, contract: Contract, open_page: OpenPage) -> None:
    page = open_page(name).run()
    assert "is live now" not in texts(page)
    before, after = contract.detector["detector_version"], "20261126-ffffffffffffffff"
    contract.detector |= {"detector_version": after, "created_at": "2026-11-26T09:00:00Z", "examples": []}
    st.cache_data.clear()
    page.run()
    assert not page.exception
    assert f"Version {after} is live now and shown here. It replaced {before}." in texts(page)
    assert "version of Nov 26, 2026" in texts(page)
    page.button(key="replaced-seen").click().run()
    assert "is live now" not in texts(page)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_fails_shows_no_trace(name: str, contract: Contract, open_page: OpenPage) -> None:
    contract.answers["/v1/batches"] = (200, {"batches": [{"status": []}]})
    contract.answers["/v1/detector/evaluation"] = (200, {"models": [3]})
    broken = {"examples": [{"title": "broken", "event": {"amount": {}}}]}
    contract.answers["/v1/detector"] = (200, contract.detector | broken)
    page = open_page(name).run()
    assert not page.exception
    assert "Traceback" not in texts(page)
