"""Labels that come before their event is decided on wait for it, and count once."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from tollgate.adapters.dynamodb.decisions import WaitingLabel, decision_key
from tollgate.adapters.dynamodb.items import get_items
from tollgate.core.decisions.decision import StoredLabel
from tollgate.core.detectors.safety import Safety
from tollgate.errors import NotFoundError
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.labels.label import label_events
from tollgate.services.labels.transitions import WAITING_DAYS

from tests.services.at_once import WRITES, come_between
from tests.services.backend import DETECTOR, Backend, Payment, Publish, find_label
from tests.services.expected import expected_histories, settled
from tests.services.faulty_endpoint import FaultyEndpoint

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator

UNSAID = {"note": None, "labelled_by": None}
EARLIER, LATER = "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"
EARLIER_S, LATER_S = 1_780_272_000.0, 1_782_864_000.0


def give(container: Container, payment: Payment, label: str, known_at: str | None = EARLIER) -> str:
    answer = label_events(container, [{"event_id": payment["event_id"], "label": label, "known_at": known_at}])
    return str(answer["results"][0]["status"])


def test_a_label_waits_and_counts_with_its_event(container: Container, backend: Backend, payment: Payment) -> None:
    assert give(container, payment, "fraud") == "waiting"
    assert not backend.histories()
    decided = decide_event(container, payment)
    assert decided.repeated is False
    assert backend.histories() == expected_histories(container, payment, known_s={0: EARLIER_S})
    assert find_label(container, payment["event_id"]) == StoredLabel("fraud", EARLIER, **UNSAID)
    assert decide_event(container, payment).repeated is True
    assert give(container, payment, "fraud") == "unchanged"
    assert backend.histories() == expected_histories(container, payment, known_s={0: EARLIER_S})


def test_a_waiting_label_does_not_change_the_decision(
    container: Container, empty_backend: Backend, payment: Payment
) -> None:
    plain = decide_event(container, {**payment, "event_id": "without", "customer_id": "a"})
    twin = {**payment, "event_id": "with", "customer_id": "a"}
    for pk in empty_backend.histories():
        container.histories.client.delete_item(TableName=container.histories.table, Key={"pk": {"S": pk}})
    give(container, twin, "fraud")
    assert decide_event(container, twin).probability == plain.probability


def test_a_waiting_label_is_no_decision(container: Container, payment: Payment) -> None:
    give(container, payment, "fraud")
    with pytest.raises(NotFoundError):
        find_decision(container, payment["event_id"])


def test_a_label_of_an_unknown_event_is_forgotten_some_day(container: Container, payment: Payment) -> None:
    give(container, payment, "fraud")
    pk = decision_key(DETECTOR, payment["event_id"])
    table = container.decisions.table
    item = get_items(container.decisions.client, {table: [pk]})[table][pk]
    assert 0 < int(item["x"]["N"]) - time.time() <= WAITING_DAYS * 86_400


def test_a_waiting_label_is_corrected(container: Container, backend: Backend, payment: Payment) -> None:
    assert [give(container, payment, "fraud"), give(container, payment, "fraud", LATER)] == ["waiting", "unchanged"]
    assert give(container, payment, "legitimate", LATER) == "waiting"
    assert give(container, payment, "fraud", EARLIER) == "unchanged", "it is out of date"
    decide_event(container, payment)
    assert backend.histories() == expected_histories(container, payment)
    assert find_label(container, payment["event_id"]) == StoredLabel("legitimate", LATER, **UNSAID)


def test_a_correction_after_the_decision_takes_the_waiting_label_back(
    container: Container, backend: Backend, payment: Payment
) -> None:
    give(container, payment, "fraud")
    decide_event(container, payment)
    assert give(container, payment, "legitimate", LATER) == "accepted"
    assert backend.histories() == expected_histories(container, payment)


@pytest.mark.parametrize("known_at", [None, "2020-01-01T00:00:00Z"], ids=["none", "before the event"])
def test_a_waiting_label_without_a_usable_time_gets_one(
    container: Container, payment: Payment, known_at: str | None
) -> None:
    give(container, payment, "fraud", known_at)
    decide_event(container, payment)
    found = find_decision(container, payment["event_id"])
    assert find_label(container, payment["event_id"]).known_at >= found.event["timestamp"]


@pytest.mark.parametrize("labels", [("fraud",), ("fraud", "legitimate")], ids=",".join)
def test_a_label_that_comes_while_its_event_is_decided_on(
    container: Container, backend: Backend, payment: Payment, labels: tuple[str, ...]
) -> None:
    come_between(container, lambda: [give(container, payment, label) for label in labels])
    assert decide_event(container, payment).repeated is False
    known_s = {0: EARLIER_S} if labels[-1] == "fraud" else {}
    assert backend.histories() == expected_histories(container, payment, known_s=known_s)


def test_a_label_whose_event_is_decided_on_meanwhile(container: Container, backend: Backend, payment: Payment) -> None:
    come_between(container, lambda: decide_event(container, payment))
    assert give(container, payment, "fraud") == "accepted"
    assert backend.histories() == expected_histories(container, payment, known_s={0: EARLIER_S})


def test_events_and_labels_at_once_count_once(
    container: Container, backend: Backend, later_payments: list[Payment]
) -> None:
    payments = later_payments[:6]
    works: list[Any] = []
    for payment in payments:
        works += [lambda payment=payment: decide_event(container, payment)] * 2
        works += [lambda payment=payment: give(container, payment, "fraud")] * 2
        works += [lambda payment=payment: give(container, payment, "legitimate", LATER)]
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A payment that is decided on after the fraud of another folds what has matured and drops what has faded.
    version, wanted = container.champion(), expected_histories(container, *payments)
    assert settled(version, backend.histories(), LATER_S) == settled(version, wanted, LATER_S)


def test_a_label_waits_for_an_event_whose_histories_cannot_be_read(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="review"))
    give(backend.container, payment, "fraud")

    def mend(**_call: object) -> None:
        endpoint.faults.clear()

    backend.container.in_a_hurry().decisions.client.meta.events.register(WRITES, mend)
    endpoint.faults["BatchGetItem"] = "throttle"
    assert decide_event(backend.container, payment).recorded is True
    assert backend.histories() == expected_histories(backend.container, payment, known_s={0: EARLIER_S})


def test_a_label_waits_as_it_was_given(container: Container, payment: Payment) -> None:
    give(container, payment, "fraud", LATER)
    found = container.decisions.look(DETECTOR, [payment["event_id"]])
    assert found == {payment["event_id"]: WaitingLabel("fraud", LATER_S)}
