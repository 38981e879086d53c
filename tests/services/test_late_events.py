"""Late events in storage: the latest addition is never forgotten, and no payment is counted more than once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tollgate.core.decisions.decide import Reads, decide
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.history.latest_addition import latest_us
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.what_if import WhatIf, what_if
from tollgate.services.labels.label import label_events

from tests.core.one_by_one import Store
from tests.core.timeline import Timeline
from tests.services.at_once import come_between, meet
from tests.services.backend import Backend, Payment, write_payments
from tests.services.expected import read_payments_as_events

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(payment: Payment, hours: float, **changes: object) -> Payment:
    when = (BEGIN + timedelta(hours=hours)).isoformat()
    return {**payment, "event_id": f"hour-{hours}", "timestamp": when, **changes}


def us(hours: float) -> int:
    return round((BEGIN + timedelta(hours=hours)).timestamp() * 1e6)


def counts_of(container: Container, payment: Payment) -> dict[str, dict[float, float]]:
    """Return what each entity of a payment is said to count, by half-life in hours."""
    answer = what_if(container, WhatIf(event=payment, histories=True))
    return {
        history.entity: {
            fact.half_life_s / 3600: fact.value or 0.0 for fact in history.facts if fact.operation == "count"
        }
        for history in answer.histories or ()
    }


def test_a_payment_a_day_late_is_told_of_what_came_after_it_once(
    container: Container, backend: Backend, payment: Payment
) -> None:
    decide_event(container, at(payment, 24))
    late = at(payment, 0, event_id="late")

    counts = counts_of(container, late)

    assert {entity for entity, its in counts.items() if its} >= {"customer", "merchant", "customer_merchant"}
    assert [count for its in counts.values() for count in its.values()] == pytest.approx([1.0] * 20, rel=1e-4)
    reads = [decide_event(container, late).probability, decide_event(container, late).probability]
    assert reads[0] == reads[1]
    assert {latest_us(names) for names in backend.latest().values()} == {us(24)}


def one_by_one(version: DetectorVersion, *payments: Payment) -> list[float]:
    """Return the probabilities of payments that arrive one after the other, worked out apart from storage."""
    events, store, found = read_payments_as_events(version, *payments), Store(version.history), []
    for row in range(len(events)):
        one = events.take(np.array([row]))
        read = store.happen(one, Timeline.of(one))
        found.append(float(decide(version, one, Reads(read.reads, read.excess)).probabilities[0]))
    return found


def test_payments_in_any_order_of_time_are_decided_as_they_arrive(container: Container, payment: Payment) -> None:
    payments = [at(payment, hours) for hours in (0, 900, 3, 30.5, 901, -200, 900.25)]
    answers = [decide_event(container, one).probability for one in payments]

    assert answers == one_by_one(container.champion(), *payments)


def test_writers_that_race_never_lower_the_time(container: Container, backend: Backend, payment: Payment) -> None:
    decide_event(container, at(payment, 0))
    hours = [5.0, 1.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0]

    meet(container, [partial(decide_event, container, at(payment, hour)) for hour in hours])

    assert {latest_us(names) for names in backend.latest().values()} == {us(9.0)}
    decide_event(container, at(payment, 10))
    assert {latest_us(names) for names in backend.latest().values()} == {us(10)}
    assert {len(names) for names in backend.latest().values()} == {1}, "earlier times go"


@pytest.mark.parametrize(("first", "second"), [(5.0, 9.0), (9.0, 5.0)])
def test_a_writer_that_is_overtaken_leaves_the_later_time(
    container: Container, backend: Backend, payment: Payment, first: float, second: float
) -> None:
    decide_event(container, at(payment, 0))
    come_between(container, lambda: decide_event(container, at(payment, first)))

    decide_event(container, at(payment, second))

    assert {latest_us(names) for names in backend.latest().values()} == {us(9.0)}


def test_a_label_moves_the_time_to_when_it_was_known(container: Container, backend: Backend, payment: Payment) -> None:
    decide_event(container, at(payment, 0))
    label: dict[str, Any] = {"event_id": "hour-0", "label": "fraud", "known_at": at(payment, 48)["timestamp"]}
    label_events(container, [label])
    singles = {pk: names for pk, names in backend.latest().items() if "customer_" not in pk.split("#")[1]}

    assert {latest_us(names) for names in singles.values()} == {us(48)}
    assert {len(names) for names in singles.values()} == {1}
    counts = counts_of(container, at(payment, 1))
    assert counts["merchant"][1.0] < 1e-9, "an hour's half-life, two days later"
    assert counts["customer_merchant"][1.0] < 1e-9, "a pair is read as its customer is"


def test_many_labels_leave_one_time(container: Container, backend: Backend, payment: Payment) -> None:
    payments = [at(payment, hours) for hours in range(6)]
    for one in payments:
        decide_event(container, one)
    for place, one in enumerate(payments):
        known_at = at(payment, 50 + place)["timestamp"]
        label_events(container, [{"event_id": one["event_id"], "label": "fraud", "known_at": known_at}])

    assert {len(names) for names in backend.latest().values()} == {1}


def test_a_label_that_waited_moves_the_time(container: Container, backend: Backend, payment: Payment) -> None:
    known_at = at(payment, 48)["timestamp"]
    label_events(container, [{"event_id": "hour-0", "label": "fraud", "known_at": known_at}])
    decide_event(container, at(payment, 0))

    assert {latest_us(names) for names in backend.latest().values()} == {us(48)}


def test_a_late_file_reads_and_records_as_single_payments(
    empty_backend: Backend, recording_version: Path, payment: Payment
) -> None:
    empty_backend.publish(recording_version)
    container = empty_backend.container
    key = "inbox/payments/a.csv"
    first, *late = (at(payment, hours) for hours in (800, 0, 3, 30.5, 801))
    decide_event(container, first)

    score_batch(container, key, empty_backend.drop(key, write_payments(late)))

    (results,) = (empty_backend.get(name) for name in empty_backend.keys("results/") if name.endswith(".csv"))
    header, *rows = (line.split(",") for line in results.decode().splitlines())
    found = [float(row[header.index("probability")]) for row in rows]
    assert found == one_by_one(container.champion(), first, *late)[1:]
    assert {latest_us(names) for names in empty_backend.latest().values()} == {us(801)}
    assert {len(names) for names in empty_backend.latest().values()} == {1}
