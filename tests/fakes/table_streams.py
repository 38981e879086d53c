"""Streams of DynamoDB's tables in memory: one shard each, with every change of an item."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tests.fakes.errors import AwsError

Json = dict[str, Any]
_SHARD = "shardId-00000000000000000001-00000000"


class Changes:
    """The changes of one table, the oldest first."""

    def __init__(self, table: str) -> None:
        self.arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-01-01T00:00:00.000"
        self.records: list[Json] = []

    def tell(self, key: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
        """Add a change."""
        there = after or before or {}
        images = {} if after is None else {"NewImage": dict(after)}
        number = f"{len(self.records) + 1:021d}"
        self.records.append(
            {
                "eventID": number,
                "eventName": "REMOVE" if after is None else "INSERT" if before is None else "MODIFY",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-1",
                "dynamodb": {
                    "ApproximateCreationDateTime": int(time.time()),
                    "Keys": {key: there[key]},
                    "SequenceNumber": number,
                    "SizeBytes": 1,
                    "StreamViewType": "NEW_IMAGE",
                    **images,
                },
            }
        )


class TableStreams:
    """Answers as boto3's client of `dynamodbstreams` does."""

    def __init__(self, changes: Mapping[str, Any]) -> None:
        self._tables = changes

    def describe_stream(self, *, StreamArn: str, **_: object) -> Json:
        self._find(StreamArn)
        numbers = {"StartingSequenceNumber": f"{1:021d}"}
        shards = [{"ShardId": _SHARD, "SequenceNumberRange": numbers}]
        return {"StreamDescription": {"StreamArn": StreamArn, "StreamStatus": "ENABLED", "Shards": shards}}

    def get_shard_iterator(self, *, StreamArn: str, ShardIteratorType: str, **_: object) -> Json:
        records = self._find(StreamArn).records
        return {"ShardIterator": f"{StreamArn}|{0 if ShardIteratorType == 'TRIM_HORIZON' else len(records)}"}

    def get_records(self, *, ShardIterator: str, Limit: int = 1000) -> Json:
        arn, _, place = ShardIterator.rpartition("|")
        records = self._find(arn).records[int(place) :][:Limit]
        return {"Records": records, "NextShardIterator": f"{arn}|{int(place) + len(records)}"}

    def _find(self, arn: str) -> Changes:
        for table in self._tables.values():
            if table.changes is not None and table.changes.arn == arn:
                found: Changes = table.changes
                return found
        raise AwsError("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
