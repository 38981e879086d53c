"""Records of streams: unpacked, taken apart, and where they hold no event, named in one sentence."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event
from tollgate.core.streams.foreign_bytes import is_snappy_block
from tollgate.core.streams.mapping import StreamMapping
from tollgate.core.streams.reader import (
    MAX_UNPACKED_BYTES,
    MAX_USER_RECORDS,
    read_event_of,
    split_aggregate,
    split_record,
)
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError

from tests.core.aggregates import MAGIC, aggregate, field, seal

EVENT_TYPE = EventType("payment", "event_id", "timestamp", amount="amount", entities={"customer": ("customer_id",)})
EVENT = {"event_id": "p-1", "timestamp": "2026-06-01T00:00:00Z", "amount": 12.5, "customer_id": "c1"}
PLAIN = json.dumps(EVENT).encode()
REGISTRY = b"\x00\x00\x00\x00\x2a"
GLUE_ID = bytes(range(1, 17))


def record_of(data: bytes | None) -> StreamRecord:
    return StreamRecord("kinesis", {"shard_id": "0", "sequence_number": "7"}, "0", b"k", data)


def read(data: bytes | None, mapping: StreamMapping | None = None) -> Any:  # noqa: ANN401
    return read_event_of(mapping or StreamMapping(), EVENT_TYPE, data, b"k")


def packed(data: bytes) -> bytes:
    """Return gzip that does not depend on the time, so that workers collect the same tests."""
    return gzip.compress(data, mtime=0)


def snappy(data: bytes) -> bytes:
    packed_data: bytes = pa.Codec("snappy").compress(data, asbytes=True)
    return packed_data


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        b"\n " + PLAIN + b"\n",
        packed(PLAIN),
        packed(PLAIN[:20]) + packed(PLAIN[20:]),
        packed(PLAIN) + bytes(8),
        zlib.compress(PLAIN),
        zlib.compress(PLAIN, 1),
        zlib.compress(PLAIN, 9),
        REGISTRY + PLAIN,
        packed(REGISTRY + PLAIN),
        b"\x03\x00" + GLUE_ID + PLAIN,
        b"\x03\x05" + GLUE_ID + zlib.compress(PLAIN),
    ],
)
def test_packed_json_and_json_with_a_schema_id_are_read(data: bytes) -> None:
    assert read(data) == EVENT


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (None, "is empty"),
        (packed(b""), "is empty"),
        (packed(PLAIN)[:-9], "ends too early"),
        (packed(PLAIN)[:-8] + bytes(8), "damaged"),
        (packed(bytes(MAX_UNPACKED_BYTES + 1)), "unpacks to more than 10 MB"),
        (packed(packed(PLAIN)), "packed by gzip"),
        (REGISTRY + b"\x06p-1\x00\xff", "schema id 42"),
        (b"\x03\x00" + GLUE_ID + b"\x06p-1\xff", "AWS Glue Schema Registry"),
        (json.dumps([EVENT, EVENT]).encode(), "JSON list of 2"),
        (json.dumps(PLAIN.decode()).encode(), "holds JSON"),
        (json.dumps(base64.b64encode(PLAIN).decode()).encode(), "holds base64"),
        (snappy(PLAIN), "packed by Snappy; send it unpacked"),
        (snappy(PLAIN * 1000), "packed by Snappy"),
        (snappy(bytes(range(256)) * 300), "packed by Snappy"),
        (snappy(PLAIN)[:-1], "binary data"),
        (base64.encodebytes(PLAIN), "base64"),
        (base64.encodebytes(PLAIN).replace(b"\n", b"\r\n"), "base64"),
        (PLAIN.hex().encode(), "hexadecimal text; send what it encodes"),
        (b"\\x" + PLAIN.hex().upper().encode(), "hexadecimal"),
        (b"0x" + packed(PLAIN).hex().encode(), "hexadecimal"),
        (PLAIN + b"\n" + PLAIN + b"\n", "several objects, one behind the other; send one event at a time"),
        (b"\n" + PLAIN + PLAIN, "several objects"),
        (PLAIN + b" x", "and more follows"),
        (PLAIN + b",\n", "a comma behind it"),
        (b"\x1e" + PLAIN + b"\n", "JSON text sequence"),
        (b"0123456789abcdef0123", "character"),
        (b'"hello"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"12", "not a JSON object"),
    ],
)
def test_what_holds_no_event_is_named_in_one_sentence(data: bytes | None, words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(data)
    assert str(refused.value).startswith("The record ")
    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


@given(st.binary(max_size=300))
def test_a_block_of_snappy_is_told_if_it_is_whole(data: bytes) -> None:
    assert is_snappy_block(snappy(data)) is bool(data)
    assert not is_snappy_block(snappy(data) + b"\0")
    assert not is_snappy_block(snappy(data)[:-1])


@pytest.mark.parametrize("data", [b"", b"hello", b"ok", b"null ", b"p-1001", PLAIN, packed(PLAIN), b"\xff" * 9])
def test_what_is_no_block_of_snappy_is_none(data: bytes) -> None:
    assert not is_snappy_block(data)


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda body: b"\x1f\x8b\x08" + body))
def test_any_bytes_get_a_sentence(data: bytes) -> None:
    said = "."
    try:
        read(data)
    except InputError as error:
        said = str(error)
    assert said.endswith(".")
    assert len(said) < 400


SOURCE = {"version": "2.7", "connector": "postgresql", "table": "payments"}
CHANGE = {"before": None, "after": EVENT, "source": SOURCE, "op": "c", "ts_ms": 1}
ENVELOPES: dict[str, tuple[dict[str, Any], str, str]] = {
    "Debezium": (CHANGE, "Debezium change event;", "after"),
    "Debezium with schema": ({"schema": {}, "payload": CHANGE}, "change event with its schema", "payload.after"),
    "Kafka Connect": ({"schema": {}, "payload": EVENT}, "Kafka Connect", "payload"),
    "CloudEvents": (
        {"specversion": "1.0", "id": "1", "source": "/shop", "type": "payment", "data": EVENT},
        "CloudEvents",
        "data",
    ),
    "EventBridge": ({"version": "0", "detail-type": "payment", "detail": EVENT}, "EventBridge", "detail"),
    "DMS": ({"data": EVENT, "metadata": {"operation": "insert", "record-type": "data"}}, "AWS DMS", "data"),
    "Maxwell": ({"database": "shop", "table": "p", "type": "insert", "ts": 1, "data": EVENT}, "Maxwell", "data"),
    "one of their own": ({"head": {}, "body": {"payment": EVENT}}, 'under "body.payment"', "body.payment"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "words", "path"), ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_is_named_with_the_mapping_that_reads_it(body: dict[str, Any], words: str, path: str) -> None:
    with pytest.raises(InputError) as refused:
        read(json.dumps(body).encode())
    assert words in str(refused.value)
    named = f'mapping = {{ event_id = "{path}.event_id", timestamp = "{path}.timestamp", … }} in [stream]'
    assert named in str(refused.value)
    mapping = StreamMapping({name: f"{path}.{name}" for name in EVENT})
    assert read(json.dumps(body).encode(), mapping) == EVENT


def test_the_typed_values_of_a_dynamodb_stream_are_mapped_too() -> None:
    image = {"event_id": {"S": "p-1"}, "timestamp": {"S": EVENT["timestamp"]}, "amount": {"N": "12.5"}}
    body = json.dumps({"eventName": "INSERT", "dynamodb": {"NewImage": image}}).encode()
    with pytest.raises(InputError, match=r'event_id = "dynamodb\.NewImage\.event_id\.S"'):
        read(body)
    paths = {"event_id": "event_id.S", "timestamp": "timestamp.S", "amount": "amount.N"}
    event = read(body, StreamMapping({name: f"dynamodb.NewImage.{path}" for name, path in paths.items()}))
    assert read_event(EVENT_TYPE, event).amounts == [12.5]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({**CHANGE, "op": "d", "before": EVENT, "after": None}, "Debezium delete"),
        ({"schema": {}, "payload": {**CHANGE, "op": "d", "after": None}}, "Debezium delete"),
        ({"specversion": "1.0", "id": "1", "data_base64": "e30="}, "base64"),
        ({"specversion": "1.0", "id": "1", "data": json.dumps(EVENT)}, '"data" is not a JSON object'),
        ({"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(EVENT)}, "raw message delivery"),
        ({"messageType": "DATA_MESSAGE", "logEvents": []}, "CloudWatch"),
        ({"Records": [EVENT]}, "send one event as a record"),
    ],
)
def test_what_no_mapping_can_take_out_is_named_with_what_to_do(body: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as refused:
        read(json.dumps(body).encode())
    assert words in str(refused.value)


def test_a_delete_is_named_where_a_mapping_reads_changes() -> None:
    mapping = StreamMapping({"event_id": "after.event_id", "timestamp": "after.timestamp"})
    with pytest.raises(InputError, match="Debezium delete"):
        read(json.dumps({**CHANGE, "op": "d", "after": None}).encode(), mapping)


def test_an_event_whose_columns_are_called_as_those_of_an_envelope_is_an_event() -> None:
    kind = EventType("row", "op", "after", categorical=("before", "schema", "payload", "data"))
    event = {"op": "c", "after": "2026-06-01T00:00:00Z", "before": "b", "schema": "s", "payload": "p", "data": "d"}
    assert StreamMapping().read(kind, event, None) is event


def test_the_records_of_an_aggregate_are_taken_apart_in_their_order() -> None:
    sent = [("a", PLAIN), ("b", b""), ("a", packed(PLAIN)), ("ü" * 256, b"\x00" * 300)]
    parts = split_record(record_of(aggregate(sent)))
    assert [(part.key, part.data) for part in parts] == [(key.encode(), data) for key, data in sent]
    assert [part.place for part in parts] == [
        {"shard_id": "0", "sequence_number": "7", "sub_sequence_number": number} for number in range(4)
    ]
    assert {part.partition for part in parts} == {"0"}


@pytest.mark.parametrize("data", [PLAIN, None, b"", b"\xf3\x89"])
def test_any_other_record_is_one_part(data: bytes | None) -> None:
    record = record_of(data)
    assert split_record(record) == [record]


WHOLE = aggregate([("a", PLAIN)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (MAGIC, "checksum"),
        (WHOLE[:-1], "checksum"),
        (WHOLE[:30] + b"x" + WHOLE[31:], "checksum"),
        (seal(b""), "no records"),
        (seal(field(1, b"a")), "no records"),
        (seal(field(3, field(1, 0) + field(3, b"{}"))), "partition key"),
        (seal(field(1, b"a") + field(3, field(1, 5) + field(3, b"{}"))), "partition key"),
        (seal(field(1, b"a") + field(3, field(1, 0))), "without its key or its data"),
        (seal(field(1, b"a") + b"\x1a\xff"), "too early"),
        (seal(field(1, b"a") + b"\x1a\x7f{}"), "too early"),
        (seal(b"\xff" * 20), "too early"),
        (seal(b"\x0b"), "not written as"),
        (aggregate([("a", b"")] * (MAX_USER_RECORDS + 1)), "more than 10,000"),
    ],
)
def test_a_damaged_aggregate_is_named(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match="Kinesis Producer Library") as refused:
        split_record(record_of(data))
    assert words in str(refused.value)


@given(st.binary(max_size=60))
def test_any_message_is_records_or_a_sentence(message: bytes) -> None:
    said = "."
    try:
        assert split_aggregate(seal(message))
    except InputError as error:
        said = str(error)
    assert said.endswith(".")


def test_fields_of_fixed_width_are_passed_over() -> None:
    fixed = bytes([9 << 3 | 1]) + bytes(8) + bytes([9 << 3 | 5]) + bytes(4)
    sealed = seal(fixed + field(1, b"a") + field(3, fixed + field(1, 0) + field(3, PLAIN)))
    assert [(user.key, user.data) for user in split_aggregate(sealed)] == [(b"a", PLAIN)]
