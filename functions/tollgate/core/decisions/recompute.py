"""Recomputation of a decision from what its record pins: version, event, histories and lists as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tollgate.core.decisions.decide import Decisions, decide
from tollgate.core.decisions.degraded import decide_without_score
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_event
from tollgate.core.explanations.explain import Pins, explain_decisions, rebuild_explanation
from tollgate.core.history.plan import amount_excess
from tollgate.core.history.snapshot import unpack_reads
from tollgate.core.rules.value_lists import ValueList

COMPARED = ("detector_version", "probability", "score", "outcome", "rules", "lists")
REASONS = ("base_log_odds", "reasons", "reasons_approximate", "reasons_stability")


@dataclass(frozen=True)
class Difference:
    """Something that came out otherwise: as it is in the record, and as it is now."""

    what: str
    then: object
    now: object


def recompute(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, answer: Mapping[str, Any]
) -> tuple[dict[str, Any], float]:
    """Decide on an event again; return the answer, of the kind given, and how far its amount exceeds the usual.

    Lists hold what ``answer`` says that they held, whatever they have now. Raises `InputError` where the event or what
    it read does not fit the version.
    """
    version = with_answered_lists(version, answer.get("lists", ()))
    parsed, decisions = _decide_again(version, event, packed_reads, answer)
    again = {"detector_version": version.version, **decisions.answer()}
    stored = answer.get("reasons")
    if stored is not None:
        again |= _explain(version, parsed, decisions, len(stored))
    return again, float(decisions.excess[0])


def explain_again(
    version: DetectorVersion,
    event: Mapping[str, Any],
    packed_reads: bytes,
    answer: Mapping[str, Any],
    most: int | None,
) -> dict[str, Any]:
    """Return up to ``most`` reasons of a decision that was not degraded, None for all, as they are answered."""
    return _explain(version, *_decide_again(version, event, packed_reads, answer), most)


def rebuild_reasons(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, answer: Mapping[str, Any], pins: Pins
) -> dict[str, Any]:
    """Return the reasons that a decision was answered with, from their pins: the same numbers and words."""
    return rebuild_explanation(version, *_decide_again(version, event, packed_reads, answer), pins).to_json()


def _decide_again(
    version: DetectorVersion, event: Mapping[str, Any], packed_reads: bytes, answer: Mapping[str, Any]
) -> tuple[Events, Decisions]:
    parsed = read_event(version.event_type, as_decided(version, event, answer))
    reads = unpack_reads(version.history, packed_reads)
    if answer.get("degraded"):
        return parsed, decide_without_score(version, parsed, reads)
    return parsed, decide(version, parsed, reads, amount_excess(version.history, parsed, reads))


def _explain(version: DetectorVersion, parsed: Events, decisions: Decisions, most: int | None) -> dict[str, Any]:
    explained = explain_decisions(version, parsed, decisions, [0], most)
    return explained[0].to_json() if explained else {}


def with_answered_lists(version: DetectorVersion, answers: Sequence[Mapping[str, Any]]) -> DetectorVersion:
    """Return the version with lists that answer as they did, and as they do now where they were not asked."""
    lists: dict[str, ValueList] = {}
    for name, held in version.rules.book.lists.items():
        found, missed = (
            {one["value"] for one in answers if one["list"] == name and one["found"] is answer}
            for answer in (True, False)
        )
        if not found <= held.values or missed & held.values:
            lists[name] = ValueList.of(held.kind, {*held.values, *found} - missed)
    return replace(version, rules=version.rules.with_lists(lists)) if lists else version


def is_overruled(answer: Mapping[str, Any]) -> bool:
    """Return whether another outcome was given than the one that was decided."""
    return bool(answer.get("braked") or answer.get("forced"))


def compare(answer: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs between two answers, in any bit; reasons are compared where the first has some.

    An outcome that the brake changed, or that the caller forced, does not follow from the event, and is not compared.
    """
    names = [*COMPARED, *(REASONS if answer.get("reasons") is not None else ())]
    if is_overruled(answer):
        names.remove("outcome")
    return tuple(
        Difference(name, answer.get(name), again.get(name)) for name in names if answer.get(name) != again.get(name)
    )


def as_decided(version: DetectorVersion, event: Mapping[str, Any], answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a decided event with the time as of which it was decided, where its answer says that this is another."""
    told = answer.get("clock")
    if not told:
        return event
    return {**event, version.event_type.timestamp: datetime.fromisoformat(told["used"])}
