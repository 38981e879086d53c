"""Decision on one event, recorded exactly once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, WaitingLabel, decision_key, read_found
from tollgate.adapters.dynamodb.items import Item, get_items
from tollgate.core.decisions.decide import Decisions, decide_one
from tollgate.core.decisions.degraded import decide_degraded
from tollgate.core.detectors.safety import HISTORY, MODEL, RECORD, forced_outcome, missing_columns
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.explain import Explanation, Wanted, explain_decisions, max_reasons
from tollgate.core.history.stored import StoredHistories
from tollgate.errors import ConflictError, UnavailableError
from tollgate.services.container import Container
from tollgate.services.decisions.decision_record import make_record, write_answer
from tollgate.services.decisions.downgrade import downgrade_of
from tollgate.services.decisions.explain import explain_decision
from tollgate.services.decisions.record import record_decision

# Asking again for histories that were left unread under load, where the detector can decide without them.
_HURRIED_ATTEMPTS = 4
_ATTEMPTS = 3


def decide_event(
    container: Container,
    event: Mapping[str, Any],
    detector: str | None = None,
    reasons: Wanted = "none",
    version: DetectorVersion | None = None,
) -> dict[str, Any]:
    """Return the decision on one event, given as column → value; the first one if the event was seen before.

    ``version`` decides where the caller has looked it up already; otherwise the champion of ``detector`` does.

    One transaction writes the decision, if there is none yet, and adds the event to the histories of its entities:
    both happen once, however often and from wherever the event comes. ``reasons`` says how many of them the first
    decision is to carry. Where something is missing, the detector's [safety] says what happens; by default
    `UnavailableError` or `SealError` is raised. A first decision is refused with `EventAheadError` where the event lies
    too far ahead of the clock, or made as of now.
    """
    watch = _Watch()
    version = version or container.champion(detector)
    container = container if version.safety.fail == "none" else container.in_a_hurry()
    parsed = read_event(version.event_type, event)
    missing = [*([] if version.is_whole else [MODEL]), *version.safety.missing_variables(event)]
    decided_key = decision_key(version.detector, parsed.ids[0])
    found = _read(container, version, parsed, decided_key)
    watch.lap("read")
    before = None if found is None else read_found(found[container.decisions.table].get(decided_key))
    if isinstance(before, DecisionRecord):
        return _repeat(container, version, before)
    parsed, skew = version.skew_limit(clock.now()).settle_one(parsed)
    if found is None:
        missing.append(HISTORY)
    stored = {} if found is None else container.histories.pick(version, parsed, found[container.histories.table])
    known = None if found is None else stored
    decisions = decide_degraded(version, parsed, known) if missing else decide_one(version, parsed, stored)
    answer = _answer(container, version, parsed, decisions, missing) | ({"clock": skew} if skew else {})
    watch.lap("decide")
    explained = None
    if reasons != "none" and not missing:
        explained = _explain(version, parsed, decisions, reasons)
        watch.lap("explain")
    record = make_record(version, parsed, decisions, answer, event, explained=explained)
    is_first = _keep(container, version, parsed, stored, record, before)
    if is_first is False:
        return _repeat_first(container, version, parsed.ids[0])
    if is_first is None:
        answer |= {"recorded": False, "degraded": {"mode": version.safety.fail, "missing": [*missing, RECORD]}}
    watch.lap("write")
    told = explained.to_json() if explained else {}
    told |= {
        "downgraded": downgrade_of(container, answer),
        "missing_columns": missing_columns(version.event_type, event),
    }
    return {**answer, **told, "repeated": False, "timings_ms": watch.timings_ms()}


def _read(
    container: Container, version: DetectorVersion, event: Events, decided_key: str
) -> dict[str, dict[str, Item]] | None:
    """Read the event's decision and histories; None if they cannot be read and the detector chose to go on."""
    wanted = {
        container.decisions.table: [decided_key],
        container.histories.table: container.histories.keys(version, event),
    }
    if version.safety.fail == "none":
        return get_items(container.decisions.client, wanted)
    try:
        return get_items(container.decisions.client, wanted, _HURRIED_ATTEMPTS)
    except UnavailableError:
        return None


def _answer(
    container: Container, version: DetectorVersion, event: Events, decisions: Decisions, missing: Sequence[str]
) -> dict[str, Any]:
    outcome = decisions.outcomes[0]
    forced = forced_outcome(event.ids[0], version.order) if container.settings.forced_outcomes else None
    given = forced or container.circuit_breaker.apply(version, outcome, ask=HISTORY not in missing)
    return {
        **write_answer(version, event, decisions, clock.now()),
        "outcome": given,
        "degraded": {"mode": version.safety.fail, "missing": list(missing)} if missing else None,
        "braked": forced is None and given != outcome,
        "forced": forced is not None,
    }


def _explain(version: DetectorVersion, event: Events, decisions: Decisions, reasons: Wanted) -> Explanation | None:
    explained = explain_decisions(version, event, decisions, [0], max_reasons(reasons))
    return explained[0] if explained else None


def _repeat(container: Container, version: DetectorVersion, record: DecisionRecord) -> dict[str, Any]:
    lacking = missing_columns(version.event_type, record.event)
    downgraded = downgrade_of(container, record.answer)
    told = {**explain_decision(container, record), "downgraded": downgraded, "missing_columns": lacking}
    return {**record.answer, **told, "repeated": True, "timings_ms": {}}


def _repeat_first(container: Container, version: DetectorVersion, event_id: str) -> dict[str, Any]:
    """Return the decision that somebody else made on the same event between our reading and our writing."""
    first = container.decisions.find(version.detector, event_id)
    if first is None:
        raise ConflictError("The first decision on this event could not be read yet; try again.")
    return _repeat(container, version, first)


def _keep(
    container: Container,
    version: DetectorVersion,
    event: Events,
    stored: StoredHistories,
    record: DecisionRecord,
    waiting: WaitingLabel | None,
) -> bool | None:
    """Record the decision; return whether it is the first, None if that cannot be done and the detector chose to go on.

    Once something was found in its place, no failure is passed over: it may be another decision.
    """
    for _ in range(_ATTEMPTS):
        try:
            if record_decision(container, version, event, stored, record, waiting):
                return True
        except (UnavailableError, ConflictError):
            if version.safety.fail == "none":
                raise
            return None
        now = container.decisions.look(version.detector, event.ids)[event.ids[0]]
        if isinstance(now, DecisionRecord) or now == waiting:
            return False
        waiting = now  # a label came, or was corrected, between our reading and our writing
    raise ConflictError("The event's label kept changing while it was decided on; try again.")


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
