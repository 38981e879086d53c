"""Recomputation of a decision from its record: version, event, and the histories and lists as they were read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tollgate.core.decisions.decide import Decisions, Reads, decide, decide_without_score
from tollgate.core.decisions.decision import Decision, fields_that_are, to_plain
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.explain import Explanation, Pins, explain_decisions, rebuild_explanation
from tollgate.core.history.snapshot import unpack_reads
from tollgate.core.rules.matches import ListAnswer
from tollgate.core.rules.value_lists import ValueList
from tollgate.core.times.clock_skew import ClockUsed


@dataclass(frozen=True)
class Difference:
    """A value that came out differently: as it is in the record, and as it is now."""

    what: str
    then: object
    now: object


def recompute(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, decision: Decision
) -> tuple[Decision, float]:
    """Decide on an event again; return the decision, and how far its amount exceeds the usual.

    It has as many reasons as the first one. Neither the circuit breaker nor the caller overrules it. Lists hold what
    the first decision says that they held, whatever they have now. Raises `InputError` where the event or what it read
    does not fit the version.
    """
    version = with_answered_lists(version, decision.lists)
    parsed, decisions = _decide_again(version, event, packed_reads, decision)
    again = decision.copy_with(
        detector_version=version.version, braked=False, forced=False, **vars(decisions.verdict())
    )
    if decision.reasons is not None:
        explanation = _explain(version, parsed, decisions, len(decision.reasons))
        again = again.without_reasons().explained_by(explanation)
    return again, float(decisions.reads.excess[0])


def explain_again(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, decision: Decision, most: int | None
) -> Explanation | None:
    """Return up to ``most`` reasons of a decision that was not degraded, None for all."""
    return _explain(version, *_decide_again(version, event, packed_reads, decision), most)


def rebuild_reasons(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, decision: Decision, pins: Pins
) -> Explanation:
    """Return the reasons that a decision was answered with, from their pins: the same numbers and words."""
    return rebuild_explanation(version, *_decide_again(version, event, packed_reads, decision), pins)


def _decide_again(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, decision: Decision
) -> tuple[Events, Decisions]:
    parsed = read_event(version.event_type, as_decided(version, event, decision.clock))
    reads = unpack_reads(version.history, packed_reads)
    if decision.degraded:
        return parsed, decide_without_score(version, parsed, reads)
    return parsed, decide(version, parsed, Reads.of(version.history, parsed, reads))


def _explain(version: DetectorVersion, parsed: Events, decisions: Decisions, most: int | None) -> Explanation | None:
    explained = explain_decisions(version, parsed, decisions, [0], most)
    return explained[0] if explained else None


def with_answered_lists(version: DetectorVersion, answers: Sequence[ListAnswer]) -> DetectorVersion:
    """Return the version with lists that answer as they did, and as they do now where they were not asked."""
    lists: dict[str, ValueList] = {}
    for name, held in version.rules.book.lists.items():
        found, missed = (
            {one.value for one in answers if one.list == name and one.found is answer} for answer in (True, False)
        )
        if not found <= held.values or missed & held.values:
            lists[name] = ValueList.of(held.kind, {*held.values, *found} - missed)
    return replace(version, rules=version.rules.with_lists(lists)) if lists else version


def compare(decision: Decision, again: Decision) -> tuple[Difference, ...]:
    """Return what differs between two decisions, in any bit; reasons are compared where the first has some.

    An outcome that the circuit breaker changed, or that the caller forced, does not follow from the event. It is not
    compared.
    """
    names = [*fields_that_are("recomputed"), *(fields_that_are("explained") if decision.reasons is not None else ())]
    if decision.is_overruled:
        names.remove("outcome")
    found = ((name, getattr(decision, name), getattr(again, name)) for name in names)
    return tuple(Difference(name, to_plain(then), to_plain(now)) for name, then, now in found if then != now)


def as_decided(version: DetectorVersion, event: Mapping[str, Any], clock: ClockUsed | None) -> Mapping[str, Any]:
    """Return an event with the time as of which it was decided, where the ``clock`` took the place of its own."""
    return {**event, version.event_type.timestamp: datetime.fromisoformat(clock.used)} if clock else event
