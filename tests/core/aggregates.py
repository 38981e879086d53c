"""Kinesis aggregates as the Kinesis Producer Library writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

MAGIC = b"\xf3\x89\x9a\xc2"


def varint(number: int) -> bytes:
    """Return a number as Protocol Buffers writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | bytes) -> bytes:
    """Return a field of a message: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def seal(message: bytes) -> bytes:
    """Return a message between the magic bytes and its checksum."""
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def aggregate(records: Sequence[tuple[str, bytes]]) -> bytes:
    """Return an aggregate of user records: a partition key and data each."""
    keys = list(dict.fromkeys(key for key, _ in records))
    table = b"".join(field(1, key.encode()) for key in keys) + field(2, b"1234567890")
    tag = field(4, field(1, b"name") + field(2, b"value"))
    rows = [field(1, keys.index(key)) + field(2, 0) + field(3, data) + tag for key, data in records]
    return seal(table + b"".join(field(3, row) for row in rows))
