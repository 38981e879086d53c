"""What the histories have to hold, worked out apart from storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.event_type import LEGITIMATE
from tollgate.core.events.reader import read_events
from tollgate.core.history.labels import Frauds, Withheld
from tollgate.core.history.latest_addition import without_latest
from tollgate.core.history.stored import StoredHistories, stale_names
from tollgate.services.container import Container

from tests.core.one_by_one import Store, fold, without_zeros
from tests.core.timeline import Timeline
from tests.services.backend import Payment

Histories = dict[str, dict[str, int]]


def read_payments_as_events(version: DetectorVersion, *payments: Payment) -> Events:
    """Return payments as one table of events."""
    columns = version.event_type.variables
    events, problems = read_events(
        version.event_type, {name: [payment.get(name) for payment in payments] for name in columns}
    )
    assert not problems
    return events


def withheld_of(version: DetectorVersion, events: Events, stored: StoredHistories | None = None) -> Withheld:
    """Return which events are blocked when they are decided on in order of time, none of them labeled legitimate."""
    return withheld_by(version, decide_in_order(version, events, stored or {}).outcomes)


def withheld_by(version: DetectorVersion, outcomes: Iterable[str]) -> Withheld:
    """Return which events were blocked, given what was decided, none of them labeled legitimate."""
    rows = np.flatnonzero([not version.lets_through(outcome) for outcome in outcomes])
    return Withheld(rows, np.full(len(rows), np.inf))


def withheld_as_recorded(container: Container, events: Events) -> Withheld | None:
    """Return which events were blocked by the decisions on them, which may hang on their order; None without all."""
    version = container.champion()
    found = container.decisions.look(version.detector, events.ids)
    records = [found[event_id] for event_id in events.ids]
    if not all(isinstance(record, DecisionRecord) for record in records):
        return None
    blocked = [
        (row, record.known_s if record.label == LEGITIMATE else np.inf)
        for row, record in enumerate(records)
        if isinstance(record, DecisionRecord) and not version.lets_through(record.decision.outcome)
    ]
    return Withheld(np.array([row for row, _ in blocked], dtype=np.int64), np.array([told for _, told in blocked]))


def expected_histories(
    container: Container, *payments: Payment, known_s: Mapping[int, float] | None = None
) -> Histories:
    """Return what payments, decided on in order of time, leave under the pks of their entities; nothing is folded.

    ``known_s`` says of payments, by their place, when they became known as fraud.
    """
    version = container.champion()
    events = read_payments_as_events(version, *payments)
    frauds = Frauds(
        np.array(list(known_s or {}), dtype=np.int64), np.array(list((known_s or {}).values()), dtype=float)
    )
    store = Store(version.history)
    withheld = withheld_as_recorded(container, events) or withheld_of(version, events)
    store.happen(events, Timeline.of(events, frauds, withheld=withheld), withheld)
    return under_pks(version, store.sums)


def under_pks(version: DetectorVersion, sums: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Histories:
    """Return histories by their pk, without sums that are nothing and when they were added to last."""
    return without_zeros(
        {
            f"{version.history_space}#{entity}#{key}": without_latest(history)
            for entity, histories in sums.items()
            for key, history in histories.items()
        }
    )


def add_up(*histories: Histories) -> Histories:
    """Return histories by their pk, added up."""
    summed: Histories = {}
    for one in histories:
        for pk, sums in one.items():
            history = summed.setdefault(pk, {})
            for name, number in sums.items():
                history[name] = history.get(name, 0) + number
    return without_zeros(summed)


def settled(version: DetectorVersion, histories: Histories, time_s: float) -> Histories:
    """Return histories, by their pk, as ``time_s`` sees them: what has matured is folded, what has faded left out."""
    whole = {pk: dict(sums) for pk, sums in histories.items()}
    for pk, sums in whole.items():
        fold(version.history, pk.split("#")[1], sums, time_s)
        for name in stale_names(version.history, list(sums), time_s):
            del sums[name]
    return without_zeros(whole)
