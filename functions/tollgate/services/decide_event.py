"""Decide on one event, and record it exactly once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tollgate.adapters.decisions import DecisionRecord, decision_key
from tollgate.adapters.histories import history_key
from tollgate.adapters.items import MOST_ACTIONS, ConditionFailedError, get_items, write_together
from tollgate.core.decision import Decisions, decide_one
from tollgate.core.event import Events
from tollgate.core.explain import TOP, Wanted, explain_decisions
from tollgate.core.reading import read_event
from tollgate.core.replay import StoredHistories
from tollgate.core.stored_history import NOTHING_MATURED, add_to_all, fold_matured, stale_names
from tollgate.core.version import DetectorVersion
from tollgate.errors import ConflictError
from tollgate.services.stores import Stores

_DAY_S = 86_400


def decide_event(
    stores: Stores, event: Mapping[str, Any], detector: str | None = None, reasons: Wanted = "none"
) -> dict[str, Any]:
    """Return the decision on one event, given as column → value; the first one if the event was seen before.

    One transaction writes the decision, if there is none yet, and adds the event to the histories of its entities:
    both happen once, however often and from wherever the event comes. ``reasons`` says how many of them the first
    decision is to carry.
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
    decisions = decide_one(version, parsed, stored)
    watch.lap("decide")
    answer: dict[str, Any] = {
        "event_id": parsed.ids[0],
        "detector": version.detector,
        "detector_version": version.version,
        "score": int(decisions.scores[0]),
        "probability": float(decisions.probabilities[0]),
        "outcome": decisions.outcomes[0],
        "rules": [asdict(hit) for hit in decisions.rules.hits(0)],
        "lists": [asdict(answer) for answer in decisions.rules.lists(0)],
        "decided_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if reasons != "none":
        answer |= _explain(version, parsed, decisions, reasons)
        watch.lap("explain")
    record = _record(version, parsed, decisions, answer, event)
    if not _write(stores, version, parsed, stored, record):
        return _repeat_first(stores, version.detector, parsed.ids[0])
    watch.lap("write")
    return {**answer, "repeated": False, "timings_ms": watch.timings_ms()}


def _explain(version: DetectorVersion, event: Events, decisions: Decisions, reasons: Wanted) -> dict[str, Any]:
    explained = explain_decisions(version, event, decisions, [0], TOP if reasons == "top" else None)
    return explained[0].to_json() if explained else {}


def _repeat(record: DecisionRecord) -> dict[str, Any]:
    return {**record.answer, "repeated": True, "timings_ms": {}}


def _repeat_first(stores: Stores, detector: str, event_id: str) -> dict[str, Any]:
    """Return the decision that somebody else made on the same event between our reading and our writing."""
    first = stores.decisions.find(detector, event_id)
    if first is None:
        raise ConflictError("The first decision on this event could not be read yet; try again.")
    return _repeat(first)


def _record(
    version: DetectorVersion,
    event: Events,
    decisions: Decisions,
    answer: Mapping[str, Any],
    given: Mapping[str, Any],
) -> DecisionRecord:
    entities = {entity: keys.values[0] for entity, keys in event.entities.items() if keys.values}
    excess = float(decisions.excess[0])
    return DecisionRecord(answer, given, float(event.times_s[0]), version.history_space, entities, excess)


def _write(
    stores: Stores, version: DetectorVersion, event: Events, stored: StoredHistories, record: DecisionRecord
) -> bool:
    """Write everything, and return whether the event had no decision yet."""
    for tidy in (True, False):
        try:
            write_together(stores.decisions.client, _actions(stores, version, event, stored, record, tidy=tidy))
        except ConditionFailedError as error:
            if 0 in error.places:
                return False
            # Another writer folded matured events meanwhile, or added to them: leave that to a later event.
            assert tidy
        else:
            return True
    return False


def _actions(
    stores: Stores,
    version: DetectorVersion,
    event: Events,
    stored: StoredHistories,
    record: DecisionRecord,
    *,
    tidy: bool,
) -> list[dict[str, Any]]:
    now_s, time_s = time.time(), record.time_s
    kept_until_s = now_s + stores.settings.decision_days * _DAY_S
    actions = [{"Put": stores.decisions.put_once(record, version.detector, kept_until_s)}]
    expires_s = max(now_s, time_s) + version.history.forgotten_after_s
    added = add_to_all(version.history, event, np.array([record.excess]))
    for entity, key in record.entities.items():
        sums = stored.get(entity, {}).get(key, {})
        matured = fold_matured(version.history, entity, sums, time_s) if tidy else NOTHING_MATURED
        stale = stale_names(version.history, [*sums, *matured.added], time_s)
        pk = history_key(record.space, entity, key)
        actions.append({"Update": stores.histories.addition(pk, added[entity], expires_s, stale, matured)})
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
