"""Reader of stream records: the events in one record, and the columns of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tollgate.core.events.event_type import EventType
from tollgate.core.events.strict_json import read_json
from tollgate.core.streams.aggregates import is_aggregate, split_aggregate
from tollgate.core.streams.mapping import StreamMapping
from tollgate.core.streams.packing import take_json
from tollgate.core.streams.record import StreamRecord


def split_record(record: StreamRecord) -> list[StreamRecord]:
    """Return the user records of an aggregate, each with its own key and its number from 0; any other one as it is.

    Raises `InputError` where an aggregate cannot be read.
    """
    if record.data is None or not is_aggregate(record.data):
        return [record]
    return [
        replace(record, place={**record.place, "sub_sequence_number": number}, key=user.key, data=user.data)
        for number, user in enumerate(split_aggregate(record.data))
    ]


def read_event_of(
    mapping: StreamMapping, event_type: EventType, data: bytes | None, key: bytes | None
) -> Mapping[str, Any]:
    """Return the event, column → value, of one record that is no aggregate.

    Raises `InputError` with what the record looks like, and what to do, where it holds no event.
    """
    return mapping.read(event_type, read_json(take_json(data or b""), "The record"), key)
