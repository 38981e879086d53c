"""Decide on variants of one event without recording anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tollgate import clock
from tollgate.adapters.decisions import DecisionRecord
from tollgate.core.clock_skew import SkewLimit, as_decided
from tollgate.core.decision import Decisions
from tollgate.core.event import Events
from tollgate.core.explain import Wanted, explain_decisions, most_of
from tollgate.core.known_histories import tell_histories
from tollgate.core.pinned_reads import unpack_reads
from tollgate.core.reading import read_event
from tollgate.core.recompute import with_answered_lists
from tollgate.core.version import DetectorVersion
from tollgate.core.what_if import NOTHING_PINNED, PinnedReads, decide_variants, keys_to_read, read_variants
from tollgate.errors import InputError
from tollgate.services.find_decision import find_record
from tollgate.services.stores import Stores

MOST_VARIANTS = 100
# Of more than these, reasons would be megabytes.
MOST_EXPLAINED = 10


@dataclass(frozen=True)
class WhatIf:
    """What to decide on: an event, a decided one by its id, or an event in place of what the decided one was."""

    event: Mapping[str, Any] | None = None
    event_id: str | None = None
    variants: Sequence[Mapping[str, Any]] = ()
    detector: str | None = None
    reasons: Wanted = "none"
    histories: bool = False


def what_if(stores: Stores, asked: WhatIf) -> dict[str, Any]:
    """Return what would be decided on an event and on its variants; nothing is written, counted or told of.

    By its id, an event meets the version, the histories and the lists that it was decided on with. Of an entity that it
    did not have then, and for an event without id, histories are those stored now, read as of the event's time. Of an
    event that was decided as of the clock, that is the time meant.
    Raises `NotFoundError` for an id that was never decided on, `InputError` where it was decided on without a score.
    """
    decided = None if asked.event_id is None else _find_scored(stores, asked.event_id, asked.detector)
    if decided:
        version, pinned = _pin(stores, decided)
    else:
        version, pinned = stores.champion(asked.detector), NOTHING_PINNED
    limit = SkewLimit.of(version, clock.now())
    event = asked.event if asked.event is not None else decided.event if decided else {}
    if decided:
        event, limit = _as_then(version, decided, event), _with_room_for(decided, limit)
    events, clocks = read_variants(version, event, asked.variants, limit)
    time_s = decided.time_s if decided else events.times_s[0].item()
    stored = stores.histories.read_keys(version, keys_to_read(events, pinned))
    decisions = decide_variants(version, events, stored, time_s, pinned)
    answers = _answer(version, events, decisions, asked.reasons)
    answers = [{**answer, "clock": told} for answer, told in zip(answers, clocks, strict=True)]
    known = [asdict(one) for one in tell_histories(version, events, decisions, 0)] if asked.histories else None
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "unchanged": answers[0],
        "variants": answers[1:],
        "histories": known,
    }


def _find_scored(stores: Stores, event_id: str, detector: str | None) -> DecisionRecord:
    record = find_record(stores, event_id, detector)
    if record.answer.get("degraded") or record.reads is None:
        raise InputError(f'Event "{event_id}" was decided without a score; send its columns as an event instead.')
    return record


def _pin(stores: Stores, decided: DecisionRecord) -> tuple[DetectorVersion, PinnedReads]:
    version = stores.versions.pinned(decided.answer["detector"], decided.answer["detector_version"])
    event = read_event(version.event_type, decided.event)  # for its keys
    reads = unpack_reads(version.history, decided.reads or b"")
    return with_answered_lists(version, decided.answer.get("lists", ())), PinnedReads.of(event, reads)


def _as_then(version: DetectorVersion, decided: DecisionRecord, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event with the time as of which it was decided, unless it has another time than the decided one."""
    column = version.event_type.timestamp
    own = event.get(column) == decided.event.get(column)
    return as_decided(version, event, decided.answer) if own else event


def _with_room_for(decided: DecisionRecord, limit: SkewLimit) -> SkewLimit:
    """Return a limit within which a decided event lies: it was let in when it was decided."""
    return replace(limit, max_ahead_s=max(limit.max_ahead_s, decided.time_s - limit.now_us / 1e6))


def _answer(version: DetectorVersion, events: Events, decisions: Decisions, reasons: Wanted) -> list[dict[str, Any]]:
    """Return the answers to all events, the first ones with reasons where these are wanted."""
    answers = [decisions.answer(row) for row in range(len(events))]
    if reasons != "none":
        rows = range(min(len(events), 1 + MOST_EXPLAINED))
        explained = explain_decisions(version, events, decisions, rows, most_of(reasons))
        for row, explanation in zip(rows, explained, strict=False):
            answers[row] |= explanation.to_json()
    return answers
