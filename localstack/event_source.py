"""What Lambda's event source mappings do with a lot of a stream's records: invoke, retry, divide, give up.

The embedded emulator has a mapping of its own, which ignores which records a function gives back. This one does what
AWS documents in the Lambda developer guide: services-kinesis-batchfailurereporting, kinesis-on-failure-destination,
kafka-retry-configurations and kafka-on-failure. Where these leave it open, it asks more of a function rather than less:
from the first record of a shard or partition that is given back, all come again.
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
class Sent:
    """A record as Lambda sends it. ``identifier`` is what a function gives it back by."""

    partition: str
    number: int
    identifier: object
    record: Payload


class Source(Protocol):
    """A stream that lots come from."""

    def read(self) -> Sequence[Sent]:
        """Return the next lot; it may be empty."""

    def write_payload(self, lot: Sequence[Sent]) -> Payload:
        """Return what the function is invoked with."""

    def describe(self, lot: Sequence[Sent]) -> Payload:
        """Return what a failure destination is told of records that are given up."""

    def commit(self, done: Sequence[Sent]) -> None:
        """Remember that these records, and all before them in their partitions, are done."""


@dataclass(frozen=True)
class Answer:
    """What an invocation gave: the function's answer, or None and the error's kind."""

    request_id: str
    content: object
    error: str | None = None


@dataclass(frozen=True)
class Mapped:
    """An event source mapping: which function gets the records, and what happens when it fails. As the template has it.

    ``give_up`` gets the message for the failure destination.
    """

    function_arn: str
    invoke: Callable[[Payload], Answer]
    give_up: Callable[[Payload], None]
    max_retries: int = 10
    bisect: bool = True
    pause_s: float = 0.2

    def deliver(self, source: Source, lot: Sequence[Sent]) -> None:
        """Bring a lot to its end: every record is done or given up, and committed as such."""
        waiting = [(list(lot), 0)]
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

    def _write_failure(self, source: Source, lot: Sequence[Sent], answer: Answer, invocations: int) -> Payload:
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
            **source.describe(lot),
        }


def _left_over(lot: Sequence[Sent], content: object) -> list[Sent]:
    """Return the records that come again; all of them where the answer is not one that Lambda understands."""
    if not content:
        return []
    failures = content.get("batchItemFailures") if isinstance(content, Mapping) else None
    if not failures:
        return [] if isinstance(content, Mapping) else list(lot)
    known = {json.dumps(sent.identifier, sort_keys=True): sent for sent in lot}
    first: dict[str, int] = {}
    for failure in failures:
        sent = known.get(json.dumps(failure.get("itemIdentifier"), sort_keys=True))
        if sent is None:
            return list(lot)
        first[sent.partition] = min(sent.number, first.get(sent.partition, sent.number))
    return [sent for sent in lot if sent.number >= first.get(sent.partition, sent.number + 1)]


def _done(lot: Sequence[Sent], left: Sequence[Sent]) -> list[Sent]:
    again = {id(sent) for sent in left}
    return [sent for sent in lot if id(sent) not in again]


def write_time(time_s: float) -> str:
    """Return a time as Lambda writes it to failure destinations."""
    return write_utc(datetime.fromtimestamp(time_s, UTC), "milliseconds")


def describe_shard(lot: Sequence[Sent], times_s: Sequence[float], stream_arn: str) -> Payload:
    """Return what a failure destination is told of records of one shard, which came at ``times_s``."""
    return {
        "shardId": lot[0].partition,
        "startSequenceNumber": lot[0].identifier,
        "endSequenceNumber": lot[-1].identifier,
        "approximateArrivalOfFirstRecord": write_time(times_s[0]),
        "approximateArrivalOfLastRecord": write_time(times_s[-1]),
        "batchSize": len(lot),
        "streamArn": stream_arn,
    }


def invoke_with(client: Any, function: str) -> Callable[[Payload], Answer]:  # noqa: ANN401 - boto3's Lambda client
    """Return what invokes a deployed function and waits for its answer."""

    def invoke(payload: Payload) -> Answer:
        answer = client.invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(payload).encode())
        content = json.loads(answer["Payload"].read() or b"null")
        request_id = answer["ResponseMetadata"].get("RequestId") or str(uuid.uuid4())
        return Answer(request_id, content, answer.get("FunctionError"))

    return invoke
