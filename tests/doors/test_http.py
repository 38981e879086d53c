"""The HTTP door: every route, and every way in."""

from __future__ import annotations

import math
import urllib.request
from typing import Any
from urllib.parse import quote

import pytest
from tollgate.services.batches.process import score_batch

from tests.doors.doors import call, invoke, load_event, read_http, write_http
from tests.services.backend import DETECTOR, Backend, Payment, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]


UNSAID = {"note": None, "labelled_by": None}


@pytest.mark.parametrize(
    "name", ["http_api_v2_post", "http_api_v2_post_base64", "http_api_v1_post", "function_url_post"]
)
def test_a_decision_comes_through_every_front(name: str) -> None:
    status, answer = read_http(invoke("api", load_event(name)))
    assert (status, answer["event_id"], answer["repeated"]) == (200, "p1", False)


@pytest.mark.parametrize("name", ["http_api_v2_get", "function_url_get"])
def test_health_comes_through_every_front(backend: Backend, name: str) -> None:
    version = backend.container.champion().version
    expected = {"status": "ok", "detector": DETECTOR, "detector_version": version}
    assert read_http(invoke("api", load_event(name))) == (200, expected)


def test_a_decision_answers_as_promised(payment: Payment) -> None:
    status, answer = call("POST", "/v1/decisions", {"event": payment})
    assert status == 200
    assert set(answer) == {
        "event_id", "detector", "detector_version", "score", "probability", "outcome", "rules", "lists",
        "downgraded", "degraded", "braked", "forced", "clock", "recorded", "missing_columns",
        "decided_at", "repeated", "timings_ms", "base_log_odds", "reasons", "reasons_approximate", "reasons_stability",
    }  # fmt: skip
    assert answer["reasons"] is answer["base_log_odds"] is None


def test_a_decision_carries_the_reasons_that_are_asked_for(payment: Payment) -> None:
    answers = {}
    for wanted in ("none", "top", "all"):
        event = {**payment, "event_id": f"reasons-{wanted}", "customer_id": "nobody", "device_id": "", "ip": ""}
        status, answers[wanted] = call("POST", "/v1/decisions", {"event": event, "reasons": wanted})
        assert status == 200
    assert answers["none"]["reasons"] is None
    assert len(answers["top"]["reasons"]) == 3 < len(answers["all"]["reasons"])
    assert set(answers["top"]["reasons"][0]) == {"name", "impact", "contribution", "sentence"}
    log_odds = answers["all"]["base_log_odds"] + sum(one["contribution"] for one in answers["all"]["reasons"])
    assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(answers["all"]["probability"], abs=1e-5)


def test_reasons_stay_with_the_first_decision(payment: Payment) -> None:
    first = call("POST", "/v1/decisions", {"event": payment, "reasons": "top"})[1]
    again = call("POST", "/v1/decisions", {"event": payment, "reasons": "all"})[1]
    found = call("GET", f"/v1/decisions/{payment['event_id']}")[1]
    assert again["reasons"] == found["reasons"] == first["reasons"]
    assert again["base_log_odds"] == found["base_log_odds"] == first["base_log_odds"]


@pytest.mark.parametrize("given", ["none", "top", "all"])
def test_a_stored_decision_tells_as_many_reasons_as_are_asked_for(payment: Payment, given: str) -> None:
    first = call("POST", "/v1/decisions", {"event": payment, "reasons": given})[1]
    path = f"/v1/decisions/{payment['event_id']}"
    found = {wanted: call("GET", path, query=f"reasons={wanted}")[1]["reasons"] for wanted in ("none", "top", "all")}
    assert call("GET", path)[1]["reasons"] == first["reasons"]
    assert found["none"] is None
    assert found["top"] == found["all"][:3]
    assert first["reasons"] in (None, found["top"], found["all"])
    assert call("GET", path, query="reasons=some")[0] == 422


def test_another_word_for_reasons_is_refused(payment: Payment) -> None:
    status, answer = call("POST", "/v1/decisions", {"event": payment, "reasons": "some"})
    assert (status, answer["code"]) == (422, "invalid_request")
    assert "reasons" in answer["message"]


