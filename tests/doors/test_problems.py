"""What cannot be used is refused with a code and a sentence; what goes wrong is told without its trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tollgate.services.container import Container

from tests.doors.doors import call, invoke, read_http, write_http
from tests.services.backend import Backend, Payment

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]

EVENT = (
    '"event_id": "1", "timestamp": "2026-06-01T00:00:00Z", "customer_id": "c", "merchant_id": "m", '
    '"device_id": "d", "ip": "10.0.0.1", "channel": "online", "merchant_category": "grocery"'
)


def check(answered: tuple[int, Any], status: int, code: str, words: str = "") -> None:
    """Check a refusal: status, code, a sentence with ``words`` in it, and no trace."""
    got, answer = answered
    assert (got, answer["code"]) == (status, code)
    assert set(answer) == {"code", "message", "retry"}
    assert words in answer["message"]
    assert "Traceback" not in answer["message"]
    assert 'File "' not in answer["message"]


def post(body: str) -> tuple[int, Any]:
    return call("POST", "/v1/decisions", body)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


NOT_JSON = {
    "NaN": f'{{"event": {{{EVENT}, "amount": NaN}}}}',
    "Infinity": f'{{"event": {{{EVENT}, "amount": -Infinity}}}}',
    "text": "hello",
    "cut": '{"event": {',
    "single quotes": "{'event': {}}",
    "nested deeply": f'{{"event": {{{EVENT}, "currency": {nested(100_000)}}}}}',
    "nothing but space": "   ",
    "UTF-16": EVENT.encode("utf-16").decode("latin-1"),
    "a huge number": f'{{"event": {{{EVENT}, "amount": {"9" * 5_000}}}}}',
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_a_body_that_is_not_json_is_refused(body: str) -> None:
    check(post(body), 422, "invalid_input", "not valid JSON")


@pytest.mark.parametrize("column", ["event_id", "customer_id", "currency"])
def test_half_a_character_is_refused(payment: Payment, column: str) -> None:
    check(post(json.dumps({"event": {**payment, column: "\ud800"}})), 422, "invalid_input", "half of a character")


NOT_A_REQUEST = {
    "no event": "{}",
    "event null": '{"event": null}',
    "event a list": '{"event": [1]}',
    "event a text": '{"event": "1"}',
    "body a list": "[]",
    "body null": "null",
    "body a number": "1",
    "an extra key": f'{{"event": {{{EVENT}}}, "evnet": 1}}',
    "detector a number": f'{{"event": {{{EVENT}}}, "detector": 1}}',
}


@pytest.mark.parametrize("body", NOT_A_REQUEST.values(), ids=NOT_A_REQUEST)
def test_a_body_that_is_no_request_is_refused(body: str) -> None:
    check(post(body), 422, "invalid_request")


def test_a_missing_body_is_refused() -> None:
    check(call("POST", "/v1/decisions"), 422, "invalid_request")


BAD_EVENTS = {
    "unknown column": ({"amuont": 1}, '(did you mean "amount"?)'),
    "no id": ({"event_id": None}, '"event_id"'),
    "empty id": ({"event_id": " "}, '"event_id"'),
    "no time": ({"timestamp": ""}, '"timestamp"'),
    "bad time": ({"timestamp": "yesterday"}, '"timestamp"'),
    "bad amount": ({"amount": "a lot"}, '"amount"'),
    "amount true": ({"amount": True}, '"amount"'),
    "amount too large": ({"amount": 1e13}, '"amount"'),
    "amount far too large": ({"amount": 10**400}, '"amount"'),
    "amount a list": ({"amount": [1]}, '"amount"'),
    "amount infinite text": ({"amount": "inf"}, '"amount"'),
    "place off the earth": ({"latitude": 91}, '"latitude"'),
    "a nested customer": ({"customer_id": {"id": 1}}, '"customer_id"'),
    "a long customer": ({"customer_id": "x" * 257}, '"customer_id"'),
}


@pytest.mark.parametrize(("changes", "words"), BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_an_event_that_cannot_be_read_is_refused(payment: Payment, changes: dict[str, Any], words: str) -> None:
    check(call("POST", "/v1/decisions", {"event": {**payment, **changes}}), 422, "invalid_event", words)


@pytest.mark.parametrize("name", ["event_id", "timestamp"])
def test_a_required_column_that_lacks_is_named(payment: Payment, name: str) -> None:
    del payment[name]
    check(call("POST", "/v1/decisions", {"event": payment}), 422, "invalid_event", f'"{name}" is required')


def test_a_body_over_256_kb_is_refused(payment: Payment) -> None:
    body = json.dumps({"event": {**payment, "currency": "x" * 256 * 1024}})
    check(post(body), 413, "body_too_large", "262,144")


@pytest.mark.parametrize("letter", ["x", "ü", "\N{SNOWMAN}"])
def test_a_body_just_under_256_kb_is_taken(payment: Payment, letter: str) -> None:
    fitting = (255 * 1024 - 400) // len(letter.encode())
    body = json.dumps({"event": {**payment, "currency": letter * fitting}}, ensure_ascii=False)
    assert len(body.encode()) <= 256 * 1024
    assert post(body)[0] == 200
    assert call("GET", f"/v1/decisions/{payment['event_id']}")[1]["event"]["currency"] == letter * fitting


@pytest.mark.parametrize("levels", [10, 29, 30, 300, 900, 5_000, 20_000])
def test_what_is_nested_in_an_ignored_column_is_shown_again_or_refused(payment: Payment, levels: int) -> None:
    payment["currency"] = "NESTED"
    body = json.dumps({"event": payment}).replace('"NESTED"', nested(levels))
    status, answer = post(body)
    if status == 200:
        assert call("GET", f"/v1/decisions/{payment['event_id']}")[0] == 200
    else:
        assert (status, set(answer)) == (422, {"code", "message", "retry"})


def test_another_content_type_is_refused_with_advice(payment: Payment) -> None:
    payload = write_http("POST", "/v1/decisions", {"event": payment})
    payload["headers"]["content-type"] = "text/plain"
    check(read_http(invoke("api", payload)), 422, "invalid_request")


def test_an_unexpected_error_is_told_without_its_trace(
    payment: Payment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the card number is 4111")

    monkeypatch.setattr(Container, "champion", fail)
    status, answer = call("POST", "/v1/decisions", {"event": payment})
    check((status, answer), 500, "internal")
    assert "4111" not in json.dumps(answer)
    assert "RuntimeError" not in json.dumps(answer)
    assert payment["customer_id"] not in caplog.text


def test_storage_that_fails_asks_for_another_try(backend: Backend, payment: Payment) -> None:
    call("GET", "/v1/healthz")
    backend.dynamodb.delete_table(TableName=backend.container.histories.table)
    status, answer = call("POST", "/v1/decisions", {"event": payment})
    check((status, answer), 503, "unavailable", "try again")
    assert answer["retry"] is True


def test_a_broken_seal_is_told(backend: Backend) -> None:
    (key,) = (key for key in backend.keys("detectors/") if key.endswith("model.onnx"))
    backend.drop(key, b"another model")
    check(call("GET", "/v1/healthz"), 503, "broken_seal", "model.onnx")


def test_an_id_too_long_for_the_table_is_unknown() -> None:
    check(call("GET", f"/v1/decisions/{'x' * 3_000}"), 404, "not_found")
