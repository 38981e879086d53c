"""A model that no table covers, published: its decisions carry approximate reasons, and say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.doors.doors import call
from tests.services.backend import Backend, Payment

pytest_plugins = ("tests.services.backend_fixture", "tests.brought_fixture")
pytestmark = pytest.mark.emulator


@pytest.fixture
def decides(empty_backend: Backend, brought_version: Path) -> Backend:
    empty_backend.publish(brought_version)
    return empty_backend


def test_decisions_carry_them(decides: Backend, payment: Payment) -> None:
    answers = {}
    for wanted in ("none", "top", "all"):
        event = {**payment, "event_id": f"reasons-{wanted}", "customer_id": "nobody", "device_id": "", "ip": ""}
        status, answers[wanted] = call("POST", "/v1/decisions", {"event": event, "reasons": wanted})
        assert status == 200
        assert answers[wanted]["detector_version"] == decides.container.champion().version

    assert answers["none"]["reasons"] is None
    assert answers["none"]["reasons_approximate"] is False
    assert len(answers["top"]["reasons"]) == 3 < len(answers["all"]["reasons"])
    assert answers["top"]["reasons_approximate"] is answers["all"]["reasons_approximate"] is True
    assert 0 <= answers["all"]["reasons_stability"] <= 1
    weights = [abs(reason["contribution"]) for reason in answers["all"]["reasons"]]
    assert weights == sorted(weights, reverse=True)
    assert all(reason["sentence"].endswith(".") for reason in answers["all"]["reasons"])


@pytest.mark.usefixtures("decides")
def test_the_first_reasons_stay(payment: Payment) -> None:
    first = call("POST", "/v1/decisions", {"event": payment, "reasons": "top"})[1]
    found = call("GET", f"/v1/decisions/{payment['event_id']}")[1]

    assert found["reasons"] == first["reasons"]
    assert (found["reasons_approximate"], found["reasons_stability"]) == (True, first["reasons_stability"])


def test_a_whole_answer_is_near_the_log_odds(decides: Backend, later_payments: list[Payment]) -> None:
    """Near is what it is: the version's manifest says how near they were when it was sealed."""
    gap = decides.container.champion().manifest["reasons"]["gap"]
    gaps = []
    for payment in later_payments[:20]:
        answer = call("POST", "/v1/decisions", {"event": payment, "reasons": "all"})[1]
        told = answer["base_log_odds"] + sum(reason["contribution"] for reason in answer["reasons"])
        known = np.clip(answer["probability"], 1e-7, 1 - 1e-7)
        gaps.append(abs(told - np.log(known / (1 - known))))

    assert np.median(gaps) <= 3 * max(gap["median"], 0.1)


def test_the_detector_says_that_they_are_approximate(decides: Backend) -> None:
    status, answer = call("GET", "/v1/detector")
    told = decides.container.champion().manifest["reasons"]

    assert status == 200
    assert answer["model"]["brought"] is True
    assert answer["reasons"] == {
        "kind": "approximate", "method": "lime", "stability": told["stability"], "gap": told["gap"],
    }  # fmt: skip
    assert call("GET", "/v1/detector/evaluation")[1]["models"][0]["train_s"] is None
