"""Reader of stream records: the events in one record, unpacked and without schema ids, and the columns of each.

Records come packed by gzip or zlib, and with the schema ids of Confluent's and AWS Glue's registries.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tollgate.core.events.event_type import EventType
from tollgate.core.events.strict_json import read_json
from tollgate.core.streams.aggregates import is_aggregate, split_aggregate
from tollgate.core.streams.mapping import StreamMapping
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError

MAX_UNPACKED_BYTES = 10 << 20
_GZIP, _ZLIB = b"\x1f\x8b", 0x78
# Any of both, as their first bytes say.
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_SCHEMA_ID_BYTES, _GLUE_BYTES = 5, 18
_GLUE_PLAIN, _GLUE_ZLIB = b"\x03\x00", b"\x03\x05"


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


def take_json(data: bytes) -> bytes:
    """Return the JSON of a record, unpacked and without its schema id; data of any other kind is returned as it is.

    Raises `InputError` for packed data that is damaged, or that unpacks to more than 10 MB.
    """
    if not data or data[0] in b'{["':
        return data
    unpacked = _unpack(data)
    bare = _strip_schema_id(unpacked)
    return bare if bare.lstrip()[:1] == b"{" else unpacked


def _strip_schema_id(data: bytes) -> bytes:
    if data[:1] == b"\x00":
        return data[_SCHEMA_ID_BYTES:]
    if data.startswith(_GLUE_PLAIN):
        return data[_GLUE_BYTES:]
    if data.startswith(_GLUE_ZLIB):
        return _unpack(data[_GLUE_BYTES:])
    return data


def _unpack(data: bytes) -> bytes:
    """Return data unpacked if it is packed by gzip, in one part or several, or by zlib."""
    if data.startswith(_GZIP):
        name = "gzip"
    elif data[:1] == bytes([_ZLIB]) and int.from_bytes(data[:2], "big") % 31 == 0:
        name = "zlib"
    else:
        return data
    out, rest = b"", data
    while rest:
        unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            out += unpacker.decompress(rest, MAX_UNPACKED_BYTES + 1 - len(out))
        except zlib.error:
            raise InputError(f"The record begins as {name} does, and is damaged; send it again.") from None
        if len(out) > MAX_UNPACKED_BYTES:
            raise InputError(
                f"The record is packed by {name} and unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB; "
                "send one event as a record."
            )
        if not unpacker.eof:
            raise InputError(f"The record is packed by {name} and ends too early; send it again.")
        rest = unpacker.unused_data.lstrip(b"\x00")
    return out
