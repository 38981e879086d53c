"""Kinesis stream as an event source: batches of one shard each, in Lambda's format."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from localstack.event_source import Payload, SourceRecord, describe_shard

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient


class KinesisSource:
    """Reads the shards of a stream from their beginning, in turn. What is done is remembered in the process alone."""

    def __init__(self, client: KinesisClient, stream: str, batch_size: int = 100) -> None:
        self._client = client
        self._batch_size = batch_size
        self._arn = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
        self._iterators = {shard["ShardId"]: self._begin(shard["ShardId"]) for shard in self._list_shards()}
        self.committed: dict[str, int] = {}

    def read(self) -> Sequence[SourceRecord]:
        """Return the next records of the first shard that has any."""
        return next((batch for shard in list(self._iterators) if (batch := self._read_shard(shard))), [])

    def write_payload(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return what the function is invoked with."""
        return {"Records": [sent.record for sent in batch]}

    def describe(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return Lambda's `KinesisBatchInfo`."""
        times_s = [sent.record["kinesis"]["approximateArrivalTimestamp"] for sent in batch]
        return {"KinesisBatchInfo": describe_shard(batch, times_s, self._arn)}

    def commit(self, done: Sequence[SourceRecord]) -> None:
        """Remember how far each shard is done."""
        self.committed |= {sent.partition: sent.number for sent in done}

    def _list_shards(self) -> Iterator[Any]:
        pages = self._client.get_paginator("list_shards").paginate(StreamARN=self._arn)
        return chain.from_iterable(page["Shards"] for page in pages)

    def _begin(self, shard: str) -> str:
        return self._client.get_shard_iterator(StreamARN=self._arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]

    def _read_shard(self, shard: str) -> list[SourceRecord]:
        answer = self._client.get_records(ShardIterator=self._iterators[shard], Limit=self._batch_size)
        if "NextShardIterator" in answer:
            self._iterators[shard] = answer["NextShardIterator"]
        else:
            del self._iterators[shard]
        return [self._write(shard, record) for record in answer["Records"]]

    def _write(self, shard: str, record: Any) -> SourceRecord:  # noqa: ANN401 - boto3's record
        number = record["SequenceNumber"]
        written = {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": number,
                "data": base64.b64encode(record["Data"]).decode(),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::000000000000:role/stream",
            "awsRegion": self._arn.split(":")[3],
            "eventSourceARN": self._arn,
        }
        return SourceRecord(shard, int(number), number, written)