def test_a_repeated_decision_is_the_first(payment: Payment) -> None:
    first = call("POST", "/v1/decisions", {"event": payment})[1]
    again = call("POST", "/v1/decisions", {"event": {**payment, "amount": 1}})[1]
    assert again == {**first, "repeated": True, "timings_ms": again["timings_ms"]}


@pytest.mark.parametrize("event_id", ["p1", "with space", "a/b/c", "50% + more", "Bäcker", "🂡", "..", "?x=1#y"])
def test_a_decision_is_found_under_any_id(payment: Payment, event_id: str) -> None:
    given = {**payment, "event_id": event_id}
    assert call("POST", "/v1/decisions", {"event": given})[0] == 200
    # the HTTP API hands on the path decoded
    status, answer = call("GET", f"/v1/decisions/{event_id}")
    assert (status, answer["event"], answer["label"]) == (200, given, None)


def test_an_unknown_decision_is_404() -> None:
    status, answer = call("GET", "/v1/decisions/nobody")
    assert (status, answer["code"], answer["retry"]) == (404, "not_found", False)


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", "/v1/decisions", {"event": {"event_id": "1"}, "detector": "nobody"}, ""),
        ("GET", "/v1/decisions/1", None, "detector=nobody"),
        ("POST", "/v1/labels", {"labels": [{"event_id": "1", "label": 1}], "detector": "nobody"}, ""),
        ("GET", "/v1/detector", None, "detector=nobody"),
        ("GET", "/v1/detector/evaluation", None, "detector=nobody"),
        ("POST", "/v1/batches", {"filename": "a.csv", "detector": "nobody"}, ""),
    ],
)
def test_an_unknown_detector_is_404(method: str, path: str, body: Any, query: str) -> None:  # noqa: ANN401 - JSON
    status, answer = call(method, path, body, query)
    assert (status, answer["code"]) == (404, "not_found")
    assert '"nobody"' in answer["message"]


def test_labels_are_set_and_shown(payment: Payment) -> None:
    call("POST", "/v1/decisions", {"event": payment})
    label = {"event_id": payment["event_id"], "label": "fraud", "known_at": "2026-06-01T00:00:00Z"}
    status, answer = call("POST", "/v1/labels", {"labels": [label, {**label, "event_id": "nobody"}]})
    assert (status, answer["accepted"], answer["waiting"], answer["failed"]) == (200, 1, 1, 0)
    assert answer["results"][0]["status"] == "accepted"
    found = call("GET", f"/v1/decisions/{payment['event_id']}")[1]
    assert found["label"] == {"label": "fraud", "known_at": "2026-06-01T00:00:00Z", **UNSAID}


def test_a_thousand_labels_are_taken_at_once(later_payments: list[Payment]) -> None:
    for payment in later_payments[:3]:
        call("POST", "/v1/decisions", {"event": payment})
    labels = [{"event_id": payment["event_id"], "label": "legitimate"} for payment in later_payments[:1000]]
    status, answer = call("POST", "/v1/labels", {"labels": labels})
    assert (status, answer["accepted"], answer["waiting"], len(answer["results"])) == (200, 3, 997, 1000)


def test_a_thousand_and_one_labels_are_refused() -> None:
    labels = [{"event_id": str(n), "label": "fraud"} for n in range(1001)]
    status, answer = call("POST", "/v1/labels", {"labels": labels})
    assert (status, answer["code"]) == (422, "invalid_request")
    assert answer["message"] == "body.labels: give at most 1,000, not 1,001."


def test_no_labels_are_refused() -> None:
    status, answer = call("POST", "/v1/labels", {"labels": []})
    assert (status, answer["message"]) == (422, "body.labels: give at least 1, not 0.")


