"""Summary of a file's results so far: counts, money, scores, top events, errors and notes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.files.columns.arrow_columns import python_values
from tollgate.core.files.columns.arrow_reader import ChunkEvents
from tollgate.core.files.decide_chunk import ChunkDecisions
from tollgate.core.files.notes.column_notes import ColumnNotes
from tollgate.core.files.notes.time_notes import ClockNotes, TimeNotes
from tollgate.core.files.readers.chunk import Chunk

HISTOGRAM_EDGES = tuple(range(0, 1001, 50))
MAX_SHOWN = 100


@dataclass
class FileSummary:
    """Counts of rows, and the first and the highest of them, as far as they are shown.

    ``latest_s`` is the time of the latest usable event, in seconds since 1970; -inf without one. ``downgraded`` counts
    by rule the rows that it gave a weaker outcome than their score.
    """

    rows: int = 0
    scored: int = 0
    outcomes: list[int] = field(default_factory=list)
    amounts: list[float] = field(default_factory=list)
    histogram: list[int] = field(default_factory=lambda: [0] * (len(HISTOGRAM_EDGES) - 1))
    rules: list[int] = field(default_factory=list)
    downgraded: dict[str, int] = field(default_factory=dict)
    top_events: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    latest_s: float = -math.inf
    noticed: ColumnNotes = field(default_factory=ColumnNotes)
    times: TimeNotes = field(default_factory=TimeNotes)
    clock: ClockNotes = field(default_factory=ClockNotes)

    def add(self, version: DetectorVersion, chunk: Chunk, read: ChunkEvents, decided: ChunkDecisions) -> None:
        """Take a chunk into account."""
        count = len(version.order)
        self.names = list(chunk.names)
        self.rows += len(chunk)
        self.scored += len(read.places)
        self.outcomes = _plus(self.outcomes, np.bincount(decided.ranks, minlength=count).tolist())
        self.rules = _plus(self.rules, decided.rule_counts.tolist())
        self.histogram = _plus(self.histogram, np.histogram(decided.scores, HISTOGRAM_EDGES)[0].tolist())
        if read.events.amounts is not None:
            known = ~np.isnan(read.events.amounts)
            # Exact within the chunk and rounded once: no order of summing can show.
            sums = [math.fsum(read.events.amounts[known & (decided.ranks == rank)]) for rank in range(count)]
            self.amounts = [math.fsum(pair) for pair in zip(self.amounts or [0.0] * count, sums, strict=True)]
        if len(read.places):
            self.latest_s = max(self.latest_s, float(np.max(read.events.times_s)))
        kind = version.event_type
        self.noticed.add(kind, read.events, dict(zip(chunk.names, chunk.columns, strict=True)))
        self.times.add(version, chunk, read)
        self.clock.add(kind, read.events.times_us, chunk.column(kind.timestamp), read.places)
        for place in decided.downgraded:
            rule = _acting(decided.rules[place])
            self.downgraded[rule] = self.downgraded.get(rule, 0) + 1
        self._add_errors(chunk, read)
        self._add_top_events(version, chunk, read, decided)

    def _add_errors(self, chunk: Chunk, read: ChunkEvents) -> None:
        for row in sorted(read.problems)[: MAX_SHOWN - len(self.errors)]:
            column, message = read.problems[row]
            self.errors.append({"row": chunk.first_row + row + 1, "column": column, "message": message})

    def _add_top_events(
        self, version: DetectorVersion, chunk: Chunk, read: ChunkEvents, decided: ChunkDecisions
    ) -> None:
        least = self.top_events[-1]["probability"] if len(self.top_events) == MAX_SHOWN else -1.0
        candidates = np.flatnonzero(decided.probabilities > least)
        order = np.argsort(-decided.probabilities[candidates], kind="stable")[:MAX_SHOWN]
        shown = _shown_columns(version)
        columns = dict(zip(chunk.names, chunk.columns, strict=True))
        for place in candidates[order].tolist():
            row = int(read.places[place])
            event = {name: _plain(_cell(columns[column], row)) for name, column in shown.items()}
            self.top_events.append(
                {
                    "row": chunk.first_row + row + 1,
                    **event,
                    "score": int(decided.scores[place]),
                    "probability": float(decided.probabilities[place]),
                    "outcome": version.order[int(decided.ranks[place])],
                    "downgraded": _downgrade(version, decided, place),
                    "reasons": list(decided.reasons.get(place, ())),
                }
            )
        self.top_events.sort(key=lambda event: -event["probability"])
        del self.top_events[MAX_SHOWN:]

    def describe(self, version: DetectorVersion, *, begins_empty: bool = False) -> dict[str, Any]:
        """Return the summary as `summary.json` has it; ``begins_empty`` says that no histories were stored."""
        order = version.order
        counts = self.outcomes or [0] * len(order)
        amounts = self.amounts or [0.0] * len(order)
        return {
            "detector": version.detector,
            "detector_version": version.version,
            "rows": self.rows,
            "scored": self.scored,
            "failed": self.rows - self.scored,
            "outcomes": dict(zip(order, counts, strict=True)),
            "amounts": {name: round(total, 2) for name, total in zip(order, amounts, strict=True)}
            if version.event_type.amount
            else None,
            "score_histogram": {"edges": list(HISTOGRAM_EDGES), "counts": self.histogram},
            "top_events": self.top_events,
            "errors": self.errors,
            "ahead": self.times.ahead,
            "notes": [
                *self.times.describe(version, begins_empty=begins_empty),
                *self.clock.describe(version.event_type),
                *self.noticed.describe(),
            ],
            "unused_columns": [name for name in self.names if name not in version.event_type.accepted],
            "downgraded": dict(sorted(self.downgraded.items())),
            "rules": {
                compiled.rule.name: count
                for compiled, count in zip(
                    version.rules.rules, self.rules or [0] * len(version.rules.rules), strict=True
                )
            },
        }

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that a checkpoint holds."""
        latest_s = self.latest_s if self.scored else None
        noticed = {"noticed": self.noticed.to_json(), "times": vars(self.times), "clock": self.clock.to_json()}
        return {**vars(self), "latest_s": latest_s, **noticed}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> FileSummary:
        """Rebuild what `to_json` wrote."""
        latest_s = -math.inf if plain["latest_s"] is None else plain["latest_s"]
        # A checkpoint of before has noticed nothing.
        noticed, times = ColumnNotes(**plain.get("noticed", {})), TimeNotes(**plain.get("times", {}))
        clock = ClockNotes(**plain.get("clock", {}))
        return cls(**{**plain, "latest_s": latest_s, "noticed": noticed, "times": times, "clock": clock})


