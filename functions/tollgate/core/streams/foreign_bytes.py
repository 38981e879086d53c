"""Recognition of other formats by their bytes, for errors that name what came in place of JSON."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable

from tollgate.core.streams.snappy_blocks import is_snappy_block

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
