"""Serialization of an index entry, as it is answered."""

from __future__ import annotations

from typing import Any

from tollgate.core.decisions.decision import Downgrade
from tollgate.core.search.entry import UNLABELLED, Entry
from tollgate.core.times.timestamps import write_moment


def serialize_entry(entry: Entry, downgraded: Downgrade | None) -> dict[str, Any]:
    """Return a row as it is answered, with the rule that took a stronger outcome away, if any did."""
    kind, amount, probability = entry.kind, entry.amount, entry.probability
    known_at = write_moment(entry.known_us)
    return {
        "event_id": entry.event_id,
        "timestamp": write_moment(entry.time_us),
        "decided_at": write_moment(entry.decided_us),
        "detector_version": kind.version,
        "score": entry.score,
        "probability": probability,
        "outcome": kind.outcome,
        "downgraded": downgraded,
        "amount": amount,
        "money_at_risk": None if amount is None or probability is None else amount * probability,
        "entities": dict(entry.entities),
        "rules": [{"rule": rule, "shadow": shadow} for rule, shadow in kind.rules],
        "label": None if entry.label == UNLABELLED else {"label": entry.label, "known_at": known_at},
        **kind.marks(),
    }
