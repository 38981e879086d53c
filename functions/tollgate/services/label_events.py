"""Say what events turned out to be."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tollgate.adapters.decisions import DecisionRecord
from tollgate.adapters.histories import history_key
from tollgate.adapters.items import ConditionFailedError, write_together
from tollgate.core.event_type import LabelRule
from tollgate.core.stored_history import add_fraud
from tollgate.core.values import read_time
from tollgate.core.version import DetectorVersion
from tollgate.errors import ConflictError, InputError, LabelError, NotFoundError
from tollgate.services.stores import Stores

FRAUD, LEGITIMATE = "fraud", "legitimate"
_ATTEMPTS = 3


def label_events(stores: Stores, labels: Sequence[Mapping[str, Any]], detector: str | None = None) -> dict[str, Any]:
    """Set the labels of events that were decided on, each by itself; answer for each what became of it.

    A fraud is one addition to the histories of its entities, dated when it became known. A repeated label changes
    nothing; another label takes the former one back exactly. A legitimate event needs no label: it counts as one once
    its label delay is over.
    """
    version = stores.champion(detector)
    results = [_label_one(stores, version, label) for label in labels]
    counts = Counter(result["status"] for result in results)
    return {**{status: counts[status] for status in ("accepted", "unchanged", "failed")}, "results": results}


def _label_one(stores: Stores, version: DetectorVersion, given: Mapping[str, Any]) -> dict[str, Any]:
    event_id = str(given["event_id"])
    try:
        label, known_s = _read_label(version, given)
        changed = _set_label(stores, version, event_id, label, known_s)
    except (InputError, ConflictError) as error:
        return {"event_id": event_id, "status": "failed", "message": str(error)}
    return {"event_id": event_id, "status": "accepted" if changed else "unchanged", "message": None}


def _read_label(version: DetectorVersion, given: Mapping[str, Any]) -> tuple[str, float | None]:
    rule = version.event_type.label or LabelRule("label", 0.0)
    plain = str(given["label"]).strip().lower()
    label = {FRAUD: 1, LEGITIMATE: 0}.get(plain)
    if label is None:
        label = rule.read(given["label"])
    if label is None:
        raise LabelError("The label is empty; say fraud or legitimate.")
    known_at = given.get("known_at")
    try:
        known_s = None if known_at is None else read_time(known_at, "iso") / 1e6
    except ValueError as error:
        raise LabelError(f"known_at: {error}.") from None
    return (FRAUD if label else LEGITIMATE), known_s


def _default_known_s(version: DetectorVersion, record: DecisionRecord) -> float:
    """Return when a label became known whose time is not given: now, or the label delay after an old event.

    That is how training dates labels. Dated now, the label of a payment of last spring would weigh on other payments of
    last spring as if it came from their future.
    """
    delay_s = version.event_type.label.delay_s if version.event_type.label else 0.0
    return max(record.time_s, min(time.time(), record.time_s + delay_s))


def _set_label(stores: Stores, version: DetectorVersion, event_id: str, label: str, given_s: float | None) -> bool:
    for _ in range(_ATTEMPTS):
        record = stores.decisions.find(version.detector, event_id)
        if record is None:
            raise NotFoundError(f'There is no decision on event "{event_id}"; only decided events can be labelled.')
        if record.label == label:
            return False
        known_s = _default_known_s(version, record) if given_s is None else given_s
        if known_s < record.time_s:
            raise LabelError("known_at lies before the event itself.")
        try:
            write_together(stores.decisions.client, _actions(stores, version, event_id, record, label, known_s))
        except ConditionFailedError:
            continue  # somebody else labelled it meanwhile: look again
        return True
    raise ConflictError("The label was changed by others at the same time; try again.")


def _actions(
    stores: Stores, version: DetectorVersion, event_id: str, record: DecisionRecord, label: str, known_s: float
) -> list[dict[str, Any]]:
    actions = [{"Update": stores.decisions.set_label(version.detector, event_id, record, label, known_s)}]
    was_fraud = record.label == FRAUD
    if record.space != version.history_space or (label != FRAUD and not was_fraud):
        return actions
    dated_s = record.known_s if was_fraud and record.known_s is not None else known_s
    expires_s = max(time.time(), dated_s) + version.history.forgotten_after_s
    for entity, key in record.entities.items():
        added = add_fraud(version.history, entity, dated_s, event_time_s=record.time_s, excess=record.excess)
        if was_fraud:
            added = {name: -number for name, number in added.items()}
        if added:
            pk = history_key(record.space, entity, key)
            actions.append({"Update": stores.histories.addition(pk, added, expires_s)})
    return actions
