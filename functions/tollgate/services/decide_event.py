"""Decide on one event, and record it exactly once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tollgate.adapters.decisions import DecisionRecord, decision_key
from tollgate.adapters.histories import history_key, stale_sums
from tollgate.adapters.items import MOST_ACTIONS, ConditionFailedError, get_items, write_together
from tollgate.core.decision import StoredHistories, decide, read_histories
from tollgate.core.event import Events
from tollgate.core.reading import read_event
from tollgate.core.stored_history import add_event
from tollgate.core.version import DetectorVersion
from tollgate.errors import ConflictError
from tollgate.services.stores import Stores

_DAY_S = 86_400


def decide_event(stores: Stores, event: Mapping[str, Any], detector: str | None = None) -> dict[str, Any]:
    """Return the decision on one event, given as column → value; the first one if the event was seen before.

    One transaction writes the decision, if there is none yet, and adds the event to the histories of its entities: both
    happen once, however often and from wherever the event comes.
    """
    watch = _Watch()
    version = stores.champion(detector)
    parsed = read_event(version.event_type, event)
    table = stores.decisions.table
    decided_key = decision_key(version.detector, parsed.ids[0])
    wanted = {table: [decided_key], stores.histories.table: stores.histories.keys(version, parsed)}
    found = get_items(stores.decisions.client, wanted)
    watch.lap("read")
    if decided_key in found[table]:
        return _repeat(DecisionRecord.from_item(found[table][decided_key]))
    stored = stores.histories.pick(version, parsed, found[stores.histories.table])
    decisions = decide(version, parsed, read_histories(version, parsed, stored))
    watch.lap("decide")
    answer: dict[str, Any] = {
        "event_id": parsed.ids[0],
        "detector": version.detector,
        "detector_version": version.version,
        "score": int(decisions.scores[0]),
        "probability": float(decisions.probabilities[0]),
        "outcome": decisions.outcomes[0],
        "decided_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    try:
        write_together(stores.decisions.client, _actions(stores, version, parsed, stored, answer, event))
    except ConditionFailedError:
        # Somebody else decided on the same event between our reading and our writing.
        first = stores.decisions.find(version.detector, parsed.ids[0])
        if first is None:
            raise ConflictError("The first decision on this event could not be read yet; try again.") from None
        return _repeat(first)
    watch.lap("write")
    return {**answer, "repeated": False, "timings_ms": watch.timings_ms()}


def _repeat(record: DecisionRecord) -> dict[str, Any]:
    return {**record.answer, "repeated": True, "timings_ms": {}}


def _actions(
    stores: Stores,
    version: DetectorVersion,
    event: Events,
    stored: StoredHistories,
    answer: Mapping[str, Any],
    given: Mapping[str, Any],
) -> list[dict[str, Any]]:
    now_s, time_s = time.time(), float(event.times_s[0])
    entities = {entity: keys.values[0] for entity, keys in event.entities.items() if keys.values}
    record = DecisionRecord(answer, given, time_s, version.history_space, entities)
    kept_until_s = now_s + stores.settings.decision_days * _DAY_S
    actions = [{"Put": stores.decisions.put_once(record, version.detector, kept_until_s)}]
    expires_s = max(now_s, time_s) + version.history.forgotten_after_s
    for entity, key in entities.items():
        added = add_event(version.history, entity, event)
        stale = stale_sums(version, stored, entity, key, time_s)
        pk = history_key(version.history_space, entity, key)
        actions.append({"Update": stores.histories.addition(pk, added, expires_s, stale)})
    assert len(actions) <= MOST_ACTIONS
    return actions


class _Watch:
    """Milliseconds between laps, and in all."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = round((now - self._last) * 1000, 3)
        self._last = now

    def timings_ms(self) -> dict[str, float]:
        return {**self._laps, "total": round((self._last - self._began) * 1000, 3)}
