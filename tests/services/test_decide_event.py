"""One event: decided on and recorded exactly once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from tollgate import clock
from tollgate.core.decisions.decision import Decision
from tollgate.core.events.reader import require_id
from tollgate.errors import EventError, NotFoundError
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision

from tests.services.at_once import meet
from tests.services.backend import Backend, Payment
from tests.services.expected import expected_histories, read_payments_as_events

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

OF_THE_CALL = ("repeated", "timings_ms")


def decided(answer: Decision) -> dict[str, Any]:
    """What was decided, without what belongs to the call."""
    return {name: value for name, value in vars(answer).items() if name not in OF_THE_CALL}


def decide_at_once(container: Container, payments: list[Payment]) -> list[Any]:
    """Decide on each payment in a thread of its own; none writes before all have read."""
    return meet(container, [partial(decide_event, container, payment) for payment in payments])


def test_an_event_is_answered_in_full(container: Container, payment: Payment) -> None:
    answer = decide_event(container, payment)
    assert answer.event_id == payment["event_id"]
    assert answer.detector == "payments"
    assert answer.detector_version == container.champion().version
    assert answer.score is not None
    assert answer.probability is not None
    assert 0 <= answer.score <= 1000
    assert 0 <= answer.probability <= 1
    assert answer.outcome == container.champion().outcome(answer.score)
    assert answer.repeated is False
    assert answer.timings_ms["total"] > 0


def test_an_event_adds_to_the_history_of_each_entity(container: Container, backend: Backend, payment: Payment) -> None:
    decide_event(container, payment)
    assert backend.histories() == expected_histories(container, payment)


def test_histories_change_what_later_events_get(container: Container, later_payments: list[Payment]) -> None:
    first, *others = (
        {**later_payments[0], "event_id": f"again-{n}", "amount": 900.0, "timestamp": f"2026-06-01T12:00:{n:02d}Z"}
        for n in range(8)
    )
    alone = decide_event(container, first).probability
    assert [decide_event(container, other) for other in others][-1].probability != alone


def test_a_repeated_event_gets_the_first_decision_and_adds_nothing(
    container: Container, backend: Backend, payment: Payment
) -> None:
    first = decide_event(container, payment)
    histories = backend.histories()
    again = decide_event(container, {**payment, "amount": 99_999.0})
    assert again.repeated is True
    assert decided(again) == decided(first)
    assert backend.histories() == histories


def test_fifty_at_once_are_one(container: Container, backend: Backend, payment: Payment) -> None:
    answers = decide_at_once(container, [payment] * 50)
    assert len(answers) == 50
    assert [answer.repeated for answer in answers].count(False) == 1
    assert all(decided(answer) == decided(answers[0]) for answer in answers)
    assert backend.histories() == expected_histories(container, payment)


def test_different_events_of_one_customer_at_once_all_count(
    container: Container, backend: Backend, payment: Payment
) -> None:
    payments = [{**payment, "event_id": f"at-once-{n}", "amount": 1.0 + n / 100} for n in range(20)]
    assert len(decide_at_once(container, payments)) == 20
    assert backend.histories() == expected_histories(container, *payments)


def test_a_missing_entity_has_no_history(container: Container, backend: Backend, payment: Payment) -> None:
    del payment["device_id"]
    decide_event(container, payment)
    entities = {pk.split("#")[1] for pk in backend.histories()}
    assert entities == {"customer", "merchant", "ip", "customer_merchant"}


def test_sums_that_no_event_can_read_any_more_are_dropped(
    container: Container, backend: Backend, payment: Payment
) -> None:
    decide_event(container, payment)
    (before,) = (sums for pk, sums in backend.histories().items() if "#customer#" in pk)
    later = {**payment, "event_id": "a year later", "timestamp": "2027-06-01T00:00:00Z"}
    with clock.set_to(datetime(2027, 6, 1, tzinfo=UTC)):
        decide_event(container, later)
    (after,) = (sums for pk, sums in backend.histories().items() if "#customer#" in pk)
    hourly = {name for name in before if name[1] == "0"}
    assert hourly
    assert not hourly & set(after)
    assert {name for name in before if name[1] == "3"} <= set(after)


def test_pairs_are_packed_with_their_customer_and_are_read_there(
    container: Container, backend: Backend, payment: Payment
) -> None:
    payments = [payment | {"event_id": f"e{n}"} for n in range(3)]
    for one in payments:
        decide_event(container, one)
    items = backend.dynamodb.scan(TableName=container.histories.table)["Items"]
    assert {item["pk"]["S"].split("#")[1] for item in items} == {"customer", "merchant", "device", "ip"}
    version = container.champion()
    read = container.histories.read(version, read_payments_as_events(version, *payments))
    expected = expected_histories(container, *payments)
    for pair in ("customer_device", "customer_merchant"):
        ((key, sums),) = read[pair].items()
        assert sums == expected[f"{version.history_space}#{pair}#{key}"]


def test_histories_expire_when_nothing_of_them_can_be_read(
    container: Container, backend: Backend, payment: Payment
) -> None:
    decide_event(container, payment)
    kept_s = container.champion().history.forgotten_after_s
    items = backend.dynamodb.scan(TableName=container.histories.table)["Items"]
    assert all(int(item["x"]["N"]) >= kept_s for item in items)


def test_the_decision_is_found_again(container: Container, payment: Payment) -> None:
    answer = decide_event(container, payment)
    found = find_decision(container, payment["event_id"])
    assert decided(found) == {**decided(answer), "event": payment, "label": None}


def test_an_unknown_event_is_not_found(container: Container) -> None:
    with pytest.raises(NotFoundError, match='no decision on event "nobody"'):
        find_decision(container, "nobody")


def test_an_unknown_detector_is_not_found(container: Container, payment: Payment) -> None:
    with pytest.raises(NotFoundError, match='no detector "nobody"'):
        decide_event(container, payment, "nobody")


def test_an_event_that_cannot_be_read_changes_nothing(container: Container, backend: Backend, payment: Payment) -> None:
    with pytest.raises(EventError, match='"amount"'):
        decide_event(container, {**payment, "amount": "a lot"})
    assert not backend.histories()
    with pytest.raises(NotFoundError):
        find_decision(container, payment["event_id"])


def test_what_an_event_lacks_is_said_and_it_is_decided_all_the_same(container: Container, payment: Payment) -> None:
    event_type = container.champion().event_type
    id_column = require_id(event_type)
    bare = {name: payment[name] for name in (id_column, event_type.timestamp)} | {"amount": None, "ip": " "}
    assert decide_event(container, payment).missing_columns == ()
    for _ in range(2):
        answer = decide_event(container, {**bare, id_column: "bare"})
        assert answer.missing_columns == tuple(
            name for name in event_type.variables if name not in (id_column, event_type.timestamp)
        )
        assert answer.degraded is None
        assert answer.score is not None
        assert 0 <= answer.score <= 1000
