"""A row of the index as it is answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tollgate.core.index.rows import UNLABELLED, Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def tell_entry(entry: Entry) -> dict[str, Any]:
    """Return a row as it is answered."""
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
        "amount": amount,
        "money_at_risk": None if amount is None or probability is None else amount * probability,
        "entities": dict(entry.entities),
        "rules": [{"rule": rule, "shadow": shadow} for rule, shadow in kind.rules],
        "label": None if entry.label == UNLABELLED else {"label": entry.label, "known_at": known_at},
        "degraded": kind.degraded,
        "braked": kind.braked,
        "forced": kind.forced,
    }


def write_moment(moment_us: int) -> str:
    """Return a moment as answers tell it: to the second, and to the millisecond where it has any."""
    moment = to_moment(moment_us)
    precision = "milliseconds" if moment_us % 10**6 else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def to_moment(moment_us: int) -> datetime:
    """Return microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=moment_us)
