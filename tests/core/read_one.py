"""One event read from outside values, and what is said about a bad one."""

from __future__ import annotations

from tollgate.core.events.cells import Problem
from tollgate.core.events.event import Events
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event, read_events

from tests.core.one_by_one import PAYMENT

GOOD: dict[str, object] = {
    "event_id": "e1",
    "timestamp": "2026-01-05T13:24:11Z",
    "amount": "12.50",
    "latitude": "52.5",
    "longitude": "13.4",
    "age": "30",
    "present": "true",
    "channel": "web",
    "customer_id": "c1",
    "device_id": "d1",
}
GOOD_US = 1_767_619_451_000_000


def read_one(event_type: EventType = PAYMENT, /, **changes: object) -> Events:
    return read_event(event_type, {**GOOD, **changes})


def problem_of(**changes: object) -> Problem:
    """Return the only problem of three rows of which the second has the changes."""
    columns = {name: [value, changes.get(name, value), value] for name, value in GOOD.items()}
    columns["event_id"] = ["e0", changes.get("event_id", "e1"), "e2"]
    events, problems = read_events(PAYMENT, columns)
    assert len(events) == 3
    (problem,) = problems
    return problem


def assert_one_sentence(message: str) -> None:
    assert message
    assert "\n" not in message
    assert "Traceback" not in message
    assert len(message) < 300
