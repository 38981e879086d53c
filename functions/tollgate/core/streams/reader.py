"""Reader of stream records: the events in one record, unpacked and without schema ids, and the columns of each.

Records may be compressed by gzip or zlib, begin with a schema id of the registry of Confluent or AWS Glue, and hold
several records that the Kinesis Producer Library aggregated.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tollgate.core.events.event_type import EventType
from tollgate.core.events.strict_json import read_json
from tollgate.core.streams.mapping import StreamMapping
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError

# The most user records that one aggregate may hold: it is decided on within the time limit of a function.
MAX_USER_RECORDS = 10_000
_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
# Fields of the message, and of a user record within it.
_KEY_TABLE, _RECORDS = 1, 3
_KEY_INDEX, _DATA = 1, 3
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
MAX_UNPACKED_BYTES = 10 << 20
_GZIP, _ZLIB = b"\x1f\x8b", 0x78
# Any of both, as their first bytes say.
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_SCHEMA_ID_BYTES, _GLUE_BYTES = 5, 18
_GLUE_PLAIN, _GLUE_ZLIB = b"\x03\x00", b"\x03\x05"


@dataclass(frozen=True)
class UserRecord:
    """One record as the producer put it: its own partition key, and its data."""

    key: bytes
    data: bytes


def is_aggregate(data: bytes) -> bool:
    """Return whether a record begins as an aggregate does. No JSON does."""
    return data.startswith(_MAGIC)


def split_aggregate(data: bytes) -> list[UserRecord]:
    """Return the user records of an aggregate in their order; raise `InputError` where it is damaged or too large."""
    message, digest = data[len(_MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if len(data) < len(_MAGIC) + _DIGEST_BYTES or hashlib.md5(message, usedforsecurity=False).digest() != digest:
        raise InputError(
            "The record looks like an aggregate of the Kinesis Producer Library, and its checksum does not hold: it is "
            "damaged; send its records again."
        )
    try:
        return _read_aggregate(memoryview(message))
    except ValueError as error:
        raise InputError(
            f"The record is an aggregate of the Kinesis Producer Library that {error}; send its records again."
        ) from None


def _read_aggregate(message: memoryview) -> list[UserRecord]:
    keys: list[bytes] = []
    found: list[tuple[int, bytes]] = []
    for field, value in _read_fields(message):
        if field == _KEY_TABLE and isinstance(value, memoryview):
            keys.append(bytes(value))
        elif field == _RECORDS and isinstance(value, memoryview):
            if len(found) == MAX_USER_RECORDS:
                raise ValueError(f"has more than {MAX_USER_RECORDS:,} records, the most that one may have")
            found.append(_read_user_record(value))
    if not found:
        raise ValueError("has no records in it")
    if any(index >= len(keys) for index, _ in found):
        raise ValueError("names a partition key that it does not have")
    return [UserRecord(keys[index], data) for index, data in found]


def _read_user_record(message: memoryview) -> tuple[int, bytes]:
    """Return the index of the record's partition key, and its data."""
    index, data = None, None
    for field, value in _read_fields(message):
        if field == _KEY_INDEX and isinstance(value, int):
            index = value
        elif field == _DATA and isinstance(value, memoryview):
            data = bytes(value)
    if index is None or data is None:
        raise ValueError("has a record without its key or its data")
    return index, data


def _read_fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a Protocol Buffers message; those of fixed width are passed over."""
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _read_varint(message, place)
            yield number, value
        elif kind == _BYTES:
            size, start = _read_varint(message, place)
            place = start + size
            if place > len(message):
                raise ValueError("ends too early")
            yield number, message[start:place]
        elif kind in (_FIXED_64, _FIXED_32):
            place += 8 if kind == _FIXED_64 else 4
        else:
            raise ValueError("is not written as the library writes it")


def _read_varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return a number of variable width, and the place behind it."""
    number = 0
    for shift, byte in enumerate(message[place : place + _MAX_VARINT_BYTES]):
        number |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return number, place + shift + 1
    raise ValueError("ends too early")


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
