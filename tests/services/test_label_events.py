"""Labels: each one an addition to the histories, and taken back exactly."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tollgate.adapters.dynamodb.decisions import decision_key
from tollgate.core.decisions.decision import StoredLabel
from tollgate.errors import NotFoundError
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.labels.label import label_events

from model_build.deployment.publish import open_folder
from tests.services.backend import DETECTOR, Backend, Payment, find_label, reseal
from tests.services.expected import expected_histories

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

UNSAID = {"note": None, "labelled_by": None}
KNOWN_AT = "2026-06-01T00:00:00Z"
KNOWN_S = 1_780_272_000.0
STATUSES = ("accepted", "unchanged", "waiting", "failed")
ACCEPTED, UNCHANGED, WAITING, FAILED = ({status: int(status == one) for status in STATUSES} for one in STATUSES)


@pytest.fixture
def event_id(container: Container, payment: Payment) -> str:
    """An event that was decided on."""
    return str(decide_event(container, payment).event_id)


def give(container: Container, event_id: str, label: object, known_at: str | None = KNOWN_AT) -> dict[str, Any]:
    return label_events(container, [{"event_id": event_id, "label": label, "known_at": known_at}])


def counts(answer: dict[str, Any]) -> dict[str, int]:
    return {name: answer[name] for name in STATUSES}


def of_a_fraud(container: Container, payment: Payment) -> dict[str, dict[str, int]]:
    """What the histories hold of a payment that became known as fraud at `KNOWN_AT`."""
    return expected_histories(container, payment, known_s={0: KNOWN_S})


def test_a_fraud_is_added_once_dated_when_it_became_known(
    container: Container, backend: Backend, payment: Payment, event_id: str
) -> None:
    assert counts(give(container, event_id, "fraud")) == ACCEPTED
    assert backend.histories() == of_a_fraud(container, payment)


def test_a_label_dated_by_the_day_of_its_event_is_known_from_the_event_on(
    container: Container, payment: Payment, event_id: str
) -> None:
    day = str(payment["timestamp"])[:10]
    assert counts(give(container, event_id, "fraud", day)) == ACCEPTED
    known_at = datetime.fromisoformat(find_label(container, event_id).known_at)
    assert known_at == datetime.fromisoformat(str(payment["timestamp"]))


def test_a_repeated_label_changes_nothing(container: Container, backend: Backend, event_id: str) -> None:
    give(container, event_id, "fraud")
    before = backend.histories()
    assert counts(give(container, event_id, "fraud", "2026-07-01T00:00:00Z")) == UNCHANGED
    assert backend.histories() == before
    assert find_label(container, event_id) == StoredLabel("fraud", KNOWN_AT, **UNSAID)


def test_a_correction_takes_the_fraud_back_exactly(container: Container, backend: Backend, event_id: str) -> None:
    before = backend.histories()
    give(container, event_id, "fraud")
    assert backend.histories() != before
    assert counts(give(container, event_id, "legitimate", "2026-08-01T00:00:00Z")) == ACCEPTED
    assert backend.histories() == before
    assert find_label(container, event_id).label == "legitimate"


def test_a_fraud_that_was_taken_back_can_come_again(
    container: Container, backend: Backend, payment: Payment, event_id: str
) -> None:
    for label in ("fraud", "legitimate", "fraud"):
        assert counts(give(container, event_id, label)) == ACCEPTED
    assert backend.histories() == of_a_fraud(container, payment)


def test_a_legitimate_label_adds_nothing(container: Container, backend: Backend, event_id: str) -> None:
    before = backend.histories()
    assert counts(give(container, event_id, "legitimate")) == ACCEPTED
    assert backend.histories() == before


def test_labels_at_once_count_once(container: Container, backend: Backend, payment: Payment, event_id: str) -> None:
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(give(container, event_id, "fraud"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["accepted"] for answer in answers) == [0] * 19 + [1]
    assert backend.histories() == of_a_fraud(container, payment)


FRAUD_WORDS = (1, True, "1", "true", " FRAUD ")
LEGITIMATE_WORDS = (0, False, "0", "false", "legit")


@pytest.mark.parametrize(
    ("given", "meant"),
    [*((word, "fraud") for word in FRAUD_WORDS), *((word, "legitimate") for word in LEGITIMATE_WORDS)],
)
def test_a_label_is_understood(container: Container, event_id: str, given: object, meant: str) -> None:
    give(container, event_id, given)
    assert find_label(container, event_id).label == meant


def test_declared_words_are_understood(
    empty_backend: Backend, sample_version: Path, payment: Payment, tmp_path: Path
) -> None:
    event_type = dict(open_folder(sample_version).manifest["event_type"])
    words = {"fraud": ["chargeback"], "legitimate": ["fine"]}
    changed = {**event_type, "label": {**event_type["label"], **words}}
    empty_backend.publish(reseal(sample_version, tmp_path, event_type=changed))
    container = empty_backend.container
    decide_event(container, payment)
    assert counts(give(container, payment["event_id"], "chargeback")) == ACCEPTED
    assert find_label(container, payment["event_id"]).label == "fraud"
    assert counts(give(container, payment["event_id"], "Fine")) == ACCEPTED
    assert find_label(container, payment["event_id"]).label == "legitimate"


@pytest.mark.parametrize(
    ("label", "known_at", "reason"),
    [
        ("perhaps", KNOWN_AT, 'Label "perhaps"'),
        ("", KNOWN_AT, "empty"),
        (2, KNOWN_AT, 'Label "2"'),
        ("fraud", "2025-01-01T00:00:00Z", "before the event"),
        ("fraud", "soon", "known_at"),
    ],
)
def test_a_label_that_cannot_be_used_fails_alone(
    container: Container, backend: Backend, event_id: str, label: object, known_at: str, reason: str
) -> None:
    before = backend.histories()
    bad = {"event_id": event_id, "label": label, "known_at": known_at}
    answer = label_events(container, [bad, {"event_id": event_id, "label": "legitimate", "known_at": KNOWN_AT}])
    assert counts(answer) == ACCEPTED | {"failed": 1}
    assert reason in answer["results"][0]["message"]
    assert backend.histories() == before


def test_a_correction_that_became_known_earlier_is_out_of_date(
    container: Container, backend: Backend, event_id: str
) -> None:
    before = backend.histories()
    give(container, event_id, "legitimate", "2026-08-01T00:00:00Z")
    answer = give(container, event_id, "fraud", "2026-07-01T00:00:00Z")
    assert counts(answer) == UNCHANGED
    assert "out of date" in answer["results"][0]["message"]
    assert backend.histories() == before


def test_labels_of_one_event_in_one_call_are_set_in_their_order(
    container: Container, backend: Backend, event_id: str
) -> None:
    before = backend.histories()
    said = [{"event_id": event_id, "label": label} for label in ("fraud", "legitimate", "fraud", "legitimate")]
    assert label_events(container, said)["accepted"] == 4
    assert backend.histories() == before


@pytest.mark.parametrize("event_id", ["", "x" * 3_000, "ü" * 2_000], ids=["empty", "long", "long in bytes"])
def test_an_id_that_no_event_can_have_fails(container: Container, event_id: str) -> None:
    assert counts(give(container, event_id, "fraud")) == FAILED


def test_without_a_time_the_label_of_an_old_event_is_dated_as_in_training(container: Container, event_id: str) -> None:
    give(container, event_id, "fraud", None)
    found = find_decision(container, event_id)
    moments = (found.event["timestamp"], find_label(container, event_id).known_at)
    happened, known = map(datetime.fromisoformat, moments)
    assert known - happened == timedelta(days=7)


def test_without_a_time_the_label_of_a_new_event_is_dated_now(container: Container, event_id: str) -> None:
    now = datetime.now(UTC)
    event = find_decision(container, event_id).event
    decide_event(container, {**event, "event_id": "of-today", "timestamp": now.isoformat()})
    give(container, "of-today", "fraud", None)
    known = datetime.fromisoformat(find_label(container, "of-today").known_at)
    assert timedelta(seconds=-1) <= known - now < timedelta(minutes=1)


def test_labels_of_an_unknown_detector_are_refused(container: Container) -> None:
    with pytest.raises(NotFoundError):
        label_events(container, [{"event_id": "a", "label": "fraud"}], "nobody")


@pytest.mark.parametrize("given", ["777.0", "777", 777, 777.0])
def test_the_label_of_an_event_with_a_number_reaches_it(container: Container, payment: Payment, given: object) -> None:
    decide_event(container, {**payment, "event_id": 777})

    answer = label_events(container, [{"event_id": given, "label": "fraud", "known_at": KNOWN_AT}])

    assert counts(answer) == ACCEPTED
    found = find_decision(container, str(given))
    assert (found.event_id, find_label(container, str(given)).label) == ("777", "fraud")


@pytest.mark.parametrize("given", ["777.0", "777"])
def test_a_decision_of_before_is_found_under_the_number_as_it_was_kept(
    container: Container, backend: Backend, payment: Payment, given: str
) -> None:
    decide_event(container, {**payment, "event_id": "777"})
    rename(backend, "777", "777.0")

    assert counts(give(container, given, "fraud")) == ACCEPTED
    assert find_label(container, given).label == "fraud"


def rename(backend: Backend, event_id: str, other: str) -> None:
    """Keep a decision under another id, as it was before a whole number had one key."""
    table = backend.container.decisions.table
    pk = {"pk": {"S": decision_key(DETECTOR, event_id)}}
    item = backend.dynamodb.get_item(TableName=table, Key=pk)["Item"]
    item["pk"] = {"S": decision_key(DETECTOR, other)}
    backend.dynamodb.put_item(TableName=table, Item=item)
    backend.dynamodb.delete_item(TableName=table, Key=pk)
