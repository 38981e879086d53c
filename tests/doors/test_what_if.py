"""Deciding without recording, through the HTTP door."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.doors import call
from tests.services.backend import Backend, Payment

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]


def ask(**question: Any) -> tuple[int, Any]:  # noqa: ANN401 - any JSON
    return call("POST", "/v1/what-if", question)


def test_a_curve_comes_in_one_answer_and_leaves_no_decision(backend: Backend, payment: Payment) -> None:
    amounts = [10.0 * step for step in range(100)]
    status, answer = ask(event=payment, variants=[{"amount": amount} for amount in amounts], reasons="all")
    assert status == 200
    assert len(answer["variants"]) == len(amounts)
    assert set(answer["unchanged"]) == {
        "score", "probability", "outcome", "downgraded", "rules",
        "base_log_odds", "reasons", "reasons_approximate", "reasons_stability",
    }  # fmt: skip
    assert answer["unchanged"]["reasons"]
    assert answer["variants"][-1]["reasons"] is answer["histories"] is None
    assert call("GET", f"/v1/decisions/{payment['event_id']}")[0] == 404
    assert backend.histories() == {}


def test_a_decided_event_is_asked_about_by_its_id(payment: Payment) -> None:
    _, decided = call("POST", "/v1/decisions", {"event": payment})
    status, answer = ask(event_id=payment["event_id"], histories=True)
    assert status == 200
    assert answer["unchanged"]["probability"] == decided["probability"]
    (device,) = [known for known in answer["histories"] if known["entity"] == "device"]
    assert device["key"] == [payment["device_id"]]
    assert device["remembered"] is False


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (36, 36.0),
        (36.0, 36),
        ("36.0", 36),
        (True, "TRUE"),
        (12345678901234567890, "12345678901234567890"),
        (" p ", "p"),
    ],
)
def test_an_id_is_asked_about_as_it_is_decided_on(payment: Payment, given: object, asked: object) -> None:
    _, decided = call("POST", "/v1/decisions", {"event": {**payment, "event_id": given}})
    status, answer = ask(event_id=asked)
    assert status == 200, answer
    assert answer["unchanged"]["probability"] == decided["probability"]
    status, found = call("GET", f"/v1/decisions/{asked}")
    assert (status, found["event_id"]) == (200, decided["event_id"])


@pytest.mark.parametrize(
    ("question", "status", "message"),
    [
        ({}, 422, "Say event, event_id, or both: without one there is nothing to decide on."),
        ({"event_id": "p?"}, 404, 'There is no decision on event "p?" by detector "payments".'),
        ({"event_id": {"a": 1}}, 422, "body.event_id: a nested value is not a text."),
        ({"event_id": "a\x1f"}, 422, 'body.event_id: "a\x1f" has a control character.'),
        ({"event_id": "x" * 300}, 422, "body.event_id: "),
        ({"event_id": " "}, 422, "Say event, event_id, or both"),
        ({"event": {}, "variants": [{}] * 101}, 422, "body.variants: give at most 100, not 101"),
        ({"event": {}, "record": True}, 422, "body.record: Extra inputs are not permitted."),
        ({"event": {"event_id": "a"}}, 422, 'Column "timestamp" is required and missing.'),
    ],
)
def test_what_cannot_be_asked_is_said(question: dict[str, Any], status: int, message: str) -> None:
    answered, problem = ask(**question)
    assert answered == status
    assert problem["message"].startswith(message)


def test_the_descriptions_of_files_reach_the_form() -> None:
    assert call("GET", "/v1/detector")[1]["files"] == {"delimiter": None, "encoding": None}
