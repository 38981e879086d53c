"""Stream handler: one decision for each event from Kinesis and Kafka, and another try for records that were given up.

The payloads are as Lambda sends them, and the answer names failed records as Lambda reads it.
Kinesis: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
Kafka, on Amazon MSK and elsewhere: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tollgate.adapters.kinesis import kinesis_record
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError, TollgateError
from tollgate.observability import set_up_logging
from tollgate.services.container import open_container, prepare
from tollgate.services.streams.process import decide_again, decide_records, is_stream_message

_KAFKA = ("aws:kafka", "aws:SelfManagedKafka")


def read_payload(payload: Mapping[str, Any]) -> list[StreamRecord]:
    """Return the records of a batch, each partition's in their order; raise `InputError` for another payload."""
    if payload.get("eventSource") in _KAFKA:
        return list(_read_kafka(payload))
    records = payload.get("Records")
    if isinstance(records, list) and all("kinesis" in record for record in records):
        return [_read_kinesis(record) for record in records]
    raise InputError("The stream function takes records of Kinesis and Kafka only; this invocation has none of either.")


def name_failure(record: StreamRecord) -> str | dict[str, Any]:
    """Return what Lambda knows a record by."""
    if record.source == "kinesis":
        return str(record.place["sequence_number"])
    return {"partition": record.partition, "offset": record.place["offset"]}


def _read_kinesis(record: Mapping[str, Any]) -> StreamRecord:
    shard = record["eventID"].partition(":")[0]
    sent = record["kinesis"]
    data = base64.b64decode(sent["data"])
    return kinesis_record(record["eventSourceARN"], shard, sent["sequenceNumber"], sent["partitionKey"], data)


def _read_kafka(payload: Mapping[str, Any]) -> Iterator[StreamRecord]:
    cluster = payload.get("eventSourceArn") or payload.get("bootstrapServers", "")
    for partition, records in payload["records"].items():
        for record in records:
            place = {
                "cluster": cluster,
                "topic": record["topic"],
                "partition": int(record["partition"]),
                "offset": int(record["offset"]),
            }
            yield StreamRecord("kafka", place, partition, _decode(record.get("key")), _decode(record.get("value")))


def _decode(text: str | None) -> bytes | None:
    # Without bytes, a value is a tombstone and a key is none, in whichever of these ways it is sent.
    return base64.b64decode(text) if text else None


set_up_logging()
prepare()


def handler(payload: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """Decide on a batch of records, and name those that have to come again.

    All of these are named, not only the first of each shard or partition: it is then the same whether Lambda goes on
    from the first one or sends just those that were named. A message of the dead-letter queue, which `tollgate redrive`
    sends, is decided on again.
    """

    def time_left_s() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    if is_stream_message(payload):
        return _decide_again(payload, time_left_s)
    returned = decide_records(open_container(), read_payload(payload), time_left_s)
    return {"batchItemFailures": [{"itemIdentifier": name_failure(record)} for record in returned]}


def _decide_again(message: Mapping[str, Any], time_left_s: Callable[[], float]) -> dict[str, Any]:
    try:
        return {"decided": decide_again(open_container(), message, time_left_s)}
    except TollgateError as error:
        # Answered rather than raised: Lambda logs what is raised, and this may quote the event.
        return {"refused": str(error)}
