"""What-if decisions: variants of one event decided on the same known histories, which are described beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tollgate.core.decisions.decide import Decisions, Reads, decide
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import PAIR_SEPARATOR, Events, Floats, parent_key
from tollgate.core.events.reader import read_event, read_events
from tollgate.core.features.catalog import describe
from tollgate.core.features.feature import TOO_FAINT
from tollgate.core.features.history_features import HISTORY_FEATURES
from tollgate.core.history.stored import NO_SUMS, StoredHistories, StoredSums, read_all
from tollgate.errors import EventError

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class PinnedReads:
    """What a decision read from the histories of its entities: key and sums, (k,), by entity; key None is no entity."""

    keys: Mapping[str, str | None]
    sums: Mapping[str, Floats]

    @classmethod
    def of(cls, event: Events, reads: Mapping[str, Floats]) -> PinnedReads:
        """Return what the only event read, shape (1, k) an entity."""
        return cls({entity: keys.only for entity, keys in event.entities.items()}, {e: r[0] for e, r in reads.items()})


NOTHING_PINNED = PinnedReads({}, {})


def read_variants(version: DetectorVersion, event: Mapping[str, Any], variants: Sequence[Changes]) -> Events:
    """Return an event and after it its variants, n + 1 rows.

    A variant holds columns that are to be otherwise than the event's; None takes one away. Raises `EventError` for the
    first that cannot be read, or that lacks a column without which the detector would not give a score.
    """
    rows = [dict(event), *({**event, **changes} for changes in variants)]
    for number, row in enumerate(rows):
        try:
            read_event(version.event_type, row)
            if lacking := version.safety.missing_variables(row):
                raise EventError(f"Without {lacking[0].removeprefix('variable:')} this detector gives no score.")
        except EventError as error:
            raise (EventError(f"Variant {number}: {error}", error.column) if number else error) from None
    columns = {name: [row.get(name) for row in rows] for name in version.event_type.variables}
    return read_events(version.event_type, columns, whole=False)[0]


def keys_to_read(events: Events, parents: Mapping[str, str], pinned: PinnedReads) -> dict[str, list[str]]:
    """Return the keys of each entity whose histories are not pinned."""
    wanted = {
        entity: [key for key in keys.values if key != pinned.keys.get(entity)]
        for entity, keys in events.entities.items()
    }
    # A pair is read as of the time of its parent, pinned or not.
    for pair, parent in parents.items():
        wanted[parent] = list(dict.fromkeys([*wanted[parent], *map(parent_key, wanted[pair])]))
    return wanted


def decide_variants(
    version: DetectorVersion, events: Events, stored: StoredHistories, time_s: float, pinned: PinnedReads
) -> Decisions:
    """Decide on n events, each of which sees its entities' histories as of ``time_s``, or as they are pinned.

    As of a later moment, a history would show its payments faded: so a variant at another time differs in its own hour
    and weekday alone.
    """
    reads = {
        entity: np.array(
            [*(_known(version, entity, key, stored, time_s, pinned) for key in (*keys.values, None))], dtype=np.float64
        )[keys.codes]  # code -1, no such entity, reads the row at the end
        for entity, keys in events.entities.items()
    }
    return decide(version, events, Reads.of(version.history, events, reads))


def _known(
    version: DetectorVersion, entity: str, key: str | None, stored: StoredHistories, time_s: float, pinned: PinnedReads
) -> Floats:
    if key is not None and key == pinned.keys.get(entity):
        return pinned.sums[entity]
    sums: dict[str, StoredSums | None] = {entity: None if key is None else stored.get(entity, {}).get(key, NO_SUMS)}
    if key is not None and (parent := version.history.parents.get(entity)):
        sums[parent] = stored.get(parent, {}).get(parent_key(key), NO_SUMS)
    return np.array(read_all(version.history, sums, time_s))[version.history.layout.parts[entity]]


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
