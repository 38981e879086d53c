"""The stream door: order is kept, and the first record that fails ends the lot."""

from __future__ import annotations

import pytest
from tollgate.services.decide_event import decide_event
from tollgate.services.find_decision import find_decision

from tests.doors.doors import invoke, load_event, write_kinesis
from tests.services.backend import Backend, Payment

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def deliver(*events: object) -> list[str]:
    """Hand records to the function; return the sequence numbers that it gives back as failed."""
    answer = invoke("stream", write_kinesis(events))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def is_decided(backend: Backend, payment: Payment) -> bool:
    return backend.stores.decisions.find("payments", payment["event_id"]) is not None


def test_a_lot_is_decided_in_order(backend: Backend, later_payments: list[Payment]) -> None:
    payments = later_payments[:10]
    assert deliver(*payments) == []
    decided_at = [find_decision(backend.stores, payment["event_id"])["decided_at"] for payment in payments]
    assert decided_at == sorted(decided_at)


def test_the_gallery_is_read(backend: Backend) -> None:
    assert invoke("stream", load_event("kinesis_three_records")) == {"batchItemFailures": []}
    assert backend.stores.decisions.find("payments", "k2")


POISON: dict[str, object] = {
    "not JSON": b"hello",
    "not UTF-8": b"\xff\xfe",
    "not an object": [1],
    "null": None,
    "empty": b"",
    "NaN": b'{"event_id": "1", "timestamp": "2026-06-01T00:00:00Z", "currency": NaN}',
    "no id": {"timestamp": "2026-06-01T00:00:00Z"},
    "unknown column": {"event_id": "1", "timestamp": "2026-06-01T00:00:00Z", "amuont": 1},
    "nested deeply": b'{"event_id": ' + b"[" * 100_000,
    "half a character": b'{"event_id": "\\ud800", "timestamp": "2026-06-01T00:00:00Z"}',
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_record_that_cannot_be_read_is_the_first_failure(
    backend: Backend, later_payments: list[Payment], poison: object
) -> None:
    before, after = later_payments[:2]
    assert deliver(before, poison, after) == ["1"]
    assert is_decided(backend, before)
    assert not is_decided(backend, after)


def test_going_on_after_a_failure_repeats_nothing(backend: Backend, later_payments: list[Payment]) -> None:
    payments = later_payments[:6]
    assert deliver(*payments[:3], b"poison", *payments[3:]) == ["3"]
    assert deliver(*payments) == []
    histories = backend.histories()
    assert deliver(*payments) == []
    assert backend.histories() == histories


def test_a_record_is_the_same_event_as_a_post(backend: Backend, payment: Payment) -> None:
    assert deliver(payment) == []
    assert decide_event(backend.stores, payment)["repeated"] is True
