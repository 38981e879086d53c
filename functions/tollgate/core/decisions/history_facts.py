"""History facts: numbers that were known of an event's entities when it arrived, each with its description."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tollgate.core.decisions.decide import Decisions
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import PAIR_SEPARATOR, Events
from tollgate.core.features.catalog import describe
from tollgate.core.features.feature import TOO_FAINT
from tollgate.core.features.history_features import HISTORY_FEATURES


@dataclass(frozen=True)
class HistoryFact:
    """One number of a history; ``value`` is None where the history is too faint."""

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
        yield KnownHistory(entity, columns, key, max(counts, default=0.0) >= TOO_FAINT, facts)


def _facts(version: DetectorVersion, decisions: Decisions, entity: str, row: int) -> Iterator[HistoryFact]:
    for place, feature in enumerate(version.features):
        record = HISTORY_FEATURES.get(feature.operation)
        if record and record.unit and feature.source == entity and feature.half_life >= 0:
            value = float(decisions.features[row, place])
            yield HistoryFact(
                feature.operation,
                describe(feature.operation, entity, version.event_type.entities),
                version.history.half_lives_s[feature.half_life],
                record.unit,
                value if math.isfinite(value) else None,
            )
