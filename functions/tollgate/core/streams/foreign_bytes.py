"""Recognition of other formats by their bytes, for errors that name what arrived in place of JSON.

Snappy blocks have no signature: they are recognized by their lengths, which have to add up. The format:
https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable

_AS_JSON = "have it written as JSON"
_UNPACKED = "send it unpacked"
# By the first bytes: what it is, and what to do.
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", f"packed by gzip; {_UNPACKED}"),
    (b"\x28\xb5\x2f\xfd", f"packed by Zstandard (zstd); {_UNPACKED}"),
    (b"\xff\x06\x00\x00sNaPpY", f"packed by Snappy; {_UNPACKED}"),
    (b"\x82SNAPPY\x00", f"packed by Snappy; {_UNPACKED}"),
    (b"\x04\x22\x4d\x18", f"packed by LZ4; {_UNPACKED}"),
    (b"\x02\x21\x4c\x18", f"packed by LZ4; {_UNPACKED}"),
    (b"LZ4Block", f"packed by LZ4; {_UNPACKED}"),
    (b"BZh", f"packed by bzip2; {_UNPACKED}"),
    (b"\xfd7zXZ\x00", f"packed by xz; {_UNPACKED}"),
    (b"PK\x03\x04", f"a ZIP archive; {_UNPACKED}"),
    (b"\xf3\x89\x9a\xc2", "an aggregate of the Kinesis Producer Library; put it on a Kinesis stream"),
    (b"Obj\x01", f"an Avro file; {_AS_JSON}"),
    (b"\xc3\x01", f"an Avro message; {_AS_JSON}"),
    (b"PAR1", "a Parquet file; drop it in the inbox"),
    (b"ORC", "an ORC file; drop it in the inbox as Parquet"),
    (b"ARROW1", "an Arrow file; drop it in the inbox as Parquet"),
    (b"\xac\xed\x00\x05", f"a serialized Java object; {_AS_JSON}"),
    (b"\x80\x02", f"a Python pickle; {_AS_JSON}"),
    (b"\x80\x03", f"a Python pickle; {_AS_JSON}"),
    (b"\x80\x04", f"a Python pickle; {_AS_JSON}"),
    (b"\x80\x05", f"a Python pickle; {_AS_JSON}"),
    (b"\xe0\x01\x00\xea", f"Amazon Ion; {_AS_JSON}"),
    (b"\x1e{", "a JSON text sequence; send the object without U+001E before it"),
    (b"{'", "a Python dictionary; write it with json.dumps"),
    (b"<", f"XML or HTML; {_AS_JSON}"),
)
_JSON_STARTS = ("{", "[", '"')
_SCHEMA_ID_BYTES, _GLUE_BYTES = 5, 18
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEXADECIMAL, _LINE_ENDS = re.compile(rb"[0-9A-Fa-f]{16,}"), re.compile(rb"[\r\n]+")
_FORM = re.compile(rb"[\w.%+-]+=[^&\s]*(&[\w.%+-]+=[^&\s]*)+")
_CSV = re.compile(rb"[^{}\[\]\r\n]*([,;\t|])[^{}\[\]\r\n]*\1[^{}\[\]]*")
_HEAD_BYTES = 4096
_MAX_BYTES, _MAX_UNPACKED_BYTES = 1 << 20, 64 << 20
_MAX_LENGTH_BYTES = 5
# Of the two lower bits of a tag: the bytes of the offset of a copy.
_OFFSET_BYTES = {1: 1, 2: 2, 3: 4}
# A literal of more bytes than its tag can say has its length in one to four bytes behind it.
_MAX_IN_TAG = 60


def recognize(body: bytes) -> str | None:
    """Return what bytes that are not JSON look like and what to do, such as "packed by xz; send it unpacked"."""
    found = (name(body) for name in (_by_encoding, _by_beginning, _by_schema_id, _by_text, _by_blocks))
    return next((said for said in found if said), None)


def looks_like_csv(head: bytes) -> bool:
    """Return whether text looks like lines of CSV."""
    return bool(_CSV.fullmatch(head.strip()))


def _by_encoding(body: bytes) -> str | None:
    encoding = json.detect_encoding(body)
    if not encoding.startswith("utf-8"):
        text = body[: _HEAD_BYTES * 4].decode(encoding, "replace").lstrip("\ufeff \t\r\n")
        if text.startswith(_JSON_STARTS):
            return f"{encoding[:6].upper()} text; send UTF-8"
    return None


def _by_beginning(body: bytes) -> str | None:
    return next((said for start, said in _BEGINNINGS if body.startswith(start)), None)


def _by_schema_id(body: bytes) -> str | None:
    if len(body) > _SCHEMA_ID_BYTES and body[0] == 0:
        number = int.from_bytes(body[1:_SCHEMA_ID_BYTES], "big")
        return (
            f"Avro or Protocol Buffers with schema id {number} of a schema registry; "
            f"{_AS_JSON}, such as by the JSON Schema serializer"
        )
    if len(body) > _GLUE_BYTES and body[0] == 3 and body[1] in (0, 5):
        return f"Avro or Protocol Buffers with a schema of the AWS Glue Schema Registry; {_AS_JSON}"
    return None


def _by_blocks(body: bytes) -> str | None:
    return f"packed by Snappy; {_UNPACKED}" if is_snappy_block(body) else None


def _by_text(body: bytes) -> str | None:
    head = body[:_HEAD_BYTES].strip()
    looks: tuple[tuple[Callable[[bytes], object], str], ...] = (
        (_is_hexadecimal, "hexadecimal text; send what it encodes"),
        (_is_base64, "base64; send what it encodes"),
        (_FORM.fullmatch, f"a form of a web page; {_AS_JSON}"),
        (_CSV.fullmatch, f"a line of CSV; {_AS_JSON}, or drop files in the inbox"),
    )
    return next((said for looks_so, said in looks if head.isascii() and looks_so(head)), None)


def _is_hexadecimal(head: bytes) -> bool:
    """Return whether a text is hexadecimal of JSON, or of something else that is recognized."""
    digits = _LINE_ENDS.sub(b"", head).removeprefix(b"0x").removeprefix(b"\\x")
    return bool(_HEXADECIMAL.fullmatch(digits)) and _is_known(bytes.fromhex(digits[: len(digits) // 2 * 2].decode()))


def _is_base64(head: bytes) -> bool:
    """Return whether a text is base64 of JSON, in one line or several, or of something else that is recognized."""
    head = _LINE_ENDS.sub(b"", head)
    if not _BASE64.fullmatch(head):
        return False
    try:
        inside = base64.urlsafe_b64decode(head[: len(head) // 4 * 4].translate(bytes.maketrans(b"+/", b"-_")))
    except binascii.Error:
        return False
    return _is_known(inside)


def _is_known(inside: bytes) -> bool:
    return inside.lstrip().startswith((b"{", b"[")) or bool(_by_beginning(inside) or _by_encoding(inside))


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
