"""Kinesis aggregates: several user records that the Kinesis Producer Library (KPL) put together into one record.

An aggregate is four magic bytes, a Protocol Buffers message, and the message's MD5:
https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

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
