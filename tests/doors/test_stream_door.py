"""The stream door, for Kinesis and Kafka: what is done, what comes again, and what goes to the dead-letter queue."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tollgate.errors import InputError
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision

from tests.doors.doors import Payload, invoke, load_event, write_kafka, write_kinesis
from tests.services.backend import Backend, Payment, Publish
from tests.services.stream_reading import Letters, decided

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator

WRITE: Mapping[str, Callable[..., Payload]] = {"kinesis": write_kinesis, "kafka": write_kafka}


@pytest.fixture(params=WRITE)
def write(request: pytest.FixtureRequest) -> Callable[..., Payload]:
    """Write a lot of records, as one of the kinds of stream does."""
    return WRITE[request.param]


def deliver(payload: Payload) -> list[object]:
    """Hand a lot to the function; return what it gives back."""
    return [failure["itemIdentifier"] for failure in invoke("stream", payload)["batchItemFailures"]]


def test_a_lot_is_decided_in_order(
    backend: Backend, later_payments: list[Payment], write: Callable[..., Payload]
) -> None:
    payments = later_payments[:10]
    assert deliver(write(payments)) == []
    decided_at = [find_decision(backend.container, payment["event_id"]).decided_at for payment in payments]
    assert decided_at == sorted(decided_at)


@pytest.mark.parametrize(
    ("name", "ids"),
    {
        "kinesis_three_records": ["k0", "k1", "k2"],
        "kafka_msk_one_record": ["q0"],
        "kafka_msk_two_partitions": ["q1", "q2", "q3"],
        "kafka_self_managed": ["q4"],
    }.items(),
)
def test_the_gallery_is_read(backend: Backend, name: str, ids: list[str]) -> None:
    assert invoke("stream", load_event(name)) == {"batchItemFailures": []}
    assert all(backend.container.decisions.find("payments", event_id) for event_id in ids)


@pytest.mark.usefixtures("backend")
def test_a_payload_of_something_else_is_an_error() -> None:
    for payload in ({}, {"hello": "world"}, load_event("sqs_s3_put")):
        with pytest.raises(InputError, match="Kinesis and Kafka only"):
            invoke("stream", payload)


def test_a_message_of_the_dead_letter_queue_is_decided_on_again(
    backend: Backend, letters: Letters, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    assert deliver(write_kafka([{**payment, "amuont": 3}])) == []
    (letter,) = letters()
    with caplog.at_level("INFO"):
        assert "amuont" in invoke("stream", letter)["refused"]
    assert "amuont" not in caplog.text
    assert decided(backend, [payment]) == [False]
    letter["stream_record"]["data"] = base64.b64encode(json.dumps(payment).encode()).decode()
    for _ in range(2):
        assert invoke("stream", letter) == {"decided": 1}
    assert decided(backend, [payment]) == [True]
    assert letters() == []


POISON: dict[str, tuple[object, str]] = {
    "not JSON": (b"hello", "invalid_input"),
    "not UTF-8": (b"\xff\xfe", "invalid_input"),
    "not an object": ([1], "invalid_input"),
    "null": (b"null", "invalid_input"),
    "NaN": (b'{"event_id": "1", "timestamp": "2026-06-01T00:00:00Z", "currency": NaN}', "invalid_input"),
    "no id": ({"timestamp": "2026-06-01T00:00:00Z"}, "invalid_event"),
    "unknown column": ({"event_id": "1", "timestamp": "2026-06-01T00:00:00Z", "amuont": 1}, "invalid_event"),
    "nested deeply": (b'{"event_id": ' + b"[" * 100_000, "invalid_input"),
    "half a character": (b'{"event_id": "\\ud800", "timestamp": "2026-06-01T00:00:00Z"}', "invalid_input"),
}


@pytest.mark.parametrize(("poison", "code"), POISON.values(), ids=POISON)
def test_poison_goes_to_the_dead_letters_and_the_stream_goes_on(
    backend: Backend,
    letters: Letters,
    later_payments: list[Payment],
    write: Callable[..., Payload],
    poison: object,
    code: str,
) -> None:
    around = later_payments[:2]
    assert deliver(write([around[0], poison, around[1]])) == []
    assert decided(backend, around) == [True, True]
    (letter,) = letters()
    assert (letter["code"], letter["detector"]) == (code, "payments")
    assert letter["reason"].endswith((".", "?"))
    sent = poison if isinstance(poison, bytes) else json.dumps(poison).encode()
    assert base64.b64decode(letter["stream_record"]["data"]) == sent
    assert letter["stream_record"]["size_bytes"] == len(sent)


@pytest.mark.parametrize("place", range(4))
def test_poison_is_found_at_every_place_of_a_lot(
    backend: Backend, letters: Letters, later_payments: list[Payment], write: Callable[..., Payload], place: int
) -> None:
    lot: list[object] = [*later_payments[:3]]
    lot.insert(place, b"poison")
    assert deliver(write(lot)) == []
    assert decided(backend, later_payments[:3]) == [True] * 3
    (letter,) = letters()
    where = letter["stream_record"]["place"]
    assert int(where.get("sequence_number", where.get("offset"))) == place


@pytest.mark.usefixtures("backend")
def test_a_letter_says_where_its_record_stood(letters: Letters) -> None:
    invoke("stream", load_event("kinesis_poison_record"))
    invoke("stream", load_event("kafka_tombstone_and_poison"))
    by_source = {letter["stream_record"]["source"]: letter["stream_record"] for letter in letters()}
    assert by_source["kinesis"]["place"] == {
        "stream_arn": "arn:aws:kinesis:eu-west-1:123456789012:stream/payments",
        "shard_id": "shardId-000000000006",
        "sequence_number": "49590338271490256608559692538361571095921575989136588891",
    }
    servers = load_event("kafka_self_managed")["bootstrapServers"]
    assert by_source["kafka"]["place"] == {"cluster": servers, "topic": "payments", "partition": 0, "offset": 16}
    assert base64.b64decode(by_source["kafka"]["key"]) == b"c000207"


@pytest.mark.usefixtures("backend")
def test_a_record_too_large_for_a_letter_is_told_without_its_data(
    letters: Letters, write: Callable[..., Payload]
) -> None:
    large = {"x" * 300_000: 1}
    assert deliver(write([large], ["k" * 200])) == []
    (letter,) = letters()
    assert letter["stream_record"] | {"key": None, "data": None} == letter["stream_record"]
    assert letter["stream_record"]["size_bytes"] == len(json.dumps(large))
    assert letter["reason"].startswith('Unknown column "xxx')
    assert len(letter["reason"]) < 1000


def test_without_a_queue_poison_comes_again(
    backend: Backend, later_payments: list[Payment], write: Callable[..., Payload]
) -> None:
    assert len(deliver(write([b"poison", later_payments[0]], ["other"]))) == 1
    assert decided(backend, later_payments[:1]) == [True]


@pytest.mark.usefixtures("empty_backend")
def test_an_unknown_detector_is_a_reason(letters: Letters, payment: Payment, write: Callable[..., Payload]) -> None:
    assert deliver(write([payment])) == []
    assert [letter["code"] for letter in letters()] == ["not_found"]


def test_tombstones_are_skipped_and_counted(backend: Backend, payment: Payment, capsys: Any) -> None:  # noqa: ANN401
    payload = write_kafka([None, payment, None, b""])
    del payload["records"]["payments-0"][2]["value"]
    assert deliver(payload) == []
    assert decided(backend, [payment]) == [True]
    assert sum(json.loads(line).get("RecordSkipped", 0) for line in capsys.readouterr().out.splitlines()) == 3


def test_going_on_after_a_failure_repeats_nothing(
    backend: Backend, later_payments: list[Payment], write: Callable[..., Payload]
) -> None:
    payments = later_payments[:6]
    assert deliver(write(payments)) == []
    histories = backend.histories()
    assert deliver(write([*payments, payments[2]])) == []
    assert backend.histories() == histories


def test_a_record_is_the_same_event_as_a_post(
    backend: Backend, payment: Payment, write: Callable[..., Payload]
) -> None:
    assert deliver(write([payment])) == []
    assert decide_event(backend.container, payment).repeated is True


def test_records_of_another_layout_are_mapped(
    backend: Backend, publish: Publish, letters: Letters, payment: Payment, write: Callable[..., Payload]
) -> None:
    columns = {
        **{"event_id": "payment.id", "timestamp": "payment.created", "amount": "payment.amount.value"},
        **{"customer_id": "$key", "merchant_id": "merchant"},
    }
    publish(None, stream={"columns": columns, "minor_units": {"amount": 2}})
    created = payment["timestamp"]
    foreign = {
        "payment": {"id": "f-1", "created": created, "amount": {"value": 5776, "currency": "USD"}},
        "merchant": payment["merchant_id"],
        "more": ["that", "is", "ignored"],
    }
    lacking = {"payment": {"created": created}}
    assert deliver(write([foreign, lacking, {**payment}], ["c000207"] * 3)) == []
    record = backend.container.decisions.find("payments", "f-1")
    assert record is not None
    mapping = {"event_id": "f-1", "amount": 57.76, "customer_id": "c000207", "merchant_id": payment["merchant_id"]}
    assert record.event == {**mapping, "timestamp": created}
    reasons = [letter["reason"] for letter in letters()]
    assert reasons == ['The record has no "payment.id", which is column "event_id".'] * 2
