"""Event source mapping as Lambda runs it: invoke with a batch of records, retry, bisect, give up.

The embedded emulator has a mapping of its own, which ignores which records a function gives back. This one does what
AWS documents in the Lambda developer guide: services-kinesis-batchfailurereporting, kinesis-on-failure-destination,
kafka-retry-configurations and kafka-on-failure. Where these leave a choice, it takes the stricter one: from
the first record of a shard or partition that a function gives back, all records are sent again.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from tollgate import clock
from tollgate.core.times.timestamps import write_utc

Payload = dict[str, Any]


@dataclass(frozen=True)
class SourceRecord:
    """A record as Lambda sends it. ``identifier`` is what a function gives it back by."""

    partition: str
    number: int
    identifier: object
    record: Payload


class Source(Protocol):
    """A stream that batches of records come from."""

    def read(self) -> Sequence[SourceRecord]:
        """Return the next batch; it may be empty."""

    def write_payload(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return what the function is invoked with."""

    def describe(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return what is sent to a failure destination about records that are given up."""

    def commit(self, done: Sequence[SourceRecord]) -> None:
        """Remember that these records, and all before them in their partitions, are done."""


@dataclass(frozen=True)
class Invocation:
    """What an invocation gave: the function's answer, or None and the error's kind."""

    request_id: str
    content: object
    error: str | None = None


@dataclass(frozen=True)
class EventSourceMapping:
    """An event source mapping: which function gets the records, and what happens when it fails. As the template has it.

    ``give_up`` gets the message for the failure destination.
    """

    function_arn: str
    invoke: Callable[[Payload], Invocation]
    give_up: Callable[[Payload], None]
    max_retries: int = 10
    bisect: bool = True
    pause_s: float = 0.2

    def deliver(self, source: Source, batch: Sequence[SourceRecord]) -> None:
        """Process a batch to its end: every record is done or given up, and committed."""
        waiting = [(list(batch), 0)]
        while waiting:
            records, tries = waiting.pop(0)
            answer = self.invoke(source.write_payload(records))
            left = records if answer.error else _left_over(records, answer.content)
            source.commit(_done(records, left))
            if not left:
                continue
            if len(left) < len(records):
                waiting.insert(0, (left, 0))
            elif self.bisect and answer.error and len(records) > 1:
                half = len(records) // 2  # dividing does not count as a retry
                waiting[:0] = [(records[:half], tries), (records[half:], tries)]
            elif tries < self.max_retries:
                time.sleep(self.pause_s)
                waiting.insert(0, (records, tries + 1))
            else:
                self.give_up(self._write_failure(source, records, answer, tries + 1))
                source.commit(records)

    def _write_failure(
        self, source: Source, batch: Sequence[SourceRecord], answer: Invocation, invocations: int
    ) -> Payload:
        response = {"statusCode": 200, "executedVersion": self.function_arn.rpartition(":")[2]}
        return {
            "requestContext": {
                "requestId": answer.request_id,
                "functionArn": self.function_arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": invocations,
            },
            "responseContext": response | ({"functionError": answer.error} if answer.error else {}),
            "version": "1.0",
            "timestamp": write_time(clock.now_s()),
            **source.describe(batch),
        }


def _left_over(batch: Sequence[SourceRecord], content: object) -> list[SourceRecord]:
    """Return the records that come again; all of them where the answer is not one that Lambda understands."""
    if not content:
        return []
    failures = content.get("batchItemFailures") if isinstance(content, Mapping) else None
    if not failures:
        return [] if isinstance(content, Mapping) else list(batch)
    known = {json.dumps(sent.identifier, sort_keys=True): sent for sent in batch}
    first: dict[str, int] = {}
    for failure in failures:
        sent = known.get(json.dumps(failure.get("itemIdentifier"), sort_keys=True))
        if sent is None:
            return list(batch)
        first[sent.partition] = min(sent.number, first.get(sent.partition, sent.number))
    return [sent for sent in batch if sent.number >= first.get(sent.partition, sent.number + 1)]


def _done(batch: Sequence[SourceRecord], left: Sequence[SourceRecord]) -> list[SourceRecord]:
    again = {id(sent) for sent in left}
    return [sent for sent in batch if id(sent) not in again]


def write_time(time_s: float) -> str:
    """Return a time as Lambda writes it to failure destinations."""
    return write_utc(datetime.fromtimestamp(time_s, UTC), "milliseconds")


def describe_shard(batch: Sequence[SourceRecord], times_s: Sequence[float], stream_arn: str) -> Payload:
    """Return what a failure destination is told of records of one shard, which came at ``times_s``."""
    return {
        "shardId": batch[0].partition,
        "startSequenceNumber": batch[0].identifier,
        "endSequenceNumber": batch[-1].identifier,
        "approximateArrivalOfFirstRecord": write_time(times_s[0]),
        "approximateArrivalOfLastRecord": write_time(times_s[-1]),
        "batchSize": len(batch),
        "streamArn": stream_arn,
    }


def invoke_with(client: Any, function: str) -> Callable[[Payload], Invocation]:  # noqa: ANN401 - boto3's Lambda client
    """Return what invokes a deployed function and waits for its answer."""

    def invoke(payload: Payload) -> Invocation:
        answer = client.invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(payload).encode())
        content = json.loads(answer["Payload"].read() or b"null")
        request_id = answer["ResponseMetadata"].get("RequestId") or str(uuid.uuid4())
        return Invocation(request_id, content, answer.get("FunctionError"))

    return invoke
