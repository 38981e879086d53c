"""Notes on labels: kept with them, shown with the decision, without card numbers."""

from __future__ import annotations

from typing import Any

import pytest
from tollgate.core.decisions.decision import StoredLabel
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.labels.label import label_events

from tests.services.backend import Backend, Payment, find_label

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

NOTE, WHO = "The customer was at home.", "ana@example.com"
EARLY, LATE = "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"


def give(container: Container, payment: Payment, label: str, **said: str | None) -> dict[str, Any]:
    answer = label_events(container, [{"event_id": payment["event_id"], "label": label, "known_at": EARLY, **said}])
    result: dict[str, Any] = answer["results"][0]
    return result


def label_of(container: Container, payment: Payment) -> StoredLabel:
    return find_label(container, payment["event_id"])


def test_a_note_is_kept_with_its_label(container: Container, payment: Payment) -> None:
    decide_event(container, payment)
    assert give(container, payment, "fraud", note=f" {NOTE}\n", labelled_by=WHO)["status"] == "accepted"
    assert label_of(container, payment) == StoredLabel("fraud", EARLY, NOTE, WHO)


def test_a_label_needs_no_note(container: Container, payment: Payment) -> None:
    decide_event(container, payment)
    give(container, payment, "fraud")
    assert label_of(container, payment) == StoredLabel("fraud", EARLY, None, None)


def test_a_later_note_changes_neither_date_nor_histories(
    container: Container, backend: Backend, payment: Payment
) -> None:
    decide_event(container, payment)
    give(container, payment, "fraud", note="First.", labelled_by="bo@example.com")
    before = backend.histories()
    again = give(container, payment, "fraud", note=NOTE, known_at=LATE)
    assert (again["status"], again["histories"]) == ("accepted", [])
    assert label_of(container, payment) == StoredLabel("fraud", EARLY, NOTE, None)
    assert backend.histories() == before
    assert give(container, payment, "fraud", note=NOTE)["status"] == "unchanged"
    assert give(container, payment, "fraud")["status"] == "unchanged"
    assert label_of(container, payment).note == NOTE


def test_a_correction_takes_the_note_away_that_spoke_for_the_former_label(
    container: Container, payment: Payment
) -> None:
    decide_event(container, payment)
    give(container, payment, "fraud", note=NOTE, labelled_by=WHO)
    give(container, payment, "legitimate", known_at=LATE)
    assert label_of(container, payment) == StoredLabel("legitimate", LATE, None, None)


def test_the_note_of_a_waiting_label_comes_with_the_decision(container: Container, payment: Payment) -> None:
    assert give(container, payment, "fraud", note="First.")["status"] == "waiting"
    assert give(container, payment, "fraud", note=NOTE, labelled_by=WHO)["status"] == "waiting"
    decide_event(container, payment)
    label = label_of(container, payment)
    assert (label.note, label.labelled_by) == (NOTE, WHO)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"note": "x" * 501}, "note: 501 characters; at most 500"),
        ({"note": "It was 4111 1111 1111 1111."}, "note: it holds what may be a card number"),
        ({"labelled_by": "x" * 201}, "labelled_by: 201 characters; at most 200"),
        ({"labelled_by": "4111111111111111"}, "labelled_by: it holds what may be a card number"),
    ],
)
def test_a_note_that_must_not_be_kept_sets_no_label(
    container: Container, payment: Payment, said: dict[str, str], reason: str
) -> None:
    decide_event(container, payment)
    answer = give(container, payment, "fraud", **said)
    assert answer["status"] == "failed"
    assert reason in answer["message"]
    assert find_decision(container, payment["event_id"]).label is None


def test_the_answer_names_the_histories_that_learned(container: Container, payment: Payment) -> None:
    decide_event(container, payment)
    learned = give(container, payment, "fraud")["histories"]
    assert {"customer", "merchant", "device"} <= set(learned)
    assert give(container, payment, "legitimate", known_at=LATE)["histories"] == learned
    other = {**payment, "event_id": "another"}
    decide_event(container, other)
    assert give(container, other, "legitimate")["histories"] == []
