"""Lookup of the decision on an event."""

from __future__ import annotations

from typing import Any

from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.detectors.safety import missing_columns
from tollgate.core.events.cells import earlier_spellings, read_text, shown
from tollgate.core.explanations.explain import Wanted
from tollgate.core.times.timestamps import write_second
from tollgate.errors import NotFoundError, TollgateError
from tollgate.services.container import Container
from tollgate.services.decisions.downgrade import downgrade_of
from tollgate.services.decisions.explain import explain_decision


def find_decision(
    container: Container, event_id: str, detector: str | None = None, reasons: Wanted | None = None
) -> dict[str, Any]:
    """Return the stored decision with its event and label; raise `NotFoundError` if the event was never decided on.

    Without ``reasons`` it comes with those that it was answered with.
    """
    record = find_record(container, event_id, detector)
    label = None
    if record.label is not None and record.known_s is not None:
        known_at = write_second(record.known_s)
        label = {"label": record.label, "known_at": known_at, **record.label_note.to_json()}
    answer = {**record.answer, **explain_decision(container, record, reasons), "repeated": True, "timings_ms": {}}
    answer |= {"downgraded": downgrade_of(container, record.answer)}
    lacking = _find_missing(container, detector, record)
    return {**answer, "missing_columns": lacking, "event": dict(record.event), "label": label}


def _find_missing(container: Container, detector: str | None, record: DecisionRecord) -> list[str] | None:
    """Return what the event lacks of the columns that are declared now; None where no version can be asked."""
    try:
        return missing_columns(container.champion(detector).event_type, record.event)
    except TollgateError:
        return None


def find_record(container: Container, event_id: str, detector: str | None = None) -> DecisionRecord:
    """Return the stored decision; raise `NotFoundError` if the event was never decided on."""
    name = detector or container.settings.detector
    try:
        key = read_text(event_id)
    except ValueError:  # no event has such an id
        key = None
    spellings = (key, *earlier_spellings(key)) if key else ()
    found = (container.decisions.find(name, one) for one in spellings)
    record = next((one for one in found if one is not None), None)
    if record is None:
        raise NotFoundError(f'There is no decision on event {shown(event_id)} by detector "{name}".')
    return record
