"""The stream function under Lambda's event source mapping, with storage that fails in between."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from tollgate.handlers.stream import name_failure, read_payload
from tollgate.services.container import Container
from tollgate.services.streams.process import decide_again, decide_records

from localstack.event_source import EventSourceMapping, Invocation, Payload, Source
from localstack.kafka_source import KafkaSource, running_cluster
from localstack.kinesis_source import KinesisSource
from localstack.stream import deliver_all, put_on_kafka, put_on_kinesis
from tests.doors.doors import invoke
from tests.services.backend import Backend, Payment
from tests.services.expected import expected_histories
from tests.services.faulty_endpoint import FaultyEndpoint
from tests.services.killed import KilledError, fragile
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


def in_this_process(after_each: Callable[[int], None], letters: list[Payload]) -> EventSourceMapping:
    """Return a mapping that calls the handler here; ``after_each`` is told how many invocations there were."""
    count = 0

    def call(payload: Payload) -> Invocation:
        nonlocal count
        answer = Invocation("r", invoke("stream", payload))
        count += 1
        after_each(count)
        return answer

    return EventSourceMapping(
        "arn:aws:lambda:eu-west-1:123456789012:function:stream:live", call, letters.append, 1, pause_s=0
    )


def times(backend: Backend, payments: list[Payment]) -> list[str]:
    found = [backend.container.decisions.find("payments", payment["event_id"]) for payment in payments]
    return [record.decision.decided_at for record in found if record]


def test_a_failing_key_is_decided_in_order_and_holds_up_no_other(
    backend: Backend, endpoint: FaultyEndpoint, source: KinesisSource, later_payments: list[Payment]
) -> None:
    backend.container.champion()
    endpoint.bodies[later_payments[1]["event_id"].encode()] = "refuse"
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
    backend.container.champion()
    endpoint.bodies[later_payments[1]["event_id"].encode()] = "refuse"
    given_up: list[Payload] = []
    assert deliver_all(in_this_process(lambda _count: None, given_up), source) == 8
    (message,) = given_up
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["KinesisBatchInfo"]["batchSize"] == 7
    endpoint.bodies.clear()
    assert len(times(backend, later_payments[:8])) == 6
    assert decide_again(backend.container, message) == 7
    assert len(times(backend, later_payments[:8])) == 8
    assert letters() == []


class Ended(BaseException):
    """The function's process ends between two records."""


def dying(container: Container, seed: int) -> Callable[[Payload], Invocation]:
    """Return a function whose process often ends, at a transaction (before or after it) or between records."""
    chance, fragile_stores = random.Random(seed), fragile(container, 0.2, seed)

    def time_left_s() -> float:
        if chance.random() < 0.1:
            raise Ended
        return 60.0

    def call(payload: Payload) -> Invocation:
        try:
            returned = decide_records(fragile_stores, read_payload(payload), time_left_s)
        except (Ended, KilledError):
            return Invocation("r", None, "Unhandled")
        return Invocation("r", {"batchItemFailures": [{"itemIdentifier": name_failure(one)} for one in returned]})

    return call


@pytest.fixture(params=["kinesis", pytest.param("kafka", marks=pytest.mark.kafka)])
def keyed_source(request: pytest.FixtureRequest, backend: Backend, keyed: list[Payment]) -> Iterator[Source]:
    """A stream of either kind with payments whose key is their customer."""
    rows = [{name: str(value) for name, value in payment.items()} for payment in keyed]
    if request.param == "kinesis":
        streams, name = boto3.client("kinesis"), f"keyed-{backend.bucket}"
        put_on_kinesis(streams, name, rows, "customer_id")
        yield KinesisSource(streams, name, 16)
        return
    with running_cluster() as servers:
        put_on_kafka(servers, "keyed", rows, "customer_id")
        source = KafkaSource(servers, "keyed", batch_size=16)
        yield source
        source.close()


@pytest.fixture
def keyed(later_payments: list[Payment]) -> list[Payment]:
    """Forty payments of six customers."""
    return [{**payment, "customer_id": f"c{place % 6}"} for place, payment in enumerate(later_payments[:40])]


@pytest.mark.parametrize("seed", range(3))
def test_whenever_the_function_ends_every_event_counts_once_and_in_the_order_of_its_customer(
    backend: Backend, keyed_source: Source, keyed: list[Payment], seed: int
) -> None:
    given_up: list[Payload] = []
    dies = dying(backend.container, seed)
    mapping = EventSourceMapping("arn:f:live", dies, given_up.append, max_retries=100, pause_s=0)
    assert deliver_all(mapping, keyed_source) == 40
    assert given_up == []
    # What is unusual of an amount depends on the customer's payments before it: equal sums need equal orders.
    assert backend.histories() == expected_histories(backend.container, *keyed)
    for customer in range(6):
        decided_at = times(backend, keyed[customer::6])
        assert len(decided_at) == len(keyed[customer::6])
        assert decided_at == sorted(decided_at)


class Crashing:
    """A function that ends with an error on every lot with one record in it, and is otherwise content."""

    def __init__(self, bad: str) -> None:
        self.bad = bad
        self.lots: list[list[str]] = []

    def __call__(self, payload: Payload) -> Invocation:
        lot = [record["kinesis"]["sequenceNumber"] for record in payload["Records"]]
        self.lots.append(lot)
        return Invocation("r", None, "Unhandled") if self.bad in lot else Invocation("r", {"batchItemFailures": []})


def test_a_lot_that_crashes_is_divided_until_the_record_stands_alone(source: KinesisSource) -> None:
    lot = source.read()
    function = Crashing(str(lot[5].identifier))
    given_up: list[Payload] = []
    EventSourceMapping("arn:f:live", function, given_up.append, 1, pause_s=0).deliver(source, lot)
    assert [len(sent) for sent in function.lots] == [8, 4, 4, 2, 1, 1, 1, 2]
    (message,) = given_up
    info: dict[str, Any] = message["KinesisBatchInfo"]
    assert (info["startSequenceNumber"], info["batchSize"]) == (function.bad, 1)
    assert message["responseContext"]["functionError"] == "Unhandled"
    assert source.committed == {lot[0].partition: lot[-1].number}
