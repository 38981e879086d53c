"""Redrive of stream records that were given up, from what the dead-letter queue holds about them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tollgate.adapters import clients
from tollgate.adapters.kinesis import read_shard_records
from tollgate.core.streams.reader import split_record
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError, UnavailableError
from tollgate.services.container import Container
from tollgate.services.streams.process import decide_record, decide_records

# Bodies are ours, with one record inside, or what Lambda writes of the records that it gave up.
OURS, OF_KINESIS, OF_KAFKA = "stream_record", "KinesisBatchInfo", "KafkaBatchInfo"


def is_stream_message(body: Mapping[str, Any]) -> bool:
    """Return whether a message of the dead-letter queue is about stream records."""
    return bool(body.keys() & {OURS, OF_KINESIS, OF_KAFKA})


def decide_again(
    container: Container, body: Mapping[str, Any], time_left_s: Callable[[], float] = lambda: math.inf
) -> int:
    """Decide on the records that a message is about, and put their results; return how many there were.

    What was decided on before is not decided anew. Of several records, those that cannot be decided on get messages of
    their own. Raises `InputError` where a single record still cannot be decided on, or records can no longer be read;
    any other `TollgateError` where trying later may help.
    """
    if OURS in body:
        results = [decide_record(container, part)[1] for part in split_record(StreamRecord.from_json(body[OURS]))]
        if container.results.put(results):
            raise UnavailableError("The result stream did not take the decision; try again.")
        return len(results)
    if OF_KINESIS in body:
        lost = body[OF_KINESIS]
        part = (lost["streamArn"], lost["shardId"], lost["startSequenceNumber"], lost["endSequenceNumber"])
        records = list(read_shard_records(clients.kinesis(), *part))
        if returned := decide_records(container, records, time_left_s):
            raise UnavailableError(f"{len(returned)} of {len(records)} records are not decided on; try again.")
        if gone := lost["batchSize"] - len(records):
            raise InputError(
                f"{lost['streamArn']} no longer has {gone} of {lost['batchSize']} records; the rest is done."
            )
        return len(records)
    parts = body.get(OF_KAFKA, {}).get("recordsInfo", {})
    lost_parts = [
        f"{name} from {lost['firstRecordOffset']} to {lost['lastRecordOffset']}" for name, lost in parts.items()
    ]
    raise InputError(
        f"Tollgate has no Kafka client: have the records sent to the topic again: {', '.join(lost_parts)}."
    )
