"""Every function under AWS's own runtime client, with payloads as AWS sends them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.doors.doors import load_event, read_http, write_http, write_kinesis, write_notice
from tests.doors.runtime_api import running_function
from tests.services.backend import Backend, Payment, write_payments
from tests.services.stream_reading import Letters

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "function.log"


def test_the_api_function_answers(backend: Backend, log: Path) -> None:
    with running_function("tollgate.handlers.api.handler", backend.environment, log) as function:
        for name in ("http_api_v2_get", "function_url_get", "http_api_v2_get_query"):
            outcome = function.invoke(load_event(name))
            assert outcome.kind == "response"
            assert read_http(outcome.content)[0] == 200
        answers = [
            read_http(function.invoke(load_event(name)).content)
            for name in ("http_api_v2_post", "function_url_post", "http_api_v2_post_base64", "http_api_v1_post")
        ]
    assert [(status, answer["event_id"], answer["repeated"]) for status, answer in answers] == [
        (200, "p1", False),
        (200, "p1", True),
        (200, "p1", True),
        (200, "p1", True),
    ]


def test_the_api_function_survives_what_it_refuses(backend: Backend, log: Path) -> None:
    with running_function("tollgate.handlers.api.handler", backend.environment, log) as function:
        for body in ("{", '{"event": {"event_id": NaN}}', "[" * 100_000):
            status, answer = read_http(function.invoke(write_http("POST", "/v1/decisions", body)).content)
            assert (status, set(answer)) == (422, {"code", "message", "retry"})
        assert read_http(function.invoke(load_event("http_api_v2_get")).content)[0] == 200


def test_the_logs_hold_no_event(backend: Backend, log: Path) -> None:
    with running_function("tollgate.handlers.api.handler", backend.environment, log) as function:
        function.invoke(load_event("http_api_v2_post"))
        function.invoke(write_http("GET", "/v1/decisions/p1"))
    written = log.read_text(encoding="utf-8")
    assert "POST /v1/decisions" in written
    assert not [secret for secret in ("c000207", "10.121.183.173", "57.76") if secret in written]


def test_the_batch_function_scores_a_file(backend: Backend, later_payments: list[Payment], log: Path) -> None:
    etag = backend.drop("inbox/payments/March + April.csv", write_payments(later_payments[:20]))
    payload = {"Records": [write_notice("inbox/payments/March+%2B+April.csv", etag)]}
    with running_function("tollgate.handlers.batch.handler", backend.environment, log) as function:
        outcome = function.invoke(payload)
        assert (outcome.kind, outcome.content) == ("response", {"batchItemFailures": []})
        for name in ("sqs_s3_test_event", "sqs_s3_folder", "sqs_s3_elsewhere"):
            assert function.invoke(load_event(name)).content == {"batchItemFailures": []}
        failed = function.invoke(load_event("sqs_not_json")).content["batchItemFailures"]
    assert failed == [{"itemIdentifier": load_event("sqs_not_json")["Records"][0]["messageId"]}]
    assert sorted(Path(key).suffix for key in backend.keys("results/")) == [".csv", ".json", ".parquet"]


def test_the_stream_function_decides_on_what_either_kind_of_stream_sends(
    backend: Backend, letters: Letters, log: Path
) -> None:
    queue = {"TOLLGATE_DEAD_LETTER_URL": os.environ["TOLLGATE_DEAD_LETTER_URL"]}
    names = ("kinesis_three_records", "kafka_msk_one_record", "kafka_msk_two_partitions", "kafka_self_managed")
    with running_function("tollgate.handlers.stream.handler", {**backend.environment, **queue}, log) as function:
        for name in (*names, "kinesis_poison_record", "kafka_tombstone_and_poison"):
            assert function.invoke(load_event(name)).content == {"batchItemFailures": []}
        assert function.invoke(write_kinesis([])).content == {"batchItemFailures": []}
        assert function.invoke(load_event("sqs_s3_put")).kind == "error"
    assert all(
        backend.container.decisions.find("payments", event_id) for event_id in ("k0", "k2", "q0", "q3", "q4", "q5")
    )
    assert [letter["code"] for letter in letters()] == ["invalid_input"] * 2
    assert "c000207" not in log.read_text(encoding="utf-8")


def test_the_stream_function_names_what_has_to_come_again(backend: Backend, log: Path) -> None:
    """Without a dead-letter queue, poison is not done: each kind of stream gets it back in its own form."""
    with running_function("tollgate.handlers.stream.handler", backend.environment, log) as function:
        poison = load_event("kinesis_poison_record")
        failures = function.invoke(poison).content["batchItemFailures"]
        # the poison, and the later record of its key
        assert failures == [{"itemIdentifier": record["kinesis"]["sequenceNumber"]} for record in poison["Records"][1:]]
        failures = function.invoke(load_event("kafka_tombstone_and_poison")).content["batchItemFailures"]
        assert failures == [{"itemIdentifier": {"partition": "payments-0", "offset": offset}} for offset in (16, 17)]


@pytest.mark.parametrize("door", ["api", "batch", "stream"])
def test_a_function_without_its_settings_does_not_start(backend: Backend, log: Path, door: str) -> None:
    environment = {name: value for name, value in backend.environment.items() if name != "TOLLGATE_HISTORY_TABLE"}
    with running_function(f"tollgate.handlers.{door}.handler", environment, log) as function:
        outcome = function.outcomes.get(timeout=30)
    assert outcome.kind == "init error"
    assert "TOLLGATE_HISTORY_TABLE" in outcome.content["errorMessage"]


def test_a_payload_that_is_no_request_is_an_error_and_the_function_lives_on(backend: Backend, log: Path) -> None:
    with running_function("tollgate.handlers.api.handler", backend.environment, log) as function:
        assert function.invoke({"hello": "world"}).kind == "error"
        assert function.invoke(load_event("http_api_v2_get")).kind == "response"
