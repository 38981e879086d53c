"""What the reader sees when the API is not set, not there, slow, or refuses; and how requests are signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from streamlit.testing.v1 import AppTest

from app import streamlit_app
from app.api.client import Api
from app.api.connection import AwsKeys, Connection, SignForAws, aws_region, aws_service, find_connection
from app.api.errors import ApiProblem
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract

FUNCTION_URL = "https://abc.lambda-url.eu-west-1.on.aws"
HTTP_API = "https://abc.execute-api.us-east-2.amazonaws.com"
KEYS = AwsKeys("AKIDEXAMPLE", "secret", "token", "eu-central-1")


def test_the_whole_dashboard_opens_on_the_day(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLGATE_API_URL", contract.url)
    page = AppTest.from_file("../../app/streamlit_app.py", default_timeout=30).run()
    assert not page.exception
    assert page.title[0].value == "Today"


@pytest.mark.parametrize("name", ["today", "queue", "score", "batch", "performance", "rules", "help"])
def test_without_an_address_the_page_says_what_to_set(name: str, open_page: OpenPage) -> None:
    page = open_page(name, url="").run()
    assert not page.exception
    assert "TOLLGATE_API_URL=" in texts(page)
    assert "api_url" in texts(page)


@pytest.mark.parametrize("name", ["today", "queue", "score", "batch", "performance"])
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "requires signed requests"),
        (403, "denied access"),
        (404, "detector has no version yet"),
        (429, "The API is busy"),
        (500, "failed to process the request (500)"),
        (503, "failed to process the request (503)"),
    ],
)
def test_a_refusal_is_one_calm_sentence(
    name: str, status: int, sentence: str, contract: Contract, open_page: OpenPage
) -> None:
    contract.faults["/v1/detector"] = status
    page = open_page(name).run()
    assert not page.exception
    assert len(page.warning) == 1
    assert sentence in texts(page)
    contract.faults.clear()
    page.button[0].click().run()
    assert not page.warning


def test_a_refusal_further_on_leaves_the_rest_of_the_page(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/batches"] = 503
    page = open_page("batch").run()
    assert not page.exception
    assert "Upload a file" in texts(page)
    assert len(page.warning) == 1


def test_an_api_that_is_down_is_named(open_page: OpenPage) -> None:
    page = open_page("score", url="http://127.0.0.1:9").run()
    assert not page.exception
    assert "The API at 127.0.0.1:9 cannot be reached" in texts(page)


def test_an_api_that_is_slow_is_not_waited_for_long(contract: Contract) -> None:
    contract.delay_s = 1.0
    with pytest.raises(ApiProblem, match="did not answer within"):
        Api(Connection(contract.url), timeout_s=0.1).detector()


@pytest.mark.parametrize("document", [{}, {"detector": "x"}, {"event_type": []}])
def test_an_answer_of_another_shape_is_said_calmly(
    document: dict[str, Any], contract: Contract, open_page: OpenPage
) -> None:
    contract.answers["/v1/detector"] = (200, document)
    page = open_page("score").run()
    assert not page.exception
    assert "cannot read the API's detector description" in texts(page)


def test_too_large_an_event_is_sent_to_the_batch_page(contract: Contract) -> None:
    contract.faults["/v1/decisions"] = 413
    with pytest.raises(ApiProblem, match="256 KB"):
        Api(Connection(contract.url)).decide({"event_id": "1"})


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_connection() is None
    monkeypatch.setenv("TOLLGATE_API_URL", "api.example.com/")
    assert find_connection() == Connection("https://api.example.com/")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    found = find_connection()
    assert found is not None
    assert found.keys == AwsKeys("AKIDEXAMPLE", "secret")
    assert "secret" not in repr(found)


def test_settings_come_from_streamlits_secrets_too(contract: Contract, open_page: OpenPage) -> None:
    page = open_page("score", url="")
    page.secrets["api_url"] = contract.url
    page.run()
    assert page.title[0].value == "Score a payment"


@pytest.mark.parametrize(("url", "service"), [(FUNCTION_URL, "lambda"), (HTTP_API, "execute-api")])
def test_the_service_and_region_are_read_from_the_host(url: str, service: str) -> None:
    assert aws_service(url) == service
    assert aws_region(url, "") == url.split(".")[2]


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        (FUNCTION_URL, "eu-west-1/lambda/aws4_request"),
        (HTTP_API, "us-east-2/execute-api/aws4_request"),
        ("https://api.example.com", "eu-central-1/execute-api/aws4_request"),
    ],
)
def test_requests_are_signed_for_the_service(url: str, scope: str) -> None:
    request = requests.Request("POST", f"{url}/v1/decisions", json={"event": {}}, auth=SignForAws(KEYS)).prepare()
    assert scope in request.headers["Authorization"]
    assert "content-type;host;x-amz-date;x-amz-security-token" in request.headers["Authorization"]
    assert request.headers["X-Amz-Security-Token"] == "token"


def test_keys_are_not_shown_to_an_open_wire() -> None:
    request = requests.Request("GET", "http://api.example.com/v1/detector", auth=SignForAws(KEYS)).prepare()
    assert "Authorization" not in request.headers
    assert "X-Amz-Security-Token" not in request.headers


def test_every_page_of_the_navigation_is_a_file_of_its_own() -> None:
    folder = Path(streamlit_app.__file__).parent
    for name in streamlit_app.PAGES:
        assert 'if __name__ == "__main__":' in (folder / streamlit_app.PAGE.format(name)).read_text(encoding="utf-8")
