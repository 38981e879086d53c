"""Say what events turned out to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from tollgate import clock
from tollgate.adapters.decisions import DecisionRecord, Found, WaitingLabel
from tollgate.adapters.histories import history_key
from tollgate.adapters.items import ConditionFailedError, write_together
from tollgate.core.clock_skew import SkewLimit
from tollgate.core.event_type import FRAUD, LEGITIMATE, LabelRule
from tollgate.core.remark import Remark
from tollgate.core.stored_history import add_up
from tollgate.core.values import read_text, read_time
from tollgate.core.version import DetectorVersion
from tollgate.errors import ConflictError, InputError, LabelError
from tollgate.services.label_history import default_known_s, label_addition
from tollgate.services.stores import Stores

STATUSES = ("accepted", "unchanged", "waiting", "failed")
# How long a label waits for its event to be decided on.
WAITING_DAYS = 30
_DAY_S = 86_400
_ATTEMPTS = 10
_WRITERS = 8
_OLDER = "The event has a label that became known later; this one is out of date."
_WAITS = f"The event was not decided on yet; the label waits for it, {WAITING_DAYS} days at most."

Result = dict[str, Any]


@dataclass(frozen=True)
class GivenLabel:
    """A label as it was given; ``known_s`` is None where its time was left out."""

    event_id: str
    label: str
    known_s: float | None
    remark: Remark


def label_events(stores: Stores, labels: Sequence[Mapping[str, Any]], detector: str | None = None) -> dict[str, Any]:
    """Set the labels of events, each by itself; answer for each what became of it, in their order.

    A fraud is one addition to the histories of its entities, dated when it became known. A repeated label changes
    nothing; another label takes the former one back exactly, unless it became known before it. A label of an event that
    was not decided on yet waits for that. A legitimate event needs no label: it counts as one once its label delay is
    over. A label that is there already can get another note; it keeps its date.
    """
    version = stores.champion(detector)
    limit = SkewLimit.of(version, clock.now())
    results: list[Result | None] = [None] * len(labels)
    by_event: dict[str, list[tuple[int, GivenLabel]]] = {}
    for place, raw in enumerate(labels):
        try:
            given = _read_label(version, raw, limit)
        except InputError as error:
            results[place] = _result(str(raw["event_id"]), "failed", str(error))
        else:
            by_event.setdefault(given.event_id, []).append((place, given))
    found = stores.decisions.look(version.detector, list(by_event))

    def label_one_event(event_id: str) -> None:
        before: Found | None = found[event_id]
        for number, (place, given) in enumerate(by_event[event_id]):
            if number:  # the labels of one event are set one after the other
                before = stores.decisions.look(version.detector, [event_id])[event_id]
            results[place] = _label_one(stores, version, given, before)

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(label_one_event, by_event))
    done = [result for result in results if result is not None]
    counts = Counter(result["status"] for result in done)
    return {**{status: counts[status] for status in STATUSES}, "results": done}


def _result(event_id: str, status: str, message: str | None = None, histories: Iterable[str] = ()) -> Result:
    return {"event_id": event_id, "status": status, "message": message, "histories": list(histories)}


def _label_one(stores: Stores, version: DetectorVersion, given: GivenLabel, before: Found | None) -> Result:
    try:
        return _set_label(stores, version, given, before)
    except (InputError, ConflictError) as error:
        return _result(given.event_id, "failed", str(error))


def _read_label(version: DetectorVersion, raw: Mapping[str, Any], limit: SkewLimit) -> GivenLabel:
    rule = version.event_type.label or LabelRule("label", 0.0)
    try:
        event_id = read_text(raw["event_id"])
    except ValueError as error:
        raise LabelError(f"event_id: {error}.") from None
    if event_id is None:
        raise LabelError("The event_id is empty; say which event the label is of.")
    plain = str(raw["label"]).strip().lower()
    label = {FRAUD: 1, LEGITIMATE: 0}.get(plain)
    if label is None:
        label = rule.read(raw["label"])
    if label is None:
        raise LabelError("The label is empty; say fraud or legitimate.")
    known_at = raw.get("known_at")
    try:
        known_us = None if known_at in (None, "") else round(read_time(known_at, "iso"))
    except ValueError as error:
        raise LabelError(f"known_at: {error}.") from None
    if known_us is not None and known_us > limit.latest_us:
        raise LabelError(f"known_at: {limit.describe(known_us, 'a label may become known')}.")
    known_s = None if known_us is None else known_us / 1e6
    return GivenLabel(event_id, FRAUD if label else LEGITIMATE, known_s, Remark.read(raw))


def _set_label(stores: Stores, version: DetectorVersion, given: GivenLabel, before: Found | None) -> Result:
    for _ in range(_ATTEMPTS):
        if before is not None and before.label == given.label:
            if not given.remark.renews(before.remark):
                return _result(given.event_id, "unchanged")
            given = replace(given, known_s=before.known_s)
        elif _is_older(given, before):
            return _result(given.event_id, "unchanged", _OLDER)
        try:
            if isinstance(before, DecisionRecord):
                return _result(given.event_id, "accepted", histories=_write_label(stores, version, given, before))
            _let_wait(stores, version, given, before)
        except ConditionFailedError:
            # The event was decided on, or labelled by somebody else, meanwhile: look again.
            before = stores.decisions.look(version.detector, [given.event_id])[given.event_id]
        else:
            return _result(given.event_id, "waiting", _WAITS)
    raise ConflictError("The label was changed by others at the same time; try again.")


def _is_older(given: GivenLabel, before: Found | None) -> bool:
    """Return whether a label became known before the one that is there: labels may arrive in any order."""
    if before is None or before.label is None or before.known_s is None:
        return False
    return given.known_s is not None and given.known_s < before.known_s


def _let_wait(stores: Stores, version: DetectorVersion, given: GivenLabel, before: WaitingLabel | None) -> None:
    waiting = WaitingLabel(given.label, given.known_s, given.remark)
    expires_s = clock.now_s() + WAITING_DAYS * _DAY_S
    put = stores.decisions.let_wait(version.detector, given.event_id, before, waiting, expires_s)
    write_together(stores.decisions.client, [{"Put": put}])


def _write_label(stores: Stores, version: DetectorVersion, given: GivenLabel, before: DecisionRecord) -> Iterable[str]:
    """Set a label, and tell the histories in the same transaction; return the entities whose histories changed."""
    known_s = default_known_s(version, before) if given.known_s is None else given.known_s
    if known_s < before.time_s:
        raise LabelError("known_at lies before the event itself.")
    after = replace(before, label=given.label, known_s=known_s, remark=given.remark)
    changes = _history_changes(version, before, after)
    expires_s = max(clock.now_s(), known_s) + version.history.forgotten_after_s
    additions = [
        stores.histories.addition(history_key(before.space, entity, before.entities[entity]), changed, expires_s)
        for entity, changed in changes.items()
    ]
    update = stores.decisions.set_label(version.detector, given.event_id, before, after)
    write_together(stores.decisions.client, [{"Update": action} for action in (update, *additions)])
    return changes


def _history_changes(
    version: DetectorVersion, before: DecisionRecord, after: DecisionRecord
) -> dict[str, dict[str, int]]:
    """Return what a label adds to the history of each entity that it changes, its former label being taken back."""
    if before.space != version.history_space:
        return {}
    changes = {}
    for entity in before.entities:
        taken_back = {name: -number for name, number in label_addition(version, before, entity).items()}
        if changed := add_up(taken_back, label_addition(version, after, entity)):
            changes[entity] = changed
    return changes
