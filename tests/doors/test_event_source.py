"""The stream function under Lambda's event source mapping, with storage that fails in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from tollgate.services.decide_again import decide_again

from localstack.event_source import Answer, Mapped, Payload
from localstack.kinesis_source import KinesisSource
from localstack.stream import deliver_all
from tests.doors.doors import invoke
from tests.services.backend import Backend, Payment
from tests.services.faulty_endpoint import FaultyEndpoint
from tests.services.stream_reading import Letters

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator

KEYS = "abacbaac"


@pytest.fixture
def source(backend: Backend, later_payments: list[Payment]) -> KinesisSource:
    """A stream of one shard with eight payments, whose keys are those of `KEYS`."""
    streams, name = boto3.client("kinesis"), f"events-{backend.bucket}"
    streams.create_stream(StreamName=name, ShardCount=1)
    streams.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    for payment, key in zip(later_payments, KEYS, strict=False):
        streams.put_record(StreamName=name, Data=json.dumps(payment).encode(), PartitionKey=key)
    return KinesisSource(streams, name)


def in_this_process(after_each: Callable[[int], None], letters: list[Payload]) -> Mapped:
    """Return a mapping that calls the handler here; ``after_each`` is told how many invocations there were."""
    count = 0

    def call(payload: Payload) -> Answer:
        nonlocal count
        answer = Answer("r", invoke("stream", payload))
        count += 1
        after_each(count)
        return answer

    return Mapped("arn:aws:lambda:eu-west-1:123456789012:function:stream:live", call, letters.append, 1, pause_s=0)


def times(backend: Backend, payments: list[Payment]) -> list[str]:
    found = [backend.stores.decisions.find("payments", payment["event_id"]) for payment in payments]
    return [record.answer["decided_at"] for record in found if record]


def test_a_failing_key_is_decided_in_order_and_holds_up_no_other(
    backend: Backend, endpoint: FaultyEndpoint, source: KinesisSource, later_payments: list[Payment]
) -> None:
    backend.stores.champion()
    endpoint.bodies[later_payments[1]["event_id"].encode()] = "throttle"
    invocations: list[int] = []

    def mend(count: int) -> None:
        invocations.append(count)
        endpoint.bodies.clear()

    given_up: list[Payload] = []
    assert deliver_all(in_this_process(mend, given_up), source) == 8
    assert (given_up, invocations) == ([], [1, 2])
    of_b = times(backend, [later_payments[1], later_payments[4]])
    others = times(backend, [later_payments[place] for place in (0, 2, 3, 5, 6, 7)])
    assert (len(of_b), len(others)) == (2, 6)
    assert of_b == sorted(of_b)
    assert max(others) < min(of_b), "the others did not wait for it"


def test_what_lambda_gives_up_is_decided_from_its_message(
    backend: Backend,
    endpoint: FaultyEndpoint,
    source: KinesisSource,
    letters: Letters,
    later_payments: list[Payment],
) -> None:
    backend.stores.champion()
    endpoint.bodies[later_payments[1]["event_id"].encode()] = "throttle"
    given_up: list[Payload] = []
    assert deliver_all(in_this_process(lambda _count: None, given_up), source) == 8
    (message,) = given_up
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["KinesisBatchInfo"]["batchSize"] == 7
    endpoint.bodies.clear()
    assert len(times(backend, later_payments[:8])) == 6
    assert decide_again(backend.stores, message) == 7
    assert len(times(backend, later_payments[:8])) == 8
    assert letters() == []


class Crashing:
    """A function that ends with an error on every lot with one record in it, and is otherwise content."""

    def __init__(self, bad: str) -> None:
        self.bad = bad
        self.lots: list[list[str]] = []

    def __call__(self, payload: Payload) -> Answer:
        lot = [record["kinesis"]["sequenceNumber"] for record in payload["Records"]]
        self.lots.append(lot)
        return Answer("r", None, "Unhandled") if self.bad in lot else Answer("r", {"batchItemFailures": []})


def test_a_lot_that_crashes_is_divided_until_the_record_stands_alone(source: KinesisSource) -> None:
    lot = source.read()
    function = Crashing(str(lot[5].identifier))
    given_up: list[Payload] = []
    Mapped("arn:f:live", function, given_up.append, 1, pause_s=0).deliver(source, lot)
    assert [len(sent) for sent in function.lots] == [8, 4, 4, 2, 1, 1, 1, 2]
    (message,) = given_up
    info: dict[str, Any] = message["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["batchSize"]) == (function.bad, 1)
    assert message["responseContext"]["functionError"] == "Unhandled"
    assert source.committed == {lot[0].partition: lot[-1].number}
