"""SQS, Kinesis, EventBridge and Lambda: messages, records, events, and a function that is not there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from tollgate.adapters import clients

from tests.contract.named import Named, refused

pytest_plugins = ("tests.contract.clients_fixture",)


@dataclass(frozen=True)
class Queue:
    """A queue, as it is asked for."""

    sqs: Any
    url: str

    def send(self, *bodies: str) -> list[str]:
        return [self.sqs.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"] for body in bodies]

    def receive(self, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as boto3's client
        found: list[dict[str, Any]] = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, **asked).get(
            "Messages", []
        )
        return found

    def show(self, message: dict[str, Any], after_s: int) -> None:
        self.sqs.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=after_s
        )


@pytest.fixture
def queue(named: Named) -> Iterator[Queue]:
    made = named.sqs.create_queue(QueueName=f"queue-{named.name}")
    yield Queue(named.sqs, made["QueueUrl"])
    named.sqs.delete_queue(QueueUrl=made["QueueUrl"])


def test_a_message_is_received_until_it_is_deleted(queue: Queue) -> None:
    sent = queue.send("one", '{"zwei": "ü"}')
    found = queue.receive(VisibilityTimeout=0)
    assert {message["MessageId"]: message["Body"] for message in found} == {sent[0]: "one", sent[1]: '{"zwei": "ü"}'}
    for message in queue.receive(VisibilityTimeout=30):
        queue.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    assert queue.receive(VisibilityTimeout=0) == []


def test_a_message_that_was_received_is_hidden_until_it_is_shown_again(queue: Queue) -> None:
    queue.send("one")
    (message,) = queue.receive(VisibilityTimeout=30)
    assert queue.receive() == []
    queue.show(message, 0)
    (again,) = queue.receive(VisibilityTimeout=1)
    assert again["MessageId"] == message["MessageId"]
    time.sleep(1.1)
    assert [late["MessageId"] for late in queue.receive(VisibilityTimeout=30)] == [message["MessageId"]]


def test_messages_are_counted(queue: Queue) -> None:
    queue.send("one", "two", "three")
    queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=1, VisibilityTimeout=30)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "QueueArn"]
    found = queue.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)["Attributes"]
    assert [found[name] for name in names[:2]] == ["2", "1"]
    assert found["QueueArn"].endswith(":" + queue.url.rpartition("/")[2])


def test_a_queue_that_is_not_there(queue: Queue) -> None:
    url = f"{queue.url}-none"
    codes = {
        refused(queue.sqs.send_message, QueueUrl=url, MessageBody="one"),
        refused(queue.sqs.receive_message, QueueUrl=url),
    }
    assert codes <= {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}


@dataclass(frozen=True)
class Stream:
    """A stream of two shards."""

    kinesis: Any
    name: str
    arn: str

    def shards(self) -> list[str]:
        return [shard["ShardId"] for shard in self.kinesis.list_shards(StreamName=self.name)["Shards"]]

    def read(self, shard: str, **asked: str) -> list[dict[str, Any]]:
        place = {"StreamARN": self.arn, "ShardId": shard, **({"ShardIteratorType": "TRIM_HORIZON"} | asked)}
        iterator = self.kinesis.get_shard_iterator(**place)["ShardIterator"]
        found: list[dict[str, Any]] = []
        while records := (answer := self.kinesis.get_records(ShardIterator=iterator))["Records"]:
            found += records
            iterator = answer["NextShardIterator"]
        return found


@pytest.fixture
def stream(named: Named) -> Iterator[Stream]:
    name = f"stream-{named.name}"
    named.kinesis.create_stream(StreamName=name, ShardCount=2)
    named.kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    arn = named.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    yield Stream(named.kinesis, name, arn)
    named.kinesis.delete_stream(StreamName=name)


def test_records_of_one_key_lie_in_one_shard_in_their_order(stream: Stream) -> None:
    records = [{"Data": f"{number}".encode(), "PartitionKey": f"k{number % 5}"} for number in range(40)]
    answer = stream.kinesis.put_records(StreamARN=stream.arn, Records=records)
    assert answer["FailedRecordCount"] == 0
    assert [told.get("ErrorCode") for told in answer["Records"]] == [None] * 40
    by_shard = {shard: stream.read(shard) for shard in stream.shards()}
    assert sum(map(len, by_shard.values())) == 40
    for number in range(5):
        wanted = [str(one).encode() for one in range(number, 40, 5)]
        lists = [[r["Data"] for r in found if r["PartitionKey"] == f"k{number}"] for found in by_shard.values()]
        assert sorted(lists) == [[], wanted]
    for found in by_shard.values():
        numbers = [int(record["SequenceNumber"]) for record in found]
        assert numbers == sorted(set(numbers))


def test_a_key_has_the_shard_of_its_hash(stream: Stream) -> None:
    told = {
        key: stream.kinesis.put_record(StreamName=stream.name, Data=b"", PartitionKey=key)["ShardId"]
        for key in ("a", "b", "c", "d", "käse")
    }
    first, second = stream.shards()
    # MD5 of a begins with 0c, of b with 92, of c with 4a, of d with 82.
    assert (told["a"], told["b"], told["c"], told["d"]) == (first, second, first, second)


def test_a_shard_is_read_again_from_a_record(stream: Stream) -> None:
    for number in range(6):
        stream.kinesis.put_record(StreamARN=stream.arn, Data=f"{number}".encode(), PartitionKey="a")
    (shard, found) = next((shard, found) for shard in stream.shards() if (found := stream.read(shard)))
    third = found[2]["SequenceNumber"]
    at = stream.read(shard, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=third)
    after = stream.read(shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=third)
    assert [record["Data"] for record in at] == [b"2", b"3", b"4", b"5"]
    assert [record["Data"] for record in after] == [b"3", b"4", b"5"]


def test_a_stream_or_shard_that_is_not_there(stream: Stream) -> None:
    kinesis = stream.kinesis
    place = {"ShardId": "shardId-000000000009", "ShardIteratorType": "TRIM_HORIZON"}
    codes = {
        refused(kinesis.get_shard_iterator, StreamARN=stream.arn, **place),
        refused(kinesis.put_records, StreamARN=f"{stream.arn}-none", Records=[{"Data": b"", "PartitionKey": "a"}]),
        refused(kinesis.describe_stream_summary, StreamName=f"{stream.name}-none"),
    }
    assert codes == {"ResourceNotFoundException"}


def test_events_of_a_source_come_to_the_queue_that_listens(named: Named, queue: Queue) -> None:
    buses, bus = boto3.client("events"), f"bus-{named.name}"
    arn = queue.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    buses.create_event_bus(Name=bus)
    buses.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["tollgate"]}))
    buses.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    detail = json.dumps({"score": 7, "über": "x"})
    for source in ("tollgate", "another"):
        entry = {"Source": source, "DetailType": "Decision", "Detail": detail, "EventBusName": bus}
        assert clients.events().put_events(Entries=[entry])["FailedEntryCount"] == 0
    (heard,) = [json.loads(message["Body"]) for message in queue.receive()]
    assert (heard["source"], heard["detail-type"], heard["detail"]) == ("tollgate", "Decision", json.loads(detail))


def test_a_function_that_is_not_there(named: Named) -> None:
    asked = {"FunctionName": f"none-{named.name}", "Payload": b"{}"}
    assert refused(clients.functions().invoke, **asked) == "ResourceNotFoundException"
