"""DynamoDB table's stream as an event source: batches of one shard each, in Lambda's format.

The emulator has its own mapping for it, but that one ignores which records a function gives back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import boto3

from localstack.deployment import connection
from localstack.event_source import Payload, SourceRecord, describe_shard
from localstack.template import TEMPLATE, load_template


class TableSource:
    """Reads the shards of a table's stream from their beginning: what the index function's filter chooses."""

    def __init__(self, endpoint_url: str, table: str, batch_size: int = 100) -> None:
        reached = connection(endpoint_url)
        self._client: Any = boto3.client("dynamodbstreams", **reached)
        self._batch_size = batch_size
        self._pattern = read_filter()
        self._arn = boto3.client("dynamodb", **reached).describe_table(TableName=table)["Table"]["LatestStreamArn"]
        shards = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        self._iterators = {shard["ShardId"]: self._begin(shard["ShardId"]) for shard in shards}

    def read(self) -> Sequence[SourceRecord]:
        """Return the next chosen records of the first shard that has any."""
        return next((batch for shard in list(self._iterators) if (batch := self._read_shard(shard))), [])

    def write_payload(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return what the function is invoked with."""
        return {"Records": [sent.record for sent in batch]}

    def describe(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return Lambda's `DDBStreamBatchInfo`."""
        times_s = [sent.record["dynamodb"]["ApproximateCreationDateTime"] for sent in batch]
        return {"DDBStreamBatchInfo": describe_shard(batch, times_s, self._arn)}

    def commit(self, done: Sequence[SourceRecord]) -> None:
        """Remember nothing: each shard is read once."""

    def _begin(self, shard: str) -> str:
        asked = {"StreamArn": self._arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator: str = self._client.get_shard_iterator(**asked)["ShardIterator"]
        return iterator

    def _read_shard(self, shard: str) -> list[SourceRecord]:
        while shard in self._iterators:
            answer = self._client.get_records(ShardIterator=self._iterators[shard], Limit=self._batch_size)
            if "NextShardIterator" in answer:
                self._iterators[shard] = answer["NextShardIterator"]
            else:
                del self._iterators[shard]
            records = [write_record(record) for record in answer["Records"]]
            if not records:
                break
            if chosen := [record for record in records if matches(record, self._pattern)]:
                numbers = [record["dynamodb"]["SequenceNumber"] for record in chosen]
                return [
                    SourceRecord(shard, int(number), number, one) for number, one in zip(numbers, chosen, strict=True)
                ]
        return []


def write_record(record: Mapping[str, Any]) -> Payload:
    """Return a record of a table's stream as Lambda sends it: bytes in base64, its moment in seconds."""
    written = dict(record["dynamodb"])
    written["ApproximateCreationDateTime"] = written["ApproximateCreationDateTime"].timestamp()
    for image in written.keys() & {"Keys", "NewImage", "OldImage"}:
        written[image] = {
            name: {kind: base64.b64encode(value).decode() if kind == "B" else value for kind, value in typed.items()}
            for name, typed in written[image].items()
        }
    return {**record, "dynamodb": written}


def read_filter() -> Any:  # noqa: ANN401 - JSON
    """Return the pattern by which the template's mapping chooses records for the index function."""
    (chosen,) = load_template(TEMPLATE)["Resources"]["IndexSource"]["Properties"]["FilterCriteria"]["Filters"]
    return json.loads(chosen["Pattern"])


def matches(part: Any, pattern: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a part of a record has what a pattern of Lambda's filters asks to be there."""
    if isinstance(pattern, list):
        if pattern != [{"exists": True}]:
            raise ValueError(f'The filter {pattern} is not supported; only "exists" filters are.')
        return part is not None
    return isinstance(part, Mapping) and all(matches(part.get(name), inner) for name, inner in pattern.items())
