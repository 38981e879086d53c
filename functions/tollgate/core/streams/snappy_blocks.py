"""Snappy blocks, which have no signature: told by their lengths, which have to come out even.

The format: https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

_MAX_BYTES, _MAX_UNPACKED_BYTES = 1 << 20, 64 << 20
_MAX_LENGTH_BYTES = 5
# Of the two lower bits of a tag: the bytes of the offset of a copy.
_OFFSET_BYTES = {1: 1, 2: 2, 3: 4}
# A literal of more bytes than its tag can say has its length in one to four bytes behind it.
_MAX_IN_TAG = 60


def is_snappy_block(body: bytes) -> bool:
    """Return whether bytes are one whole block of Snappy: what its parts unpack to is as long as its head says."""
    length, place = _read_length(body) if len(body) <= _MAX_BYTES else (0, 0)
    done = 0
    while place < len(body) and done < length:
        tag = body[place]
        place += 1
        if size := _OFFSET_BYTES.get(tag & 3):
            offset = int.from_bytes(body[place : place + size], "little") | ((tag >> 5) << 8 if size == 1 else 0)
            if not 0 < offset <= done:
                return False
            place += size
            done += (tag >> 2 & 7) + 4 if size == 1 else (tag >> 2) + 1
        else:
            size = max((tag >> 2) + 1 - _MAX_IN_TAG, 0)
            literal = int.from_bytes(body[place : place + size], "little") + 1 if size else (tag >> 2) + 1
            place += size + literal
            done += literal
    return 0 < length == done and place == len(body)


def _read_length(body: bytes) -> tuple[int, int]:
    """Return the unpacked length that a block begins with, and where it goes on; 0 where it is none."""
    length = 0
    for place, byte in enumerate(body[:_MAX_LENGTH_BYTES]):
        length |= (byte & 127) << (7 * place)
        if byte < 128:
            return (length if length <= _MAX_UNPACKED_BYTES else 0), place + 1
    return 0, 0
