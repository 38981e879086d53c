"""Records that were given up are decided on from what the dead-letter queue holds about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import EventError, InputError, UnavailableError
from tollgate.services.streams.process import decide_again, decide_records, is_stream_message

from tests.doors.doors import load_event
from tests.services.backend import Backend, Payment
from tests.services.faulty_endpoint import FaultyEndpoint
from tests.services.stream_reading import Letters, Results

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator


def refuse(backend: Backend, letters: Letters, event: object) -> dict[str, Any]:
    """Return the message about a record that is refused."""
    data = json.dumps(event).encode()
    place = {"cluster": "c", "topic": "t", "partition": 0, "offset": 7}
    assert decide_records(backend.container, [StreamRecord("kafka", place, "t-0", None, data)]) == []
    (letter,) = letters()
    return letter


def test_a_refused_record_is_decided_on_once_it_can_be(
    empty_backend: Backend,
    letters: Letters,
    results: Results,
    sample_version: Path,
    payment: Payment,
) -> None:
    letter = refuse(empty_backend, letters, payment)
    assert is_stream_message(letter)
    empty_backend.publish(sample_version)
    for _ in range(2):
        assert decide_again(empty_backend.container, letter) == 1
    assert [(result["event_id"], result["repeated"]) for _, result in results()] == [
        (payment["event_id"], False),
        (payment["event_id"], True),
    ]


def test_a_record_that_is_poison_still_says_why(backend: Backend, letters: Letters, payment: Payment) -> None:
    letter = refuse(backend, letters, {**payment, "amuont": 3})
    with pytest.raises(EventError, match='did you mean "amount"'):
        decide_again(backend.container, letter)


@pytest.mark.parametrize("damage", [{"data": None}, {"data": "?"}, {"place": None, "source": None, "key": 3}])
def test_a_message_without_its_record_is_an_error(
    backend: Backend, letters: Letters, damage: dict[str, object]
) -> None:
    letter = refuse(backend, letters, {})
    with pytest.raises(InputError, match="does not hold"):
        decide_again(backend.container, {**letter, "stream_record": letter["stream_record"] | damage})


@pytest.fixture
def shard(backend: Backend, later_payments: list[Payment]) -> dict[str, Any]:
    """A stream of one shard with five records, of which the third is poison; returns what Lambda says of 1 to 4."""
    streams = boto3.client("kinesis")
    name = f"events-{backend.bucket}"
    streams.create_stream(StreamName=name, ShardCount=1)
    streams.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    lot = [*later_payments[:2], {"poison": True}, *later_payments[2:4]]
    placed = [streams.put_record(StreamName=name, Data=json.dumps(event).encode(), PartitionKey="k") for event in lot]
    message = load_event("kinesis_on_failure")
    message["KinesisBatchInfo"] |= {
        "streamArn": streams.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"],
        "shardId": placed[0]["ShardId"],
        "startSequenceNumber": placed[1]["SequenceNumber"],
        "endSequenceNumber": placed[3]["SequenceNumber"],
        "batchSize": 3,
    }
    return message


def test_a_part_of_a_shard_is_read_again(
    backend: Backend, letters: Letters, shard: dict[str, Any], later_payments: list[Payment]
) -> None:
    assert is_stream_message(shard)
    assert decide_again(backend.container, shard) == 3
    found = [backend.container.decisions.find("payments", payment["event_id"]) for payment in later_payments[:4]]
    assert [record is not None for record in found] == [False, True, True, False]
    assert [letter["code"] for letter in letters()] == ["invalid_event"], "poison inside it gets a message of its own"


def test_a_part_of_a_shard_waits_for_storage(
    backend: Backend, endpoint: FaultyEndpoint, letters: Letters, shard: dict[str, Any]
) -> None:
    backend.container.champion()
    endpoint.faults["BatchGetItem"] = "throttle"
    with pytest.raises(UnavailableError, match="3 of 3"):
        decide_again(backend.container, shard)
    assert letters() == []


def test_what_the_stream_no_longer_has_is_an_error(backend: Backend, shard: dict[str, Any]) -> None:
    shard["KinesisBatchInfo"] |= {"shardId": "shardId-000000000099"}
    with pytest.raises(InputError, match="no longer has the records of shardId-000000000099"):
        decide_again(backend.container, shard)


def test_what_the_stream_lost_in_part_is_told_after_the_rest_is_done(
    backend: Backend, letters: Letters, shard: dict[str, Any], later_payments: list[Payment]
) -> None:
    shard["KinesisBatchInfo"] |= {"batchSize": 5}
    with pytest.raises(InputError, match="no longer has 2 of 5 records"):
        decide_again(backend.container, shard)
    assert backend.container.decisions.find("payments", later_payments[2]["event_id"]) is not None
    assert len(letters()) == 1


def test_kafka_has_to_send_its_records_again(backend: Backend) -> None:
    message = load_event("kafka_on_failure")
    assert is_stream_message(message)
    with pytest.raises(InputError, match="Topic-0 from 4960"):
        decide_again(backend.container, message)


def test_other_messages_are_not_of_streams() -> None:
    assert not is_stream_message(json.loads(load_event("sqs_s3_put")["Records"][0]["body"]))
