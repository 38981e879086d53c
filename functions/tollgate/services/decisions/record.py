"""Recording of a decision exactly once (idempotency), with what its event and its label add to the histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, WaitingLabel
from tollgate.adapters.dynamodb.histories import history_key
from tollgate.adapters.dynamodb.items import MAX_ACTIONS, ConditionFailedError, write_together
from tollgate.core.decisions.decide import Decisions
from tollgate.core.decisions.decision import Decision
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.explanations.explain import Explanation
from tollgate.core.history.item_packing import pack_pairs
from tollgate.core.history.latest_addition import latest_names, move_latest, read_as_of
from tollgate.core.history.snapshot import pack_reads
from tollgate.core.history.stored import NOTHING_MATURED, StoredHistories, add_to_all, add_up, fold_matured, stale_names
from tollgate.errors import ConflictError, UnavailableError
from tollgate.runtime import describe_runtime
from tollgate.services.container import Container
from tollgate.services.labels.transitions import label_addition, label_record, label_time_us

_DAY_S = 86_400
_ATTEMPTS = 3


class Recording(Enum):
    """What became of a decision that was to be recorded."""

    DONE = auto()
    ANOTHER_WAS_FIRST = auto()
    # Storage did not take it, and the detector goes on without.
    SKIPPED = auto()


@dataclass(frozen=True)
class PendingDecision:
    """A decision that is to be recorded, the histories it was made on, and the label that waits for it."""

    version: DetectorVersion
    event: Events
    stored: StoredHistories
    record: DecisionRecord
    waiting: WaitingLabel | None


def make_record(
    version: DetectorVersion,
    events: Events,
    decisions: Decisions,
    decision: Decision,
    given: Mapping[str, Any],
    *,
    explained: Explanation | None = None,
    row: int = 0,
) -> DecisionRecord:
    """Return the record of a decision; ``given`` is the event as it came, ``explained`` are the reasons answered."""
    codes = {entity: int(keys.codes[row]) for entity, keys in events.entities.items()}
    return DecisionRecord(
        decision,
        given,
        float(events.times_s[row]),
        version.history_space,
        {entity: events.entities[entity].values[code] for entity, code in codes.items() if code >= 0},
        float(decisions.reads.excess[row]),
        reads=pack_reads(version.history, decisions.reads.sums, row),
        runtime=describe_runtime(),
        reasons=explained.pins() if explained else None,
        let_through=version.lets_through(decision.outcome),
    )


def record_decision(container: Container, pending: PendingDecision) -> Recording:
    """Write a decision and what it adds to histories, all or nothing, with the label that waits for its event.

    Once something was found in its place, no failure is passed over: it may be another decision.
    """
    detector, ids = pending.version.detector, pending.event.ids
    for _ in range(_ATTEMPTS):
        try:
            if _write(container, pending):
                return Recording.DONE
        except (UnavailableError, ConflictError):
            if pending.version.safety.fail == "none":
                raise
            return Recording.SKIPPED
        now = container.decisions.look(detector, ids)[ids[0]]
        if isinstance(now, DecisionRecord) or now == pending.waiting:
            return Recording.ANOTHER_WAS_FIRST
        pending = replace(pending, waiting=now)  # a label came, or was corrected, between our reading and our writing
    raise ConflictError("The event's label kept changing while it was decided on; try again.")


def _write(container: Container, pending: PendingDecision) -> bool:
    """Return False where the event has a decision, or no longer just the label that was waiting when it was read."""
    record = label_record(pending.version, pending.record, pending.waiting)
    for tidy in (True, False):
        try:
            write_together(container.decisions.client, _actions(container, pending, record, tidy=tidy))
        except ConditionFailedError as error:
            if 0 in error.places:
                return False
            # Another writer folded matured events meanwhile, or added to them: leave that to a later event.
            assert tidy
        else:
            return True
    return False


def _actions(
    container: Container, pending: PendingDecision, record: DecisionRecord, *, tidy: bool
) -> list[dict[str, Any]]:
    version, event, stored = pending.version, pending.event, pending.stored
    now_s, time_s = clock.now_s(), record.time_s
    kept_until_s = now_s + container.settings.decision_days * _DAY_S
    actions = [{"Put": container.decisions.put_once(record, version.detector, kept_until_s, pending.waiting)}]
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
