"""What a file's rows get beside their own columns, whatever reads and writes the file."""

from __future__ import annotations

from collections.abc import Sequence

from tollgate.core.decision import Decisions
from tollgate.core.event import Events
from tollgate.core.explain import TOP, explain_decisions
from tollgate.core.version import DetectorVersion

DECIDED = "ok"


def result_names(version: DetectorVersion) -> list[str]:
    """Return the columns that are added to a file's own, in their order."""
    rules = ["rules"] if version.rules.rules else []
    reasons = [f"reason_{number}" for number in range(1, TOP + 1)] if version.reasons is not None else []
    return ["score", "probability", "outcome", *rules, "status", *reasons]


def describe_decisions(version: DetectorVersion, events: Events, decided: Decisions) -> dict[str, Sequence[object]]:
    """Return the added columns of n events that were decided on, by name: n values each."""
    columns: dict[str, Sequence[object]] = {
        "score": decided.scores.tolist(),
        "probability": decided.probabilities.tolist(),
        "outcome": decided.outcomes,
        "rules": ["; ".join(names) for names in decided.rules.names()],
        "status": [DECIDED] * len(events),
        **_top_reasons(version, events, decided),
    }
    return {name: columns[name] for name in result_names(version)}


def _top_reasons(version: DetectorVersion, events: Events, decided: Decisions) -> dict[str, list[str | None]]:
    """Return the top reasons of what is not simply approved: each a sentence, with its impact."""
    columns: list[list[str | None]] = [[None] * len(events) for _ in range(TOP)]
    mildest = version.outcomes[0].name
    places = [place for place, outcome in enumerate(decided.outcomes) if outcome != mildest]
    for place, explanation in zip(places, explain_decisions(version, events, decided, places), strict=False):
        for column, reason in zip(columns, explanation.reasons, strict=False):
            column[place] = f"{reason.sentence.rstrip('.')} ({reason.impact:+d})"
    return {f"reason_{number}": column for number, column in enumerate(columns, start=1)}


def say_problem(column: str, message: str) -> str:
    """Return the status of a row that cannot be used; without a ``column``, the problem is the whole row's."""
    return f'error: column "{column}": {message}' if column else f"error: {message}"
