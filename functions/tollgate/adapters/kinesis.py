"""Kinesis client: puts results on a stream, and reads records of a shard again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tollgate.adapters.dynamodb.items import pause
from tollgate.adapters.errors import error_code, translated
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

# One PutRecords call takes 500 records.
_MAX_RECORDS = 500
ATTEMPTS = 3
_MAX_KEY_CHARACTERS = 256
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """The record of one decision. ``key`` selects the shard."""

    key: str
    content: bytes


@dataclass(frozen=True)
class ResultStream:
    """A stream for results by its ARN; without one, nothing is put. ``connect`` is called for the first result."""

    arn: str
    connect: Callable[[], KinesisClient]

    def put(self, results: Sequence[Result]) -> list[int]:
        """Put results; return the places of those that the stream has not taken after three tries. Never raises."""
        waiting = list(range(len(results))) if self.arn else []
        for attempt in range(ATTEMPTS):
            if attempt and waiting:
                pause(attempt + 2)
            waiting = [
                place
                for start in range(0, len(waiting), _MAX_RECORDS)
                for place in self._put_once(results, waiting[start : start + _MAX_RECORDS])
            ]
        return waiting

    def _put_once(self, results: Sequence[Result], places: Sequence[int]) -> list[int]:
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": results[place].content, "PartitionKey": results[place].key[:_MAX_KEY_CHARACTERS]}
            for place in places
        ]
        try:
            with translated("The result stream"):
                answers = self.connect().put_records(StreamARN=self.arn, Records=records)["Records"]
        except UnavailableError as error:
            _log.error("Results were not put: %s", error)
            return list(places)
        return [place for place, answer in zip(places, answers, strict=True) if answer.get("ErrorCode")]


def read_shard_records(client: KinesisClient, arn: str, shard: str, first: str, last: str) -> Iterator[StreamRecord]:
    """Yield the records of a shard from the sequence number ``first`` to ``last``.

    Raises `InputError` where the stream no longer has them, `UnavailableError` where it does not answer.
    """
    with translated("Kinesis"):
        iterator: str | None = _begin(client, arn, shard, first)
        while iterator:
            answer = client.get_records(ShardIterator=iterator)
            for record in answer["Records"]:
                number = record["SequenceNumber"]
                if int(number) <= int(last):
                    yield kinesis_record(arn, shard, number, record["PartitionKey"], record["Data"])
                if int(number) >= int(last):
                    return
            # Empty answers come in the middle of a shard too: only its end, or the record sought, ends the reading.
            at_end = not answer["Records"] and not answer.get("MillisBehindLatest")
            iterator = None if at_end else answer.get("NextShardIterator")


def _begin(client: KinesisClient, arn: str, shard: str, first: str) -> str:
    try:
        return client.get_shard_iterator(
            StreamARN=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=first
        )["ShardIterator"]
    except ClientError as error:
        if error_code(error) not in ("ResourceNotFoundException", "InvalidArgumentException"):
            raise
        raise InputError(f"{arn} no longer has the records of {shard} from {first} on.") from error


def kinesis_record(arn: str, shard: str, number: str, key: str, data: bytes) -> StreamRecord:
    """Return a record of a shard."""
    place = {"stream_arn": arn, "shard_id": shard, "sequence_number": number}
    return StreamRecord("kinesis", place, f"{arn} {shard}", key.encode(), data)