def _downgrade(version: DetectorVersion, decided: ChunkDecisions, place: int) -> dict[str, str] | None:
    """Return the rule that took a stronger outcome away from an event, and which; None where none did."""
    if place not in decided.downgraded:
        return None
    return {"rule": _acting(decided.rules[place]), "from": version.order[decided.downgraded[place]]}


def _acting(names: str) -> str:
    """Return the one rule that acted, of those that counted: where all act, none weakens an outcome."""
    return next(name for name in names.split("; ") if not name.endswith(" (shadow)"))


def _plus(sums: list[int], added: list[int]) -> list[int]:
    return [one + other for one, other in zip(sums or [0] * len(added), added, strict=True)]


def _shown_columns(version: DetectorVersion) -> dict[str, str]:
    event_type = version.event_type
    shown = {"event_id": event_type.id} if event_type.id else {}
    shown["timestamp"] = event_type.timestamp
    shown |= {"amount": event_type.amount} if event_type.amount else {}
    return shown | {column: column for column in event_type.entity_columns if column not in shown}


def _cell(column: Any, row: int) -> object:  # noqa: ANN401 - an Arrow array or a list
    return column[row] if isinstance(column, list) else python_values(column.slice(row, 1))[0]


def _plain(value: object) -> object:
    """Return a value as JSON can hold it; a number written as text becomes one."""
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value)
    try:
        number = json.loads(text)
    except ValueError:
        return text
    # An id such as NaN or 1e999 stays a text: JSON has no such numbers.
    return number if isinstance(number, float) and math.isfinite(number) else text
