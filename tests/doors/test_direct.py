"""The straight way to a decision answers as the framework does: status, headers, body, log line, and what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter
from tollgate.core.decisions.decision import Decision
from tollgate.core.explanations.explain import Wanted
from tollgate.handlers.http_api.fast_path import answer_directly
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event

from tests.doors.doors import EVENTS, Payload, load_event, write_http
from tests.doors.test_problems import NOT_A_REQUEST, NOT_JSON
from tests.services.backend import Backend, Payment

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]

# When it was decided, and how long that took, is never the same.
PASSING = {"decided_at", "timings_ms"}


def by_the_framework(payload: Payload) -> dict[str, Any]:
    from tollgate.handlers.http_api.app import handle  # noqa: PLC0415 - wants the loop that a fixture sets

    answer: dict[str, Any] = handle(deepcopy(payload), None)  # type: ignore[arg-type]
    return answer


def standing(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what of an answer does not depend on the clock."""
    body = json.loads(answer["body"])
    fixed = {name: value for name, value in body.items() if name not in PASSING}
    headers = {name: value for name, value in answer["headers"].items() if name != "content-length"}
    return {**answer, "headers": headers, "body": [*body], "content": fixed}


def assert_same_answer(payload: Payload, twin: Payload | None = None) -> dict[str, Any] | None:
    """Hold the straight answer against the framework's; ``twin`` is the same request under an event id of its own."""
    direct = answer_directly(payload)
    if direct is None:
        return None
    framework = by_the_framework(twin or payload)
    for answer in (direct, framework):
        assert answer["headers"]["content-length"] == str(len(answer["body"].encode()))
    expected = standing(framework)
    if twin and "event_id" in expected["content"]:
        expected["content"]["event_id"] = standing(direct)["content"]["event_id"]
    assert standing(direct) == expected
    return direct


def payload_of(payment: Payment, **more: object) -> Payload:
    return write_http("POST", "/v1/decisions", {"event": payment, **more})


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.glob("*.json")))
def test_the_gallery_is_answered_alike_or_left_to_the_framework(name: str) -> None:
    payload = load_event(name)
    taken = {"http_api_v2_post", "http_api_v2_post_base64", "function_url_post"}
    if name not in taken:
        assert answer_directly(payload) is None
        return
    first = answer_directly(payload)
    assert first is not None
    assert json.loads(first["body"])["repeated"] is False
    again = assert_same_answer(payload)
    assert again is not None
    assert json.loads(again["body"])["repeated"] is True


@pytest.mark.parametrize("reasons", ["none", "top", "all"])
def test_payments_are_answered_alike(later_payments: list[Payment], reasons: str) -> None:
    for number, payment in enumerate(later_payments[:20]):
        # Each way has customers, merchants and devices of its own, and so the same histories.
        one, other = (
            {name: f"{value}" if name != "event_id" else f"{value}-{way}" for name, value in payment.items()}
            | {name: f"{payment[name]}-{way}" for name in ("customer_id", "merchant_id", "device_id", "ip")}
            for way in ("a", "b")
        )
        assert assert_same_answer(payload_of(one, reasons=reasons), payload_of(other, reasons=reasons)), number


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "many"},
        {"timestamp": "yesterday"},
        {"timestamp": None},
        {"amuont": 1},
        {"customer_id": {"nested": 1}},
        {"event_id": ""},
        {"event_id": "x" * 300},
        {"latitude": 91},
    ],
)
def test_bad_events_are_refused_alike(payment: Payment, changes: dict[str, Any]) -> None:
    payload = payload_of({**payment, **changes})
    assert assert_same_answer(payload, payload_of({**payment, "event_id": "other", **changes}))


@pytest.mark.parametrize("body", [*NOT_JSON.values(), *NOT_A_REQUEST.values(), "", '{"event": {}, "reasons": "some"}'])
def test_bad_bodies_are_refused_alike_or_left_to_the_framework(body: str) -> None:
    payload = write_http("POST", "/v1/decisions", body)
    answer = assert_same_answer(payload)
    assert answer is None or answer["statusCode"] == 422


def test_a_large_body_is_refused_alike(payment: Payment) -> None:
    answer = assert_same_answer(payload_of({**payment, "currency": "x" * 256 * 1024}))
    assert answer is not None
    assert answer["statusCode"] == 413


def test_text_beyond_ascii_is_answered_alike(payment: Payment) -> None:
    payload = payload_of({**payment, "event_id": "ü\N{SNOWMAN}"})
    answer_directly(payload)
    answer = assert_same_answer(payload)
    assert answer is not None
    assert "ü\N{SNOWMAN}" in answer["body"]


def test_an_unknown_detector_is_refused_alike(payment: Payment) -> None:
    answer = assert_same_answer(payload_of(payment, detector="nobody"))
    assert answer is not None
    assert answer["statusCode"] == 404


def test_our_own_faults_are_told_alike(
    payment: Payment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the card number is 4111")

    monkeypatch.setattr(Container, "champion", fail)
    answer = assert_same_answer(payload_of(payment))
    assert answer is not None
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (500, "internal")
    told = [record.getMessage() for record in caplog.records]
    assert sum(line.startswith("Unexpected: RuntimeError at ") for line in told) == 2
    assert "4111" not in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.0"},
        {"headers": {"content-type": "text/plain"}},
        {"headers": None},
        {"body": "%", "isBase64Encoded": True},
        {"body": None},
        {"requestContext": None},
    ],
)
def test_other_requests_are_left_to_the_framework(payment: Payment, change: dict[str, Any]) -> None:
    assert answer_directly({**payload_of(payment), **change}) is None


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.LogCaptureFixture]:
    import logging  # noqa: PLC0415

    monkeypatch.setattr(logging.getLogger("tollgate"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="tollgate"):
        yield caplog


@pytest.mark.parametrize("amount", [12, "many"])
def test_both_ways_write_the_same_log_line(
    payment: Payment, log_lines: pytest.LogCaptureFixture, amount: object
) -> None:
    payload = payload_of({**payment, "amount": amount})
    answer_directly(payload)
    by_the_framework(payload)
    one, other = [
        record.message.rpartition(" in ")[0] for record in log_lines.records if record.name.endswith("access_log")
    ]
    assert one == other
    assert one.startswith("POST /v1/decisions: ")


def test_both_ways_store_the_same_decision(backend: Backend, payment: Payment) -> None:
    answer_directly(payload_of(payment, reasons="top"))
    by_the_framework(payload_of({**payment, "event_id": "other"}, reasons="top"))
    records = [backend.container.decisions.find("payments", one) for one in (payment["event_id"], "other")]
    assert records[0] is not None
    assert records[1] is not None
    assert records[0].decision.to_stored().keys() == records[1].decision.to_stored().keys()
    assert records[0].entities == records[1].entities


@pytest.mark.parametrize("reasons", ["none", "top"])
def test_answers_are_what_the_description_says(backend: Backend, payment: Payment, reasons: Wanted) -> None:
    decision = decide_event(backend.container, payment, reasons=reasons)
    answer = answer_directly(payload_of(payment))
    assert answer is not None
    described = TypeAdapter(Decision).dump_python(replace(decision, repeated=True, timings_ms={}), mode="json")
    body = json.loads(answer["body"])
    assert body == described
    assert [*body] == [*described], "in the order of the description"
