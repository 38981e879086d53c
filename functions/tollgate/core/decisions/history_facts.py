"""History facts: numbers that were known of an event's entities when it arrived, each with its description."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tollgate.core.decisions.decide import Decisions
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import PAIR_SEPARATOR, Events

# A history that has faded to less than this share of one payment is not remembered.
_TOO_FAINT = 0.01
# Operation on a history → what its numbers are in. Those that compare the payment with a history are not of them.
FACT_UNITS: Mapping[str, str] = {
    "count": "events",
    "mean_amount": "amount",
    "unusual_count": "events",
    "unusual_age": "days",
    "fraud_count": "events",
    "fraud_rate": "share",
    "ordinary_fraud_count": "events",
    "ordinary_fraud_rate": "share",
    "ordinary_fraud_age": "days",
    "legitimate_count": "events",
    "distance_km": "km",
}


@dataclass(frozen=True)
class HistoryFact:
    """One number of a history; ``value`` is None where the history is too faint to tell it."""

    operation: str
    description: str
    half_life_s: float
    unit: str
    value: float | None


@dataclass(frozen=True)
class KnownHistory:
    """What was known of one entity. ``key`` has a value for each of its columns, None where the event lacks one."""

    entity: str
    columns: tuple[str, ...]
    key: tuple[str, ...] | None
    remembered: bool
    facts: tuple[HistoryFact, ...]


def describe_histories(
    version: DetectorVersion, events: Events, decisions: Decisions, row: int
) -> Iterator[KnownHistory]:
    """Yield what was known of each entity of one of n events."""
    for entity, columns in version.event_type.entities.items():
        keys = events.entities[entity]
        code = int(keys.codes[row])
        key = tuple(keys.values[code].split(PAIR_SEPARATOR)) if code >= 0 else None
        facts = tuple(_facts(version, decisions, entity, row)) if key else ()
        counts = [fact.value or 0.0 for fact in facts if fact.operation == "count"]
        yield KnownHistory(entity, columns, key, max(counts, default=0.0) >= _TOO_FAINT, facts)


def _facts(version: DetectorVersion, decisions: Decisions, entity: str, row: int) -> Iterator[HistoryFact]:
    for place, feature in enumerate(version.features):
        if feature.source == entity and feature.half_life >= 0 and feature.operation in FACT_UNITS:
            value = float(decisions.features[row, place])
            yield HistoryFact(
                feature.operation,
                feature.description.partition(" (half-life")[0],
                version.history.half_lives_s[feature.half_life],
                FACT_UNITS[feature.operation],
                value if math.isfinite(value) else None,
            )