def test_the_detector_is_described() -> None:
    status, answer = call("GET", "/v1/detector")
    assert status == 200
    assert set(answer) == {
        "detector", "detector_version", "description", "created_at", "event_type", "label", "outcomes", "outcome_order",
        "score_scale", "model", "reasons", "features", "rules_mode", "rules", "lists", "safety", "examples", "training",
        "libraries", "files",
    }  # fmt: skip
    variables = {variable["name"]: variable for variable in answer["event_type"]["variables"]}
    assert variables["amount"]["type"] == "number"
    assert variables["customer_id"]["entities"] == ["customer", "customer_device", "customer_merchant"]
    assert variables["channel"]["values"]
    assert [variable["name"] for variable in variables.values() if variable["required"]] == ["event_id", "timestamp"]
    assert answer["model"] == {"kind": "xgboost", "title": "XGBoost", "imbalance": "none", "brought": False}
    assert answer["reasons"] == {"kind": "exact", "method": "path_dependent", "stability": None, "gap": None}
    assert answer["outcome_order"] == ["approve", "review", "block"]
    assert (answer["rules_mode"], answer["rules"], answer["lists"]) == ("FIRST_MATCHED", [], [])
    assert answer["safety"]["fail"] == "none"


def test_its_evaluation_is_told_in_full(backend: Backend) -> None:
    status, answer = call("GET", "/v1/detector/evaluation")
    assert status == 200
    version = backend.container.champion()
    named = {"detector": DETECTOR, "detector_version": version.version}
    sealed = {name: told for name, told in version.evaluation.items() if name not in ("examples", "score_scale")}
    assert answer == {"money": None, **named, **sealed}
    assert [model["chosen"] for model in answer["models"]].count(True) == 1


def test_every_example_can_be_posted() -> None:
    examples = call("GET", "/v1/detector")[1]["examples"]
    assert examples
    assert [call("POST", "/v1/decisions", {"event": example["event"]})[0] for example in examples] == [200] * len(
        examples
    )


def test_a_file_goes_up_and_its_results_come_down(backend: Backend, payment: Payment) -> None:
    status, announced = call("POST", "/v1/batches", {"filename": "März + April.csv"})
    assert (status, announced["upload"]["method"], announced["expires_in_s"]) == (201, "PUT", 900)
    path = f"/v1/batches/{announced['batch_id']}"
    assert call("GET", path)[1]["status"] == "waiting"
    url, headers = announced["upload"]["url"], announced["upload"]["headers"]
    request = urllib.request.Request(url, write_payments([payment]), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        etag = answer.headers["ETag"]
    score_batch(backend.container, announced["key"], etag)
    batch = call("GET", path)[1]
    assert (batch["status"], batch["scored"], batch["filename"]) == ("done", 1, "März + April.csv")
    with urllib.request.urlopen(batch["downloads"]["results"], timeout=10) as results:
        assert payment["event_id"] in results.read().decode()
    with urllib.request.urlopen(batch["downloads"]["summary"], timeout=10) as summary:
        assert b'"scored":1' in summary.read()


@pytest.mark.parametrize("filename", ["", "a.xlsx", "a/b.csv", "../a.csv", "a\n.csv", "x" * 200 + ".csv", "csv"])
def test_a_file_name_that_cannot_be_is_refused(filename: str) -> None:
    status, answer = call("POST", "/v1/batches", {"filename": filename})
    assert (status, answer["code"]) == (422, "invalid_input")


def test_batches_are_listed_in_pages() -> None:
    made = [call("POST", "/v1/batches", {"filename": f"{n}.csv"})[1]["batch_id"] for n in range(3)]
    first = call("GET", "/v1/batches", query="limit=2")[1]
    second = call("GET", "/v1/batches", query=f"limit=2&cursor={quote(first['cursor'])}")[1]
    assert [batch["batch_id"] for batch in (*first["batches"], *second["batches"])] == made[::-1]
    assert second["cursor"] is None
    assert set(first["batches"][0]) == {
        "batch_id", "detector", "filename", "status", "created_at", "finished_at", "rows", "scored", "failed",
    }  # fmt: skip


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "limit=-1"])
def test_a_limit_that_cannot_be_is_refused(query: str) -> None:
    status, answer = call("GET", "/v1/batches", query=query)
    assert (status, answer["code"]) == (422, "invalid_request")


def test_an_unknown_batch_is_404() -> None:
    assert call("GET", "/v1/batches/nobody")[0] == 404


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nothing"), ("GET", "/"), ("DELETE", "/v1/decisions/1")])
def test_an_unknown_route_is_told(method: str, path: str) -> None:
    status, answer = read_http(invoke("api", write_http(method, path)))
    assert status in (404, 405)
    assert set(answer) == {"code", "message", "retry"}
