"""Labels in histories: what a label changes for its event's entities, and from when it counts."""

from __future__ import annotations

from dataclasses import replace

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, WaitingLabel
from tollgate.core.decisions.label_note import NO_NOTE
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event_type import FRAUD
from tollgate.core.history.stored import add_fraud, add_legitimate


def default_known_s(version: DetectorVersion, record: DecisionRecord) -> float:
    """Return when a label became known whose time is not given: now, or the label delay after an old event.

    That is how training dates labels. Dated now, the label of a payment of last spring would weigh on other payments of
    last spring as if it came from their future. What corrects a label is not dated before it.
    """
    delay_s = version.event_type.label.delay_s if version.event_type.label else 0.0
    return max(record.time_s, record.known_s or record.time_s, min(clock.now_s(), record.time_s + delay_s))


def label_record(version: DetectorVersion, record: DecisionRecord, waiting: WaitingLabel | None) -> DecisionRecord:
    """Return a decision with the label that waited for it; one dated before its event counts from the event on."""
    plain = record if record.label is None else replace(record, label=None, known_s=None, label_note=NO_NOTE)
    if waiting is None:
        return plain
    known_s = default_known_s(version, plain) if waiting.known_s is None else max(waiting.known_s, record.time_s)
    return replace(plain, label=waiting.label, known_s=known_s, label_note=waiting.label_note)


def label_time_us(record: DecisionRecord) -> int | None:
    """Return the date of what a decision's label adds, in microseconds since 1970; None if it adds nothing."""
    adds = record.label == FRAUD or not record.let_through
    return round(record.known_s * 1e6) if adds and record.known_s is not None else None


def label_addition(version: DetectorVersion, record: DecisionRecord, entity: str) -> dict[str, int]:
    """Return what the label of a decision adds to the history of one of its entities.

    An event that was let through becomes legitimate by itself; another one only by being labelled so.
    """
    if record.label is None or record.known_s is None:
        return {}
    if record.label != FRAUD:
        return {} if record.let_through else add_legitimate(version.history, entity, record.known_s)
    return add_fraud(
        version.history,
        entity,
        record.known_s,
        event_time_s=record.time_s,
        excess=record.excess,
        let_through=record.let_through,
    )
