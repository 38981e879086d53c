"""Label transitions: what one label does to the label of an event and to the histories of its entities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, Found, WaitingLabel
from tollgate.core.decisions.label_note import MAX_CHARACTERS, NO_NOTE, LabelNote
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import read_text
from tollgate.core.events.event_type import FRAUD, LEGITIMATE, LabelRule
from tollgate.core.history.stored import add_fraud, add_legitimate, add_up
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.errors import LabelError, suggest

# How long a label waits for its event to be decided on.
WAITING_DAYS = 30
_FIELDS = ("event_id", "label", "known_at", *MAX_CHARACTERS)
_OLDER = "The event has a label that became known later; this one is out of date."
_WAITS = f"The event was not decided on yet; the label waits for it, {WAITING_DAYS} days at most."


class LabelResult(TypedDict):
    """What became of one label, as it is answered; ``histories`` names the entities whose histories changed."""

    event_id: str | None
    status: str
    message: str | None
    histories: list[str]


@dataclass(frozen=True)
class LabelRequest:
    """A label as it was sent; ``known_s`` is None where its time was left out."""

    event_id: str
    label: str
    known_s: float | None
    label_note: LabelNote


def label_result(
    event_id: str | None, status: str, message: str | None = None, histories: Iterable[str] = ()
) -> LabelResult:
    """Return what became of one label, as it is answered."""
    return {"event_id": event_id, "status": status, "message": message, "histories": list(histories)}


def read_event_id(raw: object) -> str | None:
    """Return the event that a label is of, as far as it says one: ids are read as those of events are."""
    try:
        return read_text(raw.get("event_id")) if isinstance(raw, Mapping) else None
    except ValueError:
        return None


def read_label(version: DetectorVersion, raw: object, limit: SkewLimit) -> LabelRequest:
    """Return a label as it came from outside; raise `LabelError` with what is wrong about it.

    One that became known beyond the ``limit`` is refused.
    """
    if not isinstance(raw, Mapping):
        raise LabelError('The label is not a JSON object such as {"event_id": "p-1001", "label": "fraud"}.')
    for name in raw:
        if name not in _FIELDS:
            known = ", ".join(_FIELDS)
            raise LabelError(f'Unknown field "{name[:40]}"{suggest(name, _FIELDS)}; a label may have {known}.')
    rule = version.event_type.label or LabelRule("label", 0.0)
    try:
        event_id = read_text(raw.get("event_id"))
    except ValueError as error:
        raise LabelError(f"event_id: {error}.") from None
    if event_id is None:
        raise LabelError("The event_id is empty; say which event the label is of.")
    plain = str(raw.get("label")).strip().lower()
    label = {FRAUD: 1, LEGITIMATE: 0}.get(plain)
    if label is None:
        label = rule.read(raw.get("label"))
    if label is None:
        raise LabelError("The label is empty; say fraud or legitimate.")
    known_s = _read_known_at(version, raw.get("known_at"), limit)
    return LabelRequest(event_id, FRAUD if label else LEGITIMATE, known_s, LabelNote.read(raw))


def _read_known_at(version: DetectorVersion, known_at: object, limit: SkewLimit) -> float | None:
    if known_at in (None, ""):
        return None
    try:
        known_us = version.event_type.time_format.read_known(known_at)
    except ValueError as error:
        raise LabelError(f"known_at: {error}.") from None
    if known_us > limit.latest_us:
        raise LabelError(f"known_at: {limit.describe(known_us, 'a label may become known')}.")
    return known_us / 1e6


def take_label(
    version: DetectorVersion, request: LabelRequest, before: Found | None
) -> tuple[Found | None, LabelResult]:
    """Return what stands for an event once a label is set, and what became of the label.

    Raises `LabelError` for a label that became known before its event.
    """
    if before is not None and before.label == request.label:
        if not request.label_note.renews(before.label_note):
            return before, label_result(request.event_id, "unchanged")
        request = replace(request, known_s=before.known_s)
    elif _is_older(request, before):
        return before, label_result(request.event_id, "unchanged", _OLDER)
    if not isinstance(before, DecisionRecord):
        waiting = WaitingLabel(request.label, request.known_s, request.label_note)
        return waiting, label_result(request.event_id, "waiting", _WAITS)
    known_s = default_known_s(version, before) if request.known_s is None else request.known_s
    if known_s < before.time_s:
        # A date alone is midnight: on the day of the event, it became known after the event.
        if not version.event_type.time_format.is_date_of(round(known_s * 1e6), round(before.time_s * 1e6)):
            raise LabelError("known_at lies before the event itself; leave it out if the label became known just now.")
        known_s = before.time_s
    after = replace(before, label=request.label, known_s=known_s, label_note=request.label_note)
    return after, label_result(request.event_id, "accepted", histories=history_changes(version, before, after))


def _is_older(request: LabelRequest, before: Found | None) -> bool:
    """Return whether a label became known before the one that is there: labels may arrive in any order."""
    if before is None or before.label is None or before.known_s is None:
        return False
    return request.known_s is not None and request.known_s < before.known_s


def history_changes(
    version: DetectorVersion, before: DecisionRecord, after: DecisionRecord
) -> dict[str, dict[str, int]]:
    """Return what a label adds to the history of each entity that it changes, its former label being taken back."""
    if before.space != version.history_space:
        return {}
    changes = {}
    for entity in before.entities:
        taken_back = {name: -number for name, number in label_addition(version, before, entity).items()}
        if changed := add_up(taken_back, label_addition(version, after, entity)):
            changes[entity] = changed
    return changes


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

    An event that was let through becomes legitimate by itself; another one only by being labeled so.
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
