"""Decision on one event: made on the histories that are stored, recorded exactly once, and announced."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord, WaitingLabel, decision_key, read_found
from tollgate.adapters.dynamodb.items import Item, get_items
from tollgate.core.decisions.decide import Decisions, decide_degraded, decide_one
from tollgate.core.decisions.decision import Decision, Degraded
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.decisions.metrics import DETECTOR, Metric, count_decision, count_failure, count_parts
from tollgate.core.detectors.safety import HISTORY, MODEL, RECORD, forced_outcome, missing_columns
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.explain import Wanted, explain_decisions, max_reasons
from tollgate.errors import ConflictError, EventAheadError, TollgateError, UnavailableError
from tollgate.services.container import Container
from tollgate.services.decisions.find import repeat_decision
from tollgate.services.decisions.record import PendingDecision, Recording, make_record, record_decision

# Asking again for histories that were left unread under load, where the detector can decide without them.
_HURRIED_ATTEMPTS = 4
DECIDED = "Decision"


def decide_event(
    container: Container,
    event: Mapping[str, Any],
    detector: str | None = None,
    reasons: Wanted = "none",
    version: DetectorVersion | None = None,
) -> Decision:
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
    found = _read(container, version, parsed)
    watch.lap("read")
    if isinstance(found.decision, DecisionRecord):
        return repeat_decision(container, found.decision, version)
    parsed, skew = version.skew_limit(clock.now()).settle_one(parsed)
    missing = _missing(version, event, found)
    stored = None if found.histories is None else container.histories.pick(version, parsed, found.histories)
    decisions = decide_degraded(version, parsed, stored) if missing else decide_one(version, parsed, stored or {})
    lacking = missing_columns(version.event_type, event)
    decision = _answer(container, version, parsed, decisions, missing).copy_with(clock=skew, missing_columns=lacking)
    watch.lap("decide")
    explained = None
    if reasons != "none" and not missing:
        explained = next(iter(explain_decisions(version, parsed, decisions, [0], max_reasons(reasons))), None)
        decision = decision.explained_by(explained)
        watch.lap("explain")
    record = make_record(version, parsed, decisions, decision, event, explained=explained)
    recording = record_decision(container, PendingDecision(version, parsed, stored or {}, record, found.decision))
    watch.lap("write")
    if recording is Recording.ANOTHER_WAS_FIRST:
        return _repeat_first(container, version, parsed.ids[0])
    if recording is Recording.SKIPPED:
        decision = decision.copy_with(recorded=False, degraded=_degraded(version, (*missing, RECORD)))
    return decision.copy_with(timings_ms=watch.timings_ms())


@dataclass(frozen=True)
class _Stored:
    """What is stored of an event: its decision or a label that waits, and its histories' items, None if unreadable."""

    decision: DecisionRecord | WaitingLabel | None
    histories: Mapping[str, Item] | None


def _read(container: Container, version: DetectorVersion, event: Events) -> _Stored:
    """Read the event's decision and histories. Where they cannot be read, the detector may have chosen to go on."""
    decided_key = decision_key(version.detector, event.ids[0])
    wanted = {
        container.decisions.table: [decided_key],
        container.histories.table: container.histories.keys(version, event),
    }
    if version.safety.fail == "none":
        found = get_items(container.decisions.client, wanted)
    else:
        try:
            found = get_items(container.decisions.client, wanted, _HURRIED_ATTEMPTS)
        except UnavailableError:
            return _Stored(None, None)
    decided = read_found(found[container.decisions.table].get(decided_key))
    return _Stored(decided, found[container.histories.table])


def _missing(version: DetectorVersion, event: Mapping[str, Any], found: _Stored) -> list[str]:
    """Return what keeps an event from being decided in full, as decisions name it."""
    missing = [*([] if version.is_whole else [MODEL]), *version.safety.missing_variables(event)]
    return missing if found.histories is not None else [*missing, HISTORY]


def _answer(
    container: Container, version: DetectorVersion, event: Events, decisions: Decisions, missing: Sequence[str]
) -> Decision:
    """Return the decision with the outcome that is answered: the circuit breaker or the caller may give another one."""
    decision = Decision.of(version, event.ids[0], decisions.verdict(), clock.now())
    forced = forced_outcome(event.ids[0], version.order) if container.settings.forced_outcomes else None
    given = forced or container.circuit_breaker.apply(version, decision.outcome, ask=HISTORY not in missing)
    if missing or forced or given != decision.outcome:
        decision = decision.copy_with(
            outcome=given,
            degraded=_degraded(version, missing) if missing else None,
            braked=forced is None and given != decision.outcome,
            forced=forced is not None,
        )
    if decision.rules:
        decision = decision.copy_with(downgraded=Thresholds.of(version).downgrade_of(decision))
    return decision


def _degraded(version: DetectorVersion, missing: Sequence[str]) -> Degraded:
    assert version.safety.fail != "none"
    return Degraded(version.safety.fail, tuple(missing))


def _repeat_first(container: Container, version: DetectorVersion, event_id: str) -> Decision:
    """Return the decision that somebody else made on the same event between our reading and our writing."""
    first = container.decisions.find(version.detector, event_id)
    if first is None:
        raise ConflictError("The first decision on this event could not be read yet; try again.")
    return repeat_decision(container, first, version)


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


def decide_and_publish(
    container: Container,
    event: Mapping[str, Any],
    detector: str | None = None,
    reasons: Wanted = "none",
    version: DetectorVersion | None = None,
) -> Decision:
    """Do what `decide_event` does, count how it went, and put each first decision that is recorded on the bus.

    The version is looked up once, unless the caller did that: another one may become the champion at any moment.
    """
    began = time.perf_counter()
    try:
        version = version or container.champion(detector)
        decision = decide_event(container, event, detector, reasons, version)
    except Exception as error:
        status = error.status if isinstance(error, TollgateError) else 500
        # Callers name detectors as they like: a name that is not known gets no metric of its own.
        name = detector if detector and container.versions.has_open(detector) else container.settings.detector
        container.metrics.write(count_failure(name, status, _since_ms(began), ahead=isinstance(error, EventAheadError)))
        raise
    metrics = list(count_decision(version, decision, _since_ms(began)))
    if not decision.repeated:
        container.metrics.add_up(count_parts(version, decision))
        if decision.recorded and not container.events.put(DECIDED, decision.to_announcement()):
            metrics.append(Metric("EventNotPut", ((DETECTOR, version.detector),)))
    container.metrics.write(metrics)
    return decision


def _since_ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000
