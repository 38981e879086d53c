"""Kinesis in memory: streams whose records lie in shards by the hash of their key."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from tests.fakes.errors import AwsError

Json = dict[str, Any]
_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/"
_FIRST_NUMBER = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000
_KEYS = 1 << 128
_MAX_RECORDS = 500


class Kinesis:
    """Shards of records by the name of their stream. Any number of threads may use it."""

    def __init__(self) -> None:
        self._streams: dict[str, list[list[Json]]] = {}
        self._numbers = count(_FIRST_NUMBER)
        self._lock = threading.RLock()

    def create_stream(self, *, StreamName: str, ShardCount: int = 1, **_: object) -> Json:
        self._streams.setdefault(StreamName, [[] for _ in range(ShardCount)])
        return {}

    def delete_stream(self, **named: Any) -> Json:  # noqa: ANN401 - as boto3's client
        del self._streams[self._name(named)]
        return {}

    def describe_stream(self, **named: Any) -> Json:  # noqa: ANN401 - as boto3's client
        return {"StreamDescription": {**self._described(named), "Shards": self._shards(named), "HasMoreShards": False}}

    def describe_stream_summary(self, **named: Any) -> Json:  # noqa: ANN401 - as boto3's client
        return {"StreamDescriptionSummary": {**self._described(named), "OpenShardCount": len(self._shards(named))}}

    def list_shards(self, **named: Any) -> Json:  # noqa: ANN401 - as boto3's client
        return {"Shards": self._shards(named)}

    def put_record(self, *, Data: str, PartitionKey: str, **named: Any) -> Json:  # noqa: ANN401 - as boto3's client
        shards = self._streams[self._name(named)]
        place = int.from_bytes(hashlib.md5(PartitionKey.encode(), usedforsecurity=False).digest()) * len(shards)
        with self._lock:
            number, shard = str(next(self._numbers)), place // _KEYS
            told = {"SequenceNumber": number, "ApproximateArrivalTimestamp": time.time()}
            shards[shard].append({**told, "Data": Data, "PartitionKey": PartitionKey})
        return {"SequenceNumber": number, "ShardId": _shard_id(shard)}

    def put_records(self, *, Records: Sequence[Mapping[str, Any]], **named: Any) -> Json:  # noqa: ANN401
        if len(Records) > _MAX_RECORDS:
            raise AwsError("ValidationException", "Member must have length less than or equal to 500")
        name = self._name(named)
        return {"FailedRecordCount": 0, "Records": [self.put_record(StreamName=name, **record) for record in Records]}

    def get_shard_iterator(
        self,
        *,
        ShardId: str,
        ShardIteratorType: str,
        StartingSequenceNumber: str = "0",
        **named: Any,  # noqa: ANN401 - as boto3's client
    ) -> Json:
        name, shard = self._name(named), int(ShardId.rpartition("-")[2])
        shards = self._streams[name]
        if shard >= len(shards):
            raise AwsError("ResourceNotFoundException", f"Shard {ShardId} in stream {name} does not exist")
        first = int(StartingSequenceNumber)
        if ShardIteratorType == "LATEST":
            place = len(shards[shard])
        elif ShardIteratorType == "TRIM_HORIZON":
            place = 0
        else:
            is_after = ShardIteratorType == "AFTER_SEQUENCE_NUMBER"
            place = sum(int(record["SequenceNumber"]) < first + is_after for record in shards[shard])
        return {"ShardIterator": f"{name}|{shard}|{place}"}

    def get_records(self, *, ShardIterator: str, Limit: int = 10_000, **_: object) -> Json:
        name, shard, place = ShardIterator.rsplit("|", 2)
        if name not in self._streams:
            raise AwsError("ResourceNotFoundException", f"Stream {name} not found")
        records = self._streams[name][int(shard)][int(place) :][:Limit]
        further = f"{name}|{shard}|{int(place) + len(records)}"
        return {"Records": records, "NextShardIterator": further, "MillisBehindLatest": 0}

    def _name(self, named: Mapping[str, Any]) -> str:
        name = named.get("StreamName") or str(named.get("StreamARN", "")).rpartition("/")[2]
        if name not in self._streams:
            raise AwsError("ResourceNotFoundException", f"Stream {name} under account 000000000000 not found.")
        return str(name)

    def _described(self, named: Mapping[str, Any]) -> Json:
        name = self._name(named)
        told = {"StreamName": name, "StreamARN": _ARN + name, "StreamStatus": "ACTIVE"}
        return {**told, "RetentionPeriodHours": 24, "EnhancedMonitoring": [], "StreamCreationTimestamp": 0}

    def _shards(self, named: Mapping[str, Any]) -> list[Json]:
        shards = self._streams[self._name(named)]
        width = _KEYS // len(shards)
        return [
            {
                "ShardId": _shard_id(number),
                "HashKeyRange": {
                    "StartingHashKey": str(width * number),
                    "EndingHashKey": str(width * (number + 1) - 1),
                },
                "SequenceNumberRange": {"StartingSequenceNumber": str(_FIRST_NUMBER)},
            }
            for number in range(len(shards))
        ]


def _shard_id(number: int) -> str:
    return f"shardId-{number:012d}"
