"""Payments to index, and the records of the decisions on them.

A test module takes these fixtures with `pytest_plugins`, after those of `tests.services.backend_fixture`.
"""

from __future__ import annotations

import pytest
from tollgate.services.decisions.decide import decide_event
from tollgate.services.labels.label import label_events

from tests.services.backend import Backend, Payment
from tests.services.decision_stream import Record, read_stream

_RECORDS: list[Record] = []


@pytest.fixture
def payments(later_payments: list[Payment]) -> list[Payment]:
    return later_payments[:40]


@pytest.fixture
def records(backend: Backend, payments: list[Payment]) -> list[Record]:
    """Forty decisions, some of them with a label, one with two, and a label that waits for an unknown event.

    They are made once: what is indexed of them does not depend on the table that they came from.
    """
    if not _RECORDS:
        _RECORDS.extend(make_records(backend, payments))
    return list(_RECORDS)


def make_records(backend: Backend, payments: list[Payment]) -> list[Record]:
    for payment in payments:
        decide_event(backend.container, payment)
    labels = [
        {"event_id": payment["event_id"], "label": label}
        for payment, label in zip(payments[:6], ["fraud", "legitimate"] * 3, strict=True)
    ]
    label_events(backend.container, [*labels, {"event_id": "nobody", "label": "fraud"}])
    label_events(backend.container, [{"event_id": payments[0]["event_id"], "label": "legitimate"}])
    return read_stream(backend)
