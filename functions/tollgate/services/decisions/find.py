"""Lookup of the recorded decision on an event, with its label, its downgrade and its reasons."""

from __future__ import annotations

import logging
from typing import cast

from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.decision import Decision, LabelName, StoredDecision, StoredLabel
from tollgate.core.decisions.recompute import explain_again, rebuild_reasons
from tollgate.core.detectors.safety import missing_columns
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import earlier_spellings, read_text, shown
from tollgate.core.explanations.explain import Explanation, Wanted, max_reasons
from tollgate.core.times.timestamps import write_second
from tollgate.errors import NotFoundError, SealError, TollgateError
from tollgate.services.container import Container
from tollgate.services.decisions.downgrade import downgrade_of

_log = logging.getLogger(__name__)


def find_decision(
    container: Container, event_id: str, detector: str | None = None, reasons: Wanted | None = None
) -> StoredDecision:
    """Return the stored decision with its event and label; raise `NotFoundError` if the event was never decided on.

    Without ``reasons`` it comes with those that it was answered with.
    """
    record = find_record(container, event_id, detector)
    try:
        version = container.champion(detector)
    except TollgateError:
        version = None
    decision = repeat_decision(container, record, version, reasons)
    return StoredDecision(**vars(decision), event=record.event, label=_read_label(record))


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


def repeat_decision(
    container: Container, record: DecisionRecord, version: DetectorVersion | None, reasons: Wanted | None = None
) -> Decision:
    """Return a recorded decision as it is answered again, with the reasons that it was given with or that are wanted.

    ``version`` declares the columns that the event may lack; without one, these are not known.
    """
    return record.decision.explained_by(_explain(container, record, reasons)).copy_with(
        downgraded=downgrade_of(container, record.decision),
        missing_columns=missing_columns(version.event_type, record.event) if version else None,
    )


def _explain(container: Container, record: DecisionRecord, wanted: Wanted | None) -> Explanation | None:
    """Return the explanation that a decision was given with, or one of as many reasons as are ``wanted``.

    There is none of a degraded decision, or where the version is no longer in the bucket. Raises `UnavailableError`
    where it could not be read.
    """
    decision = record.decision
    told = record.reasons is not None if wanted is None else wanted != "none"
    if not told or record.reads is None or decision.degraded:
        return None
    try:
        version = container.versions.pinned(decision.detector, decision.detector_version)
    except SealError as error:
        _log.warning("A decision's reasons cannot be told: %s", error)
        return None
    if wanted is None:
        return rebuild_reasons(version, record.event, record.reads, decision, list(record.reasons or ()))
    return explain_again(version, record.event, record.reads, decision, max_reasons(wanted))


def _read_label(record: DecisionRecord) -> StoredLabel | None:
    if record.label is None or record.known_s is None:
        return None
    note = record.label_note
    return StoredLabel(cast(LabelName, record.label), write_second(record.known_s), note.note, note.labelled_by)
