"""What-if decisions on variants of one event, without recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.decide import Decisions
from tollgate.core.decisions.decision import Decision
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.decisions.recompute import as_decided, with_answered_lists
from tollgate.core.decisions.what_if import (
    NOTHING_PINNED,
    KnownHistory,
    PinnedReads,
    decide_variants,
    describe_histories,
    keys_to_read,
    read_variants,
)
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.explain import Wanted, explain_decisions, max_reasons
from tollgate.core.history.snapshot import unpack_reads
from tollgate.core.times.clock_skew import ClockUsed
from tollgate.errors import InputError
from tollgate.services.container import Container
from tollgate.services.decisions.find import find_record

MAX_VARIANTS = 100
# Of more than these, reasons would be megabytes.
MAX_EXPLAINED = 10


@dataclass(frozen=True)
class WhatIf:
    """What to decide on: an event, a decided one by its id, or an event in place of what the decided one was."""

    event: Mapping[str, Any] | None = None
    event_id: str | None = None
    variants: Sequence[Mapping[str, Any]] = ()
    detector: str | None = None
    reasons: Wanted = "none"
    histories: bool = False


@dataclass(frozen=True)
class WhatIfAnswer:
    """What would be decided on an event as it is, and on its variants; what its histories were, if asked for."""

    detector: str
    detector_version: str
    clock: ClockUsed | None
    unchanged: Decision
    variants: Sequence[Decision]
    histories: Sequence[KnownHistory] | None


def what_if(container: Container, asked: WhatIf) -> WhatIfAnswer:
    """Return what would be decided on an event and on its variants; nothing is written, counted or told of.

    By its id, an event meets the version, the histories and the lists that it was decided on with. Of an entity that it
    did not have then, and for an event without id, histories are those stored now, read as of the event's time. Of an
    event that was decided as of the clock, that is the time meant.
    Raises `NotFoundError` for an id that was never decided on, `InputError` where it was decided on without a score.
    """
    decided = None if asked.event_id is None else _find_scored(container, asked.event_id, asked.detector)
    if decided:
        version, pinned = _pin(container, decided)
    else:
        version, pinned = container.champion(asked.detector), NOTHING_PINNED
    event = asked.event if asked.event is not None else decided.event if decided else {}
    event, skew = _settle(version, event, decided)
    events = read_variants(version, event, asked.variants)
    time_s = decided.time_s if decided else events.times_s[0].item()
    stored = container.histories.read_keys(version, keys_to_read(events, version.history.parents, pinned))
    decisions = decide_variants(version, events, stored, time_s, pinned)
    unchanged, *variants = _answer(version, events, decisions, time_s, asked.reasons)
    known = list(describe_histories(version, events, decisions, 0)) if asked.histories else None
    return WhatIfAnswer(version.detector, version.version, skew, unchanged, variants, known)


def _find_scored(container: Container, event_id: str, detector: str | None) -> DecisionRecord:
    record = find_record(container, event_id, detector)
    if record.decision.degraded or record.reads is None:
        raise InputError(f'Event "{event_id}" was decided without a score; send its columns as an event instead.')
    return record


def _pin(container: Container, decided: DecisionRecord) -> tuple[DetectorVersion, PinnedReads]:
    version = container.versions.pinned(decided.decision.detector, decided.decision.detector_version)
    event = read_event(version.event_type, decided.event)  # for its keys
    reads = unpack_reads(version.history, decided.reads or b"")
    return with_answered_lists(version, decided.decision.lists), PinnedReads.of(event, reads)


def _settle(
    version: DetectorVersion, event: Mapping[str, Any], decided: DecisionRecord | None
) -> tuple[Mapping[str, Any], ClockUsed | None]:
    """Return an event with the time as of which it would be decided, and what is said of the clock.

    The time of an event that was decided on was let in then. Raises `EventAheadError` for another one that is refused.
    Variants are not held against the clock: whatever their times are, they meet what is known as of the event's.
    """
    column = version.event_type.timestamp
    if decided and event.get(column) == decided.event.get(column):
        return as_decided(version, event, decided.decision.clock), decided.decision.clock
    _, skew = version.skew_limit(clock.now()).settle_one(read_event(version.event_type, event))
    return as_decided(version, event, skew), skew


def _answer(
    version: DetectorVersion, events: Events, decisions: Decisions, time_s: float, reasons: Wanted
) -> list[Decision]:
    """Return what would be answered about all events at a moment, the first ones with reasons if these are wanted."""
    thresholds, at = Thresholds.of(version), datetime.fromtimestamp(time_s, UTC)
    answers = [Decision.of(version, event_id, decisions.verdict(row), at) for row, event_id in enumerate(events.ids)]
    answers = [answer.copy_with(downgraded=thresholds.downgrade_of(answer)) for answer in answers]
    if reasons == "none":
        return answers
    rows = range(min(len(events), 1 + MAX_EXPLAINED))
    explained = explain_decisions(version, events, decisions, rows, max_reasons(reasons))
    with_reasons = [answer.explained_by(one) for answer, one in zip(answers, explained, strict=False)]
    return [*with_reasons, *answers[len(with_reasons) :]]
