"""Serialization of a day's summary, as it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any

from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.search.entry import MARKS, EntryKind
from tollgate.core.search.summary import NOTHING, SCORE_STEP, Summary, Tally, add_tallies

_HOURS = range(24)
_STEPS = range(0, TOP_SCORE + 1, SCORE_STEP)
# What tallies are added up by.
Names = dict[str, Any]


def serialize_summary(day: str, summary: Summary) -> dict[str, Any]:
    """Return counts and money of a day: in all, and by outcome, version, rule, hour and score."""
    kinds = summary.kinds
    return {
        "day": day,
        **_serialize(add_tallies(kinds.values())),
        **{mark: _count(kinds, mark) for mark in MARKS},
        "outcomes": _add_by(kinds, lambda kind: [{"outcome": kind.outcome}]),
        "versions": _add_by(kinds, lambda kind: [{"detector_version": kind.version}]),
        "rules": _add_by(kinds, _rules),
        "overlaps": _add_by(kinds, _pairs_of_rules),
        "hours": _spread(summary.hours, _HOURS),
        "scores": _spread(summary.scores, _STEPS),
    }


def _serialize(tally: Tally) -> dict[str, Any]:
    count, cents, risk = tally
    return {"decisions": count, "amount": cents / 100, "money_at_risk": risk / 100}


def _count(kinds: Mapping[tuple[EntryKind, str], Tally], mark: str) -> int:
    return sum(tally[0] for (kind, _), tally in kinds.items() if kind.marks()[mark])


def _rules(kind: EntryKind) -> Iterable[Names]:
    for rule, shadow in kind.rules:
        yield {"rule": rule, "shadow": shadow, "outcome": kind.outcome}


def _pairs_of_rules(kind: EntryKind) -> Iterable[Names]:
    """Yield the pairs of rules that matched the same events, each in the order of their names."""
    for pair in combinations(sorted(rule for rule, _ in kind.rules), 2):
        yield {"rules": list(pair)}


def _add_by(
    kinds: Mapping[tuple[EntryKind, str], Tally], name: Callable[[EntryKind], Iterable[Names]]
) -> list[dict[str, Any]]:
    """Return tallies by what a kind is named, and by label."""
    found: dict[str, tuple[Names, list[Tally]]] = {}
    for (kind, label), tally in kinds.items():
        for names in name(kind):
            named = {**names, "label": label}
            found.setdefault(repr(named), (named, []))[1].append(tally)
    return [{**named, **_serialize(add_tallies(tallies))} for _, (named, tallies) in sorted(found.items())]


def _spread(tallies: Mapping[tuple[int, str], Tally], steps: range) -> dict[str, dict[str, list[float]]]:
    """Return for each name its counts and amounts along all steps, zero where there is nothing."""
    return {
        name: {
            "decisions": [tallies.get((step, name), NOTHING)[0] for step in steps],
            "amount": [tallies.get((step, name), NOTHING)[1] / 100 for step in steps],
        }
        for name in sorted({name for _, name in tallies})
    }
