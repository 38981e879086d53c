"""A degraded answer keeps the API's shape."""

from __future__ import annotations

import pytest
from tollgate.core.detectors.safety import Safety

from tests.doors.doors import call
from tests.services.backend import Backend, Payment, Publish

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator


def test_a_degraded_answer_passes_the_http_door(backend: Backend, publish: Publish, payment: Payment) -> None:
    publish(Safety(fail="review", required=("amount",)))
    status, answer = call("POST", "/v1/decisions", {"event": {**payment, "amount": None}, "reasons": "top"})
    assert (status, answer["score"], answer["reasons"]) == (200, None, None)
    assert answer["degraded"] == {"mode": "review", "missing": ["variable:amount"]}
    assert backend.container.decisions.find("payments", payment["event_id"]) is not None
