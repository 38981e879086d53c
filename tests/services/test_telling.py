"""What is told of decisions: metrics on standard output, events on the bus, and no values of events anywhere."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from tollgate.core.detectors.safety import Safety
from tollgate.errors import EventError, NotFoundError
from tollgate.observability import describe_error
from tollgate.services.batches.process import score_batch
from tollgate.services.decisions.decide import decide_and_publish

from tests.services.backend import Backend, Payment, Publish, forget_storage, write_payments
from tests.services.faulty_endpoint import FaultyEndpoint

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator

BUS = "fraud-team"
Captured = pytest.CaptureFixture[str]
Hear = Callable[[], list[dict[str, Any]]]


def read_metrics(capsys: Captured) -> Counter[tuple[str, str]]:
    """Return metric and the value of its last dimension → sum, of all that was written since the last time."""
    found: Counter[tuple[str, str]] = Counter()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Tollgate"
            for metric in directive["Metrics"]:
                found[metric["Name"], line[directive["Dimensions"][0][-1]]] += line[metric["Name"]]
    return found


@pytest.fixture
def listening(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hear]:
    """A queue that gets every event of a bus, which the functions put to."""
    queues, buses = boto3.client("sqs"), boto3.client("events")
    url = queues.create_queue(QueueName=f"heard-{backend.bucket}")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    name = f"{BUS}-{backend.bucket}"
    buses.create_event_bus(Name=name)
    buses.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["tollgate"]}))
    buses.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "1", "Arn": arn}])
    monkeypatch.setenv("TOLLGATE_EVENT_BUS", name)
    forget_storage()

    def hear() -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            heard += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return heard

    yield hear
    queues.delete_queue(QueueUrl=url)


def test_a_decision_is_counted(backend: Backend, payment: Payment, capsys: Captured) -> None:
    answer = decide_and_publish(backend.container, payment)
    counted = read_metrics(capsys)
    version = backend.container.champion().version
    assert counted["GetEventPrediction", "payments"] == 1
    assert counted["Prediction", version] == 1
    assert counted["OutcomeReturned", answer.outcome] == 1
    assert counted["PredictionLatency", version] == answer.timings_ms["total"]
    assert counted["GetEventPredictionLatency", "payments"] >= answer.timings_ms["total"]
    decide_and_publish(backend.container, payment)
    again = read_metrics(capsys)
    assert {name for name, _ in again} == {"GetEventPrediction", "GetEventPredictionLatency", "RepeatedDecision"}


def test_variables_are_added_up(backend: Backend, payment: Payment, capsys: Captured) -> None:
    container = backend.container
    for number in range(3):
        decide_and_publish(container, {**payment, "event_id": f"n-{number}", "device_id": None})
    assert not [name for name, _ in read_metrics(capsys) if name.startswith("Variable")]
    container.metrics.write_added()
    counted = read_metrics(capsys)
    assert counted["VariableUsed", "amount"] == counted["VariableDefaultReturned", "device_id"] == 3
    container.metrics.write_added()
    assert not read_metrics(capsys)


def test_failures_are_counted_under_known_names_alone(backend: Backend, payment: Payment, capsys: Captured) -> None:
    with pytest.raises(EventError):
        decide_and_publish(backend.container, {**payment, "amount": "a lot"})
    assert read_metrics(capsys)["GetEventPrediction4XXError", "payments"] == 1
    with pytest.raises(NotFoundError):
        decide_and_publish(backend.container, payment, "named by a caller")
    counted = read_metrics(capsys)
    assert {dimension for _, dimension in counted} == {"payments"}


def test_what_safety_did_is_counted(backend: Backend, publish: Publish, payment: Payment, capsys: Captured) -> None:
    publish(Safety(fail="review", required=("amount",)))
    decide_and_publish(backend.container, {**payment, "amount": None})
    assert read_metrics(capsys)["DegradedDecision", "payments"] == 1


def test_a_decision_is_heard_once_and_says_no_values(backend: Backend, listening: Hear, payment: Payment) -> None:
    answer = decide_and_publish(backend.container, payment, reasons="top")
    decide_and_publish(backend.container, payment)
    (heard,) = listening()
    assert (heard["source"], heard["detail-type"]) == ("tollgate", "Decision")
    names = {"event_id", "detector", "detector_version", "score", "probability", "outcome", "decided_at"}
    assert heard["detail"] == {
        **{name: getattr(answer, name) for name in names},
        **{"downgraded": None, "degraded": None, "braked": False, "forced": False, "clock": None, "rules": []},
    }
    told = json.dumps(heard["detail"])
    assert not [column for column in ("customer_id", "device_id", "ip") if payment[column] in told]


def test_a_bus_that_fails_fails_no_decision_and_is_counted(
    backend: Backend,
    endpoint: FaultyEndpoint,
    payment: Payment,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOLLGATE_EVENT_BUS", BUS)
    forget_storage()
    endpoint.faults["PutEvents"] = "throttle"
    assert decide_and_publish(backend.container, payment).recorded is True
    assert read_metrics(capsys)["EventNotPut", "payments"] == 1
    assert backend.container.decisions.find("payments", payment["event_id"]) is not None


def test_a_decision_that_is_not_recorded_is_not_told(
    backend: Backend,
    publish: Publish,
    endpoint: FaultyEndpoint,
    listening: Hear,
    payment: Payment,
    capsys: Captured,
) -> None:
    publish(Safety(fail="review"))
    endpoint.faults["TransactWriteItems"] = "throttle"
    decide_and_publish(backend.container, payment)
    assert read_metrics(capsys)["DecisionNotRecorded", "payments"] == 1
    assert listening() == []
    endpoint.faults.clear()
    decide_and_publish(backend.container, payment)
    assert len(listening()) == 1


def test_a_file_is_told_once_by_its_counts(
    backend: Backend,
    listening: Hear,
    later_payments: list[Payment],
    capsys: Captured,
) -> None:
    rows = [*later_payments[:5], {**later_payments[5], "amount": "a lot"}]
    etag = backend.drop("inbox/payments/week.csv", write_payments(rows))
    for _ in range(2):
        score_batch(backend.container, "inbox/payments/week.csv", etag)
    counted = read_metrics(capsys)
    assert (counted["FileRowsScored", "payments"], counted["FileRowsFailed", "payments"]) == (5, 1)
    (heard,) = listening()
    assert heard["detail-type"] == "File scored"
    assert (heard["detail"]["rows"], heard["detail"]["scored"], heard["detail"]["failed"]) == (6, 5, 1)
    assert sum(heard["detail"]["outcomes"].values()) == 5


def test_errors_are_logged_by_kind_and_place_without_what_they_quote(backend: Backend, payment: Payment) -> None:
    with pytest.raises(EventError) as raised:
        decide_and_publish(backend.container, {**payment, "amount": "c000123"})
    assert "c000123" in str(raised.value)
    told = describe_error(raised.value)
    assert told.startswith("invalid_event at ")
    assert "c000123" not in told
    assert "reader.py:" in told


def test_decisions_log_nothing_of_events(
    backend: Backend, payment: Payment, caplog: pytest.LogCaptureFixture, capsys: Captured
) -> None:
    with caplog.at_level(logging.DEBUG, "tollgate"):
        decide_and_publish(backend.container, payment)
        backend.container.metrics.write_added()
    written = caplog.text + "".join(capsys.readouterr())
    for column in ("event_id", "customer_id", "device_id", "ip", "merchant_id"):
        assert str(payment[column]) not in written
