"""Whatever is repeated, reordered or killed: each history is the sum of its distinct events and labels, exactly."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from tollgate.core.events.event_type import FRAUD, LEGITIMATE
from tollgate.core.history.labels import Frauds
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.labels.label import label_events

from tests.core.one_by_one import Store
from tests.core.timeline import Timeline
from tests.services.backend import Backend, Payment
from tests.services.expected import read_payments_as_events, settled, under_pks, withheld_as_recorded
from tests.services.killed import KilledError, fragile

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

WRITERS = 20
ENTITIES = 50
CHANCE_OF_DEATH = 0.15
BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
END_S = (BEGIN + timedelta(hours=12)).timestamp()
Delivery = Callable[[Container], object]


def make_payments(template: Payment, count: int, seed: int) -> list[Payment]:
    """Return payments of 50 customers at 50 merchants within minutes of each other.

    All have the same amount, so that none is unusual: whether one is depends on which came before it.
    """
    chance = random.Random(seed)
    columns = ("customer_id", "merchant_id", "device_id", "ip")
    return [
        {
            **template,
            "event_id": f"counted-{number}",
            "timestamp": (BEGIN + timedelta(seconds=number % 3_000)).isoformat(),
            "amount": 20.0,
            **{column: f"{column}-{chance.randrange(ENTITIES)}" for column in columns},
        }
        for number in range(count)
    ]


def deliver(container: Container, deliveries: Sequence[Delivery], seed: int) -> int:
    """Do each delivery until it ends well, as a queue does, and return how often a writer was killed."""
    killed = 0
    for delivery in deliveries:
        while True:
            try:
                delivery(container)
                break
            except KilledError:
                killed += 1
                assert killed < 100 * len(deliveries), seed
    return killed


def deliver_all(container: Container, deliveries: Sequence[Delivery], seed: int) -> int:
    """Share deliveries out among 20 writers at once."""
    container.champion()
    with ThreadPoolExecutor(WRITERS) as pool:
        works = [
            pool.submit(deliver, fragile(container, CHANCE_OF_DEATH, seed + w), deliveries[w::WRITERS], seed + w)
            for w in range(WRITERS)
        ]
        return sum(work.result() for work in works)


def decide(payment: Payment, container: Container) -> object:
    return decide_event(container, payment)


def label(payment: Payment, said: str, known: datetime, container: Container) -> object:
    answer = label_events(container, [{"event_id": payment["event_id"], "label": said, "known_at": known.isoformat()}])
    assert answer["failed"] == 0, answer
    return answer


def count_from_scratch(
    container: Container, payments: Sequence[Payment], known_s: dict[int, float]
) -> dict[str, dict[str, int]]:
    version = container.champion()
    events = read_payments_as_events(version, *payments)
    store = Store(version.history)
    frauds = Frauds(np.array(list(known_s), dtype=np.int64), np.array(list(known_s.values()), dtype=float))
    withheld = withheld_as_recorded(container, events)
    assert withheld is not None
    store.happen(events, Timeline.of(events, frauds, withheld=withheld), withheld)
    return under_pks(version, store.sums)


def check_counting(backend: Backend, template: Payment, count: int, *, labels: bool, seed: int = 7) -> None:
    container, chance = backend.container, random.Random(seed)
    payments = make_payments(template, count, seed)
    known = BEGIN + timedelta(hours=6)
    deliveries: list[Delivery] = []
    for payment in payments:
        deliveries += [partial(decide, payment)] * chance.randint(1, 3)
    known_s: dict[int, float] = {}
    for place, payment in enumerate(payments if labels else ()):
        if place % 5 in (0, 1):
            deliveries += [partial(label, payment, FRAUD, known)] * chance.randint(1, 3)
            known_s[place] = known.timestamp()
        if place % 5 == 1:  # taken back later, which may come before it
            deliveries += [partial(label, payment, LEGITIMATE, known + timedelta(hours=1))] * chance.randint(1, 3)
            del known_s[place]
    chance.shuffle(deliveries)
    killed = deliver_all(container, deliveries, seed)
    assert killed > len(deliveries) // 30, "writers have to die, or this shows nothing"
    version = container.champion()
    wanted = count_from_scratch(container, payments, known_s)
    assert len(wanted) >= ENTITIES
    assert settled(version, backend.histories(), END_S) == settled(version, wanted, END_S)


def test_histories_are_those_of_the_distinct_events(backend: Backend, payment: Payment) -> None:
    check_counting(backend, payment, 300, labels=False)


def test_histories_are_those_of_the_distinct_events_and_labels(backend: Backend, payment: Payment) -> None:
    check_counting(backend, payment, 100, labels=True)


@pytest.mark.slow
def test_ten_thousand_events_of_fifty_entities(backend: Backend, payment: Payment) -> None:
    check_counting(backend, payment, 10_000, labels=False)
