"""Recording of a decision exactly once, with what its event and its label add to the histories."""

from __future__ import annotations

from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, WaitingLabel
from tollgate.adapters.dynamodb.histories import history_key
from tollgate.adapters.dynamodb.items import MAX_ACTIONS, ConditionFailedError, write_together
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.history.item_packing import pack_pairs
from tollgate.core.history.latest_addition import latest_names, move_latest, read_as_of
from tollgate.core.history.stored import NOTHING_MATURED, StoredHistories, add_to_all, add_up, fold_matured, stale_names
from tollgate.services.container import Container
from tollgate.services.labels.transitions import label_addition, label_record, label_time_us

_DAY_S = 86_400


def record_decision(
    container: Container,
    version: DetectorVersion,
    event: Events,
    stored: StoredHistories,
    record: DecisionRecord,
    waiting: WaitingLabel | None,
) -> bool:
    """Write a decision and what it adds to histories, all or nothing, with the label that waits for its event.

    Return False where the event has a decision, or no longer just the label that was ``waiting`` when it was read.
    """
    record = label_record(version, record, waiting)
    for tidy in (True, False):
        try:
            actions = _actions(container, version, event, stored, record, waiting, tidy=tidy)
            write_together(container.decisions.client, actions)
        except ConditionFailedError as error:
            if 0 in error.places:
                return False
            # Another writer folded matured events meanwhile, or added to them: leave that to a later event.
            assert tidy
        else:
            return True
    return False


def _actions(
    container: Container,
    version: DetectorVersion,
    event: Events,
    stored: StoredHistories,
    record: DecisionRecord,
    waiting: WaitingLabel | None,
    *,
    tidy: bool,
) -> list[dict[str, Any]]:
    now_s, time_s = clock.now_s(), record.time_s
    kept_until_s = now_s + container.settings.decision_days * _DAY_S
    actions = [{"Put": container.decisions.put_once(record, version.detector, kept_until_s, waiting)}]
    expires_s = max(now_s, time_s, record.known_s or time_s) + version.history.forgotten_after_s
    everything = add_to_all(version.history, event, record.excess, let_through=record.let_through)
    additions = {entity: everything[entity] for entity in record.entities}
    if record.label is not None:
        additions = {
            entity: add_up(added, label_addition(version, record, entity)) for entity, added in additions.items()
        }
    latest_us, label_us = event.times_us.item(), label_time_us(record)
    latest_us = latest_us if label_us is None else max(latest_us, label_us)
    for entity, added in pack_pairs(version.event_type, record.entities, stored, additions).items():
        key = record.entities[entity]
        sums = stored.get(entity, {}).get(key, {})
        times = latest_names(sums)
        as_of_s = read_as_of(times, time_s)
        matured = fold_matured(version.history, entity, sums, as_of_s) if tidy else NOTHING_MATURED
        stale = stale_names(version.history, [*sums, *matured.added], as_of_s)
        pk, moved = history_key(record.space, entity, key), move_latest(times, latest_us)
        actions.append({"Update": container.histories.addition(pk, added, expires_s, stale, matured, moved)})
    assert len(actions) <= MAX_ACTIONS
    return actions
