"""Aggregates of the Kinesis Producer Library in a lot: each user record is decided on by itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat

import pytest
from tollgate.core.streams.record import StreamRecord
from tollgate.services.streams.process import decide_again, decide_records

from tests.core.aggregates import aggregate
from tests.services.backend import Backend, Payment
from tests.services.faulty_endpoint import FaultyEndpoint
from tests.services.stream_reading import Letters, Results, decided

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator

Part = Mapping[str, object] | bytes


def write_lot(*records: tuple[str, Sequence[Part]]) -> list[StreamRecord]:
    """Return aggregates of one shard: a letter for the key of each user record, and the user records."""
    return [
        StreamRecord(
            "kinesis",
            {"stream_arn": "arn", "shard_id": "0", "sequence_number": str(number)},
            "0",
            b"partition key of the aggregate",
            aggregate([(key, _bytes(part)) for key, part in zip(keys, parts, strict=True)]),
        )
        for number, (keys, parts) in enumerate(records)
    ]


def _bytes(part: Part) -> bytes:
    return part if isinstance(part, bytes) else json.dumps(part).encode()


def test_each_user_record_is_decided_on_and_its_result_put(
    backend: Backend, results: Results, later_payments: list[Payment]
) -> None:
    payments = later_payments[:5]
    assert decide_records(backend.container, write_lot(("abc", payments[:3]), ("ab", payments[3:]))) == []
    assert decided(backend, payments) == [True] * 5
    assert sorted(result["event_id"] for _, result in results()) == [payment["event_id"] for payment in payments]


def test_poison_within_goes_to_the_dead_letters_alone_and_can_be_put_back(
    backend: Backend, letters: Letters, later_payments: list[Payment]
) -> None:
    payments = later_payments[:3]
    assert (
        decide_records(backend.container, write_lot(("abca", [payments[0], b"poison", payments[1], payments[2]]))) == []
    )
    assert decided(backend, payments) == [True] * 3
    (letter,) = letters()
    assert letter["stream_record"]["place"] == {
        "stream_arn": "arn", "shard_id": "0", "sequence_number": "0", "sub_sequence_number": 1,
    }  # fmt: skip
    assert base64.b64decode(letter["stream_record"]["key"]) == b"b"
    assert base64.b64decode(letter["stream_record"]["data"]) == b"poison"
    letter["stream_record"]["data"] = base64.b64encode(json.dumps(later_payments[3]).encode()).decode()
    assert decide_again(backend.container, letter) == 1
    assert decided(backend, later_payments[3:4]) == [True]


def test_a_failure_within_brings_the_record_again_and_loses_and_doubles_nothing(
    backend: Backend, failing: FaultyEndpoint, letters: Letters, results: Results, later_payments: list[Payment]
) -> None:
    payments = later_payments[:7]
    failing.bodies[payments[1]["event_id"].encode()] = "refuse"
    lot = write_lot(
        ("xabac", [b"poison", payments[0], payments[1], payments[2], payments[3]]),
        ("bac", [payments[4], payments[5], payments[6]]),
    )
    assert decide_records(backend.container, lot) == lot
    failing.bodies.clear()
    # b failed: its later ones wait, in the next record too; the others were decided on.
    assert decided(backend, payments) == [True, False, True, True, False, True, True]
    assert letters() == [], "the poison comes again with its record"
    before = backend.histories()
    assert decide_records(backend.container, lot) == []
    assert decided(backend, payments) == [True] * 7
    assert len(letters()) == 1
    assert backend.histories() != before
    at = [backend.container.decisions.find("payments", payments[number]["event_id"]) for number in (1, 4)]
    assert [one.decision.decided_at for one in at if one] == sorted(one.decision.decided_at for one in at if one)
    put = [result["event_id"] for _, result in results() if not result["repeated"]]
    assert sorted(put) == [payment["event_id"] for payment in payments]


def test_a_record_that_fails_holds_user_records_of_its_key(
    backend: Backend, failing: FaultyEndpoint, later_payments: list[Payment]
) -> None:
    payments = later_payments[:3]
    failing.bodies[payments[0]["event_id"].encode()] = "refuse"
    (packed,) = write_lot(("ab", payments[1:]))
    plain = StreamRecord("kinesis", {"sequence_number": "-1"}, "0", b"a", json.dumps(payments[0]).encode())
    assert decide_records(backend.container, [plain, packed]) == [plain, packed]
    failing.bodies.clear()
    assert decided(backend, payments) == [False, False, True]


def test_a_damaged_aggregate_is_one_letter_and_the_shard_goes_on(
    backend: Backend, letters: Letters, later_payments: list[Payment]
) -> None:
    (first, second) = write_lot(("a", later_payments[:1]), ("a", later_payments[1:2]))
    damaged = StreamRecord(first.source, first.place, "0", first.key, (first.data or b"")[:-1])
    assert decide_records(backend.container, [damaged, second]) == []
    assert decided(backend, later_payments[:2]) == [False, True]
    (letter,) = letters()
    assert "Kinesis Producer Library" in letter["reason"]
    assert letter["stream_record"]["place"]["sequence_number"] == "0"


def test_what_the_time_limit_leaves_of_an_aggregate_comes_again(
    backend: Backend, later_payments: list[Payment]
) -> None:
    payments = later_payments[:4]
    left: Iterator[float] = chain([60.0, 60.0], repeat(10.0))
    lot = write_lot(("abcd", payments))
    assert decide_records(backend.container, lot, lambda: next(left)) == lot
    assert decided(backend, payments) == [True, True, True, False]
    histories = backend.histories()
    assert decide_records(backend.container, lot) == []
    assert decided(backend, payments) == [True] * 4
    assert backend.histories() != histories
