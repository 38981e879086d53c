"""What lies on queues and streams, and what was decided on of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.services.backend import Backend, Payment

# Takes all messages off the queue, and returns their bodies.
Letters = Callable[[], list[dict[str, Any]]]
# Returns all results on the stream, with their partition keys.
Results = Callable[[], list[tuple[str, dict[str, Any]]]]


def decided(backend: Backend, payments: Sequence[Payment]) -> list[bool]:
    return [backend.container.decisions.find("payments", payment["event_id"]) is not None for payment in payments]


def take_messages(queues: Any, url: str) -> list[dict[str, Any]]:  # noqa: ANN401 - boto3's client
    bodies: list[dict[str, Any]] = []
    while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        bodies += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def read_stream(streams: Any, name: str) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - boto3's client
    for shard in streams.list_shards(StreamName=name)["Shards"]:
        place = {"StreamName": name, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]
        while records := (answer := streams.get_records(ShardIterator=iterator))["Records"]:
            yield from ((record["PartitionKey"], record["Data"]) for record in records)
            iterator = answer["NextShardIterator"]
