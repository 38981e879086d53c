"""Reader of a part of a Kinesis shard, for records that are read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tollgate.adapters.errors import error_code, translated
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient


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
