"""A lot of a stream's records while storage, the bus, the queue or the result stream fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

import pytest
from tollgate.adapters.kinesis import ATTEMPTS
from tollgate.core.detectors.safety import Safety
from tollgate.core.streams.record import StreamRecord
from tollgate.services.streams.process import MARGIN_S, decide_records

from tests.services.backend import Backend, Payment, Publish, forget_storage
from tests.services.faulty_endpoint import FaultyEndpoint
from tests.services.stream_reading import Letters, Results, decided

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator


def write_lot(payments: Sequence[Mapping[str, object] | bytes], keys: str = "") -> list[StreamRecord]:
    """Return records of one shard; a letter of ``keys`` for each, or all have the same key."""
    return [
        StreamRecord(
            "kinesis",
            {"stream_arn": "arn", "shard_id": "0", "sequence_number": str(number)},
            "0",
            (keys[number] if keys else "k").encode(),
            payment if isinstance(payment, bytes) else json.dumps(payment).encode(),
        )
        for number, payment in enumerate(payments)
    ]


def numbers(records: Sequence[StreamRecord]) -> list[int]:
    return [int(record.place["sequence_number"]) for record in records]


def test_a_key_that_fails_holds_its_later_records_and_no_others(
    backend: Backend, failing: FaultyEndpoint, later_payments: list[Payment]
) -> None:
    payments = later_payments[:5]
    failing.bodies[payments[1]["event_id"].encode()] = "refuse"
    lot = write_lot(payments, "abaac")
    assert numbers(decide_records(backend.container, lot)) == [1]
    failing.bodies.clear()
    assert decided(backend, payments) == [True, False, True, True, True]
    # b comes again, and what came after it in the shard.
    histories = backend.histories()
    assert decide_records(backend.container, lot[1:]) == []
    assert decided(backend, payments) == [True] * 5
    assert backend.histories() != histories


def test_order_is_kept_for_each_key(backend: Backend, failing: FaultyEndpoint, later_payments: list[Payment]) -> None:
    payments = later_payments[:6]
    failing.bodies[payments[0]["event_id"].encode()] = "refuse"
    lot = write_lot(payments, "abacba")
    assert numbers(decide_records(backend.container, lot)) == [0, 2, 5]
    failing.bodies.clear()
    assert decide_records(backend.container, lot) == []
    found = [backend.container.decisions.find("payments", payment["event_id"]) for payment in payments]
    of_a = [record.decision.decided_at for place in (0, 2, 5) if (record := found[place])]
    assert of_a == sorted(of_a)
    assert len(of_a) == 3


def test_storage_that_fails_for_all_is_not_asked_for_all(
    backend: Backend, failing: FaultyEndpoint, later_payments: list[Payment]
) -> None:
    failing.faults["BatchGetItem"] = "throttle"
    lot = write_lot(later_payments[:20], "abcdefghijklmnopqrst")
    assert decide_records(backend.container, lot) == lot
    asked = sum("BatchGetItem" in request for request in failing.seen)
    failing.faults.clear()
    failing.seen.clear()
    assert decide_records(backend.container, lot) == []
    assert sum("BatchGetItem" in request for request in failing.seen) == 20
    assert asked <= 3 * 5, "three keys, five tries each"


def test_poison_behind_a_failure_is_told_once(
    backend: Backend, failing: FaultyEndpoint, letters: Letters, later_payments: list[Payment]
) -> None:
    failing.bodies[later_payments[0]["event_id"].encode()] = "refuse"
    lot = write_lot([later_payments[0], b"poison", later_payments[1]], "abc")
    assert numbers(decide_records(backend.container, lot)) == [0, 1]
    assert letters() == []
    failing.bodies.clear()
    assert decide_records(backend.container, lot) == []
    assert len(letters()) == 1


def test_poison_comes_again_while_the_queue_fails(
    backend: Backend, failing: FaultyEndpoint, letters: Letters, later_payments: list[Payment]
) -> None:
    failing.faults["SendMessage"] = "throttle"
    lot = write_lot([b"poison", *later_payments[:2]], "aab")
    assert numbers(decide_records(backend.container, lot)) == [0, 1]
    assert decided(backend, later_payments[:2]) == [False, True]
    failing.faults.clear()
    assert decide_records(backend.container, lot) == []
    assert len(letters()) == 1


def test_a_bus_that_fails_holds_up_nothing(
    backend: Backend, failing: FaultyEndpoint, later_payments: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLGATE_EVENT_BUS", "fraud-team")
    forget_storage()
    failing.faults["PutEvents"] = "throttle"
    assert decide_records(backend.container, write_lot(later_payments[:3])) == []
    assert decided(backend, later_payments[:3]) == [True] * 3


def test_every_result_is_put_with_its_decision(
    backend: Backend, results: Results, later_payments: list[Payment]
) -> None:
    payments = later_payments[:8]
    assert decide_records(backend.container, write_lot(payments)) == []
    put = {result["event_id"]: (key, result) for key, result in results()}
    for payment in payments:
        key, result = put.pop(payment["event_id"])
        assert key == payment["customer_id"]
        record = backend.container.decisions.find("payments", payment["event_id"])
        assert record is not None
        assert {name: getattr(record.decision, name) for name in ("score", "outcome", "detector_version")} == {
            name: result[name] for name in ("score", "outcome", "detector_version")
        }
        assert (result["recorded"], result["repeated"]) == (True, False)
    assert not put


def test_the_key_of_a_result_is_that_of_the_entity(
    backend: Backend, results: Results, later_payments: list[Payment]
) -> None:
    customers: list[object] = ["36.0", 36, 36.0, " 36 ", True]
    payments = [
        {**payment, "customer_id": customer} for payment, customer in zip(later_payments, customers, strict=False)
    ]
    assert decide_records(backend.container, write_lot(payments)) == []
    assert sorted(key for key, _ in results()) == ["36", "36", "36", "36", "true"]


def test_no_result_is_lost_while_the_result_stream_fails(
    backend: Backend, failing: FaultyEndpoint, results: Results, later_payments: list[Payment]
) -> None:
    failing.faults["Kinesis_20131202.PutRecords"] = "throttle"
    lot = write_lot(later_payments[:4])
    assert decide_records(backend.container, lot) == lot
    assert decided(backend, later_payments[:4]) == [True] * 4
    failing.faults.clear()
    histories = backend.histories()
    assert decide_records(backend.container, lot) == []
    assert backend.histories() == histories
    put = [result for _, result in results()]
    assert sorted(result["event_id"] for result in put) == [payment["event_id"] for payment in later_payments[:4]]
    assert all(result["repeated"] for result in put)


def test_a_queue_and_a_result_stream_that_hang_cost_less_than_the_margin(backend: Backend) -> None:
    def longest_s(client: Any) -> float:  # noqa: ANN401 - any of boto3's
        config = client.meta.config
        return float((config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"])

    assert longest_s(backend.container.refused.connect()) < MARGIN_S
    assert ATTEMPTS * longest_s(backend.container.results.connect()) < MARGIN_S


def test_results_that_are_taken_are_not_put_again(
    backend: Backend, failing: FaultyEndpoint, results: Results, later_payments: list[Payment]
) -> None:
    failing.faults["Kinesis_20131202.PutRecords"] = "take every other"
    lot = write_lot(later_payments[:8])
    # Of eight, four are left after the first try, two after the second, one after the third.
    assert numbers(decide_records(backend.container, lot)) == [7]
    assert len(results()) == 7
    failing.faults.clear()
    assert decide_records(backend.container, lot[7:]) == []
    put = sorted(result["event_id"] for _, result in results())
    assert put == [payment["event_id"] for payment in later_payments[:8]]


def test_an_answer_of_the_result_stream_that_is_lost_gives_a_result_twice(
    backend: Backend, failing: FaultyEndpoint, results: Results, payment: Payment
) -> None:
    failing.faults["Kinesis_20131202.PutRecords"] = "drop the answer"
    (again,) = decide_records(backend.container, write_lot([payment]))
    failing.faults.clear()
    assert decide_records(backend.container, [again]) == []
    put = [result for _, result in results()]
    assert len(put) > 1
    assert {(result["event_id"], result["score"]) for result in put} == {(payment["event_id"], put[0]["score"])}


def test_a_decision_that_is_not_recorded_is_told_and_comes_again(
    backend: Backend, publish: Publish, failing: FaultyEndpoint, results: Results, later_payments: list[Payment]
) -> None:
    publish(Safety(fail="review"))
    forget_storage()
    backend.container.champion()
    failing.faults["TransactWriteItems"] = "throttle"
    lot = write_lot(later_payments[:2])
    assert decide_records(backend.container, lot) == lot
    failing.faults.clear()
    assert decide_records(backend.container, lot) == []
    recorded = [(result["event_id"], result["recorded"]) for _, result in results()]
    assert sorted(recorded) == sorted((payment["event_id"], told) for payment in later_payments[:2] for told in (0, 1))


def test_what_the_time_limit_leaves_comes_again(backend: Backend, later_payments: list[Payment]) -> None:
    left: Iterator[float] = chain([60.0, 40.0], repeat(10.0))
    lot = write_lot(later_payments[:6])
    assert numbers(decide_records(backend.container, lot, lambda: next(left))) == [3, 4, 5]
    assert decided(backend, later_payments[:6]) == [True] * 3 + [False] * 3
    assert numbers(decide_records(backend.container, lot[3:], lambda: 1.0)) == [4, 5], "the first is always begun"


def test_duplicates_within_a_lot_and_between_lots_count_once(backend: Backend, later_payments: list[Payment]) -> None:
    payments = later_payments[:4]
    assert decide_records(backend.container, write_lot(payments)) == []
    histories = backend.histories()
    assert decide_records(backend.container, write_lot([*payments, *reversed(payments), *payments])) == []
    assert backend.histories() == histories


def test_no_event_is_in_the_logs(
    backend: Backend, letters: Letters, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "tollgate"):
        decide_records(
            backend.container, write_lot([{**payment, "amount": payment["customer_id"]}, b"c000207 in no JSON"])
        )
    assert len(letters()) == 2
    assert caplog.text.count("was refused: invalid_") == 2
    assert not [secret for secret in (payment["customer_id"], payment["event_id"], "c000207") if secret in caplog.text]
