"""Decision record: what is answered about an event, and what is kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.decide import Decisions
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.explanations.explain import Explanation
from tollgate.core.history.snapshot import pack_reads
from tollgate.core.times.timestamps import write_utc
from tollgate.runtime import describe_runtime


def write_answer(
    version: DetectorVersion, events: Events, decisions: Decisions, decided_at: datetime, row: int = 0
) -> dict[str, Any]:
    """Return the answer about an event for which nothing was missing, and whose outcome nobody changed."""
    return {
        "event_id": events.ids[row],
        "detector": version.detector,
        "detector_version": version.version,
        **decisions.answer(row),
        "decided_at": write_utc(decided_at, "milliseconds"),
        "degraded": None,
        "braked": False,
        "forced": False,
        "recorded": True,
    }


def make_record(
    version: DetectorVersion,
    events: Events,
    decisions: Decisions,
    answer: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    explained: Explanation | None = None,
    row: int = 0,
) -> DecisionRecord:
    """Return the record of a decision; ``given`` is the event as it came, ``explained`` are the reasons answered."""
    codes = {entity: int(keys.codes[row]) for entity, keys in events.entities.items()}
    return DecisionRecord(
        answer,
        given,
        float(events.times_s[row]),
        version.history_space,
        {entity: events.entities[entity].values[code] for entity, code in codes.items() if code >= 0},
        float(decisions.excess[row]),
        reads=pack_reads(version.history, decisions.reads, row),
        runtime=describe_runtime(),
        reasons=explained.pins() if explained else None,
        let_through=version.lets_through(answer["outcome"]),
    )
