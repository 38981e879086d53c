"""JSON that could not be stored and shown again is refused where it comes in."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import pickle

import pytest
from tollgate.core.events.strict_json import MAX_LEVELS, read_json
from tollgate.errors import InputError


def test_json_is_read() -> None:
    assert read_json('{"a": [1, 2.5, "ü🂡", null, true]}'.encode()) == {"a": [1, 2.5, "ü🂡", None, True]}


def test_a_byte_order_mark_is_no_harm() -> None:
    assert read_json(b"\xef\xbb\xbf{}") == {}


def test_a_character_in_two_halves_is_whole() -> None:
    assert read_json(b'"\\ud83c\\udca1"') == "🂡"


@pytest.mark.parametrize("body", [b'"\\ud800"', b'"\\uDFFF"', b'{"\\ud800": 1}', b'"\xed\xa0\x80"'])
def test_half_a_character_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        read_json(body)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_has_an_end(opening: bytes) -> None:
    closing = {b"[": b"]"}.get(opening, b"}")
    deepest = opening * (MAX_LEVELS - 1) + b"1" + closing * (MAX_LEVELS - 1)
    read_json(deepest)
    with pytest.raises(InputError, match="levels"):
        read_json(opening + deepest + closing)
    with pytest.raises(InputError):
        read_json(opening * 100_000 + b"1" + closing * 100_000)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"b": [{"c": 1, "a": 1, "a": 2}]}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"amount": 1' + b"".join(b', "n%d": 0' % n for n in range(20_000)) + b', "a": 1, "a": 2}',
    ],
)
def test_a_name_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match='the name "a" twice'):
        read_json(body)


def test_the_same_name_in_several_objects_is_no_harm() -> None:
    assert read_json(b'[{"a": 1}, {"a": {"a": 2}}]') == [{"a": 1}, {"a": {"a": 2}}]


@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 400 + ".5"])
def test_a_number_beyond_all_numbers_is_refused(number: str) -> None:
    with pytest.raises(InputError, match="larger than any number") as refused:
        read_json(f'{{"amount": {number}}}'.encode())
    assert len(str(refused.value)) < 120


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(InputError, match="more than 4,300 digits"):
        read_json(b"9" * 5_000)


EVENT = b'{"event_id": "p-1", "timestamp": "2026-06-01T00:00:00Z", "amount": 12}'
AVRO = b"\x06p-1(2026-06-01T00:00:00Z\xb4\x01"
FOREIGN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "it is empty"),
    "blanks": (b" \r\n\t", "it is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "it is empty"),
    "gzip": (gzip.compress(EVENT), "packed by gzip"),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + AVRO, "packed by Zstandard"),
    "Snappy": (b"\xff\x06\x00\x00sNaPpY" + AVRO, "packed by Snappy"),
    "Snappy of Java": (b"\x82SNAPPY\x00" + AVRO, "packed by Snappy"),
    "LZ4": (b"\x04\x22\x4d\x18" + AVRO, "packed by LZ4"),
    "bzip2": (bz2.compress(EVENT), "packed by bzip2"),
    "xz": (lzma.compress(EVENT), "packed by xz"),
    "UTF-16": (EVENT.decode().encode("utf-16"), "UTF-16 text; send UTF-8"),
    "UTF-16 without a mark": (EVENT.decode().encode("utf-16-be"), "UTF-16 text; send UTF-8"),
    "UTF-32": (EVENT.decode().encode("utf-32"), "UTF-32 text; send UTF-8"),
    "Latin-1": ('{"city": "Köln"}'.encode("latin-1"), "byte 12 is not UTF-8"),
    "base64": (base64.b64encode(EVENT), "base64; send what it encodes"),
    "base64 of gzip": (base64.b64encode(gzip.compress(EVENT)), "base64; send what it encodes"),
    "Avro with a schema id": (b"\x00\x00\x00\x00\x2a" + AVRO, "schema id 42 of a schema registry"),
    "Avro of Glue": (b"\x03\x00" + bytes(range(16)) + AVRO, "AWS Glue Schema Registry"),
    "an Avro file": (b"Obj\x01" + AVRO, "an Avro file"),
    "an Avro message": (b"\xc3\x01" + AVRO, "an Avro message"),
    "a Java object": (b"\xac\xed\x00\x05" + AVRO, "a serialized Java object"),
    "a pickle": (pickle.dumps({"a": 1}), "a Python pickle"),
    "Ion": (b"\xe0\x01\x00\xea" + AVRO, "Amazon Ion"),
    "Parquet": (b"PAR1" + AVRO, "a Parquet file"),
    "XML": (b"<payment><id>1</id></payment>", "XML or HTML"),
    "a Python dictionary": (b"{'event_id': 'p-1'}", "a Python dictionary"),
    "a form": (b"event_id=p-1&amount=12", "a form of a web page"),
    "CSV": (b"p-1,2026-06-01T00:00:00Z,12\n", "a line of CSV"),
    "two events": (EVENT + b"\n" + EVENT, "send one event at a time"),
    "binary": (b"\x0a\x03p-1\x12\xff", "binary data that begins with 0a 03 70 2d 31 12 ff"),
    "cut": (EVENT[:30], "at character"),
}


@pytest.mark.parametrize(("body", "words"), FOREIGN.values(), ids=FOREIGN)
def test_what_came_in_place_of_json_is_named_in_one_sentence(body: bytes, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_json(body)
    sentence = str(refused.value)
    assert sentence.startswith("This is not valid JSON: ")
    assert words in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 200


@pytest.mark.parametrize("body", [b"NaN", b"[-Infinity]", b"", b"{", b"\xff", '{"a": 1}'.encode("utf-16")])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="not valid JSON"):
        read_json(body)
