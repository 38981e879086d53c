"""Labels over HTTP: ids as events have them, each label by itself, and many labels of one event at once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.doors.doors import call
from tests.services.backend import Backend, Payment, find_label
from tests.services.expected import expected_histories

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]

KNOWN_AT, KNOWN_S = "2026-06-01T00:00:00Z", 1_780_272_000.0


def post(labels: object) -> tuple[int, Any]:
    return call("POST", "/v1/labels", {"labels": labels})


def decide(payment: Payment, event_id: object) -> None:
    assert call("POST", "/v1/decisions", {"event": {**payment, "event_id": event_id}})[0] == 200


@pytest.mark.parametrize("decided_as", [1234, "1234", 1234.0, True, " p-1 "], ids=repr)
@pytest.mark.parametrize("labelled_as", [1234, "1234", 1234.0, True, "p-1"], ids=repr)
def test_an_id_is_the_same_event_for_a_decision_and_for_a_label(
    payment: Payment, decided_as: object, labelled_as: object
) -> None:
    decide(payment, decided_as)
    status, answer = post([{"event_id": labelled_as, "label": "fraud"}])
    same = {1234: "1234", "1234": "1234", True: "true", " p-1 ": "p-1", "p-1": "p-1"}
    assert status == 200
    assert answer["results"][0]["event_id"] == same[labelled_as]
    assert (answer["accepted"], answer["waiting"]) == ((1, 0) if same[decided_as] == same[labelled_as] else (0, 1))


BAD_LABELS: dict[str, tuple[object, str | None, str]] = {
    "no object": ("fraud", None, "not a JSON object"),
    "null": (None, None, "not a JSON object"),
    "a list": ([1], None, "not a JSON object"),
    "no id": ({"label": "fraud"}, None, "event_id is empty"),
    "an empty id": ({"event_id": " ", "label": "fraud"}, None, "event_id is empty"),
    "an id null": ({"event_id": None, "label": "fraud"}, None, "event_id is empty"),
    "a nested id": ({"event_id": {"id": 1}, "label": "fraud"}, None, "nested"),
    "a long id": ({"event_id": "x" * 3_000, "label": "fraud"}, None, "longer than 256"),
    "no label": ({"event_id": "a"}, "a", "label is empty"),
    "label null": ({"event_id": "a", "label": None}, "a", "label is empty"),
    "another label": ({"event_id": "a", "label": "perhaps"}, "a", 'Label "perhaps"'),
    "a label of 2": ({"event_id": 7, "label": 2}, "7", 'Label "2"'),
    "a label of 0.5": ({"event_id": "a", "label": 0.5}, "a", 'Label "0.5"'),
    "a nested label": ({"event_id": "a", "label": ["fraud"]}, "a", "a nested value is not a label"),
    "a long label": ({"event_id": "a", "label": "x" * 9_000}, "a", "xxx…"),
    "an unknown field": ({"event_id": "a", "lable": "fraud"}, "a", '(did you mean "label"?)'),
    "a long unknown field": ({"event_id": "a", "label": 1, "y" * 9_000: 1}, "a", "Unknown field"),
    "known at no time": ({"event_id": "a", "label": 1, "known_at": "soon"}, "a", "known_at"),
    "known at nearly a time": ({"event_id": "a", "label": 1, "known_at": "2026-03-01 12.30"}, "a", "known_at"),
    "known at a list": ({"event_id": "a", "label": 1, "known_at": [1]}, "a", "known_at"),
    "known at a truth": ({"event_id": "a", "label": 1, "known_at": True}, "a", "known_at"),
    "a note that is no text": ({"event_id": "a", "label": 1, "note": {"a": 1}}, "a", "note: it has to be text"),
    "a note with a card number": ({"event_id": "a", "label": 1, "note": "4111111111111111"}, "a", "card number"),
    "a long note": ({"event_id": "a", "label": 1, "note": "x" * 501}, "a", "501 characters"),
    "labeled by a number": ({"event_id": "a", "label": 1, "labelled_by": 5}, "a", "labelled_by"),
}


def test_a_bad_label_fails_alone_with_a_sentence(payment: Payment) -> None:
    decide(payment, "good")
    good = {"event_id": "good", "label": "fraud", "known_at": KNOWN_AT}
    for name, (bad, event_id, words) in BAD_LABELS.items():
        status, answer = post([bad, good])
        assert status == 200, name
        failed, fine = answer["results"]
        assert (failed["event_id"], failed["status"], failed["histories"]) == (event_id, "failed", []), name
        assert words in failed["message"], name
        assert failed["message"].endswith("."), name
        assert len(failed["message"]) < 400, name
        assert fine["status"] in ("accepted", "unchanged"), name
    status, answer = post([*(bad for bad, _, _ in BAD_LABELS.values()), good])
    assert (status, answer["failed"], answer["unchanged"]) == (200, len(BAD_LABELS), 1)
    assert [result["status"] for result in answer["results"]] == ["failed"] * len(BAD_LABELS) + ["unchanged"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"labels": None},
        {"labels": {"event_id": "a", "label": 1}},
        {"labels": "a"},
        {"labels": [{"event_id": "a", "label": 1}], "more": 1},
        {"labels": [{"event_id": "a", "label": 1}] * 1001},
    ],
)
def test_a_request_without_a_list_of_labels_is_refused_whole(body: object) -> None:
    status, answer = call("POST", "/v1/labels", body)
    assert (status, answer["code"]) == (422, "invalid_request")


def test_a_thousand_labels_of_one_event_are_set_at_once(backend: Backend, payment: Payment) -> None:
    decide(payment, payment["event_id"])
    words = ["legitimate", "fraud"] * 500
    labels = [{"event_id": payment["event_id"], "label": word, "known_at": KNOWN_AT} for word in words]
    began = time.perf_counter()
    status, answer = post(labels)
    took_s = time.perf_counter() - began
    assert (status, answer["accepted"]) == (200, 1000)
    assert backend.histories() == expected_histories(backend.container, payment, known_s={0: KNOWN_S})
    assert find_label(backend.container, payment["event_id"]).label == "fraud"
    began = time.perf_counter()
    for number in range(20):
        decide(payment, f"other {number}")
    # One after the other, they would take several times as long as 200 decisions.
    assert took_s < 10 * (time.perf_counter() - began)


def test_of_labels_given_together_the_one_that_became_known_last_holds(backend: Backend, payment: Payment) -> None:
    decide(payment, "e")
    moments = ["2026-08-01", "2026-06-01", "2026-09-01", "2026-07-01"]
    labels: list[dict[str, Any]] = [
        {"event_id": "e", "label": label, "known_at": f"{day}T00:00:00Z", "note": f"note {number}"}
        for number, (label, day) in enumerate(zip(("fraud", "legitimate", "legitimate", "fraud"), moments, strict=True))
    ]
    _, together = post(labels)
    stored = find_label(backend.container, "e")
    assert [result["status"] for result in together["results"]] == ["accepted", "unchanged", "accepted", "unchanged"]
    assert stored.known_at == "2026-09-01T00:00:00Z"
    assert stored.note == "note 2"
    # One after the other, on an event with the same keys, they are answered the same.
    decide({**payment, **{name: f"{payment[name]}-b" for name in ("customer_id", "merchant_id", "device_id")}}, "f")
    alone = [post([{**label, "event_id": "f"}])[1]["results"][0] for label in labels]
    assert [{**result, "event_id": "e"} for result in alone] == together["results"]
    assert find_label(backend.container, "f") == stored


def test_labels_that_wait_are_one_label_in_the_end(backend: Backend, payment: Payment) -> None:
    labels = [{"event_id": payment["event_id"], "label": word, "known_at": KNOWN_AT} for word in ("0", "1", "1")]
    _, answer = post(labels)
    assert [result["status"] for result in answer["results"]] == ["waiting", "waiting", "unchanged"]
    decide(payment, payment["event_id"])
    assert backend.histories() == expected_histories(backend.container, payment, known_s={0: KNOWN_S})
