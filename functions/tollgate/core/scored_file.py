"""A file of events, decided on row by row, and what is worth knowing about the whole."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tollgate.core.decision import decide_in_order
from tollgate.core.event import Events
from tollgate.core.reading import good_rows, read_events, require_columns
from tollgate.core.replay import StoredHistories
from tollgate.core.row_results import describe_decisions, result_names, say_problem
from tollgate.core.table_files import FileTable, free_name, write_csv
from tollgate.core.version import DetectorVersion

HISTOGRAM_EDGES = tuple(range(0, 1001, 50))
MOST_SHOWN = 100


@dataclass(frozen=True)
class ReadFile:
    """A file as events: the ``events`` of its usable ``rows`` (numbers of rows from 0), and why others are not.

    ``problems`` maps a row to the column and the reason; ``table`` is the file as it came.
    """

    table: FileTable
    events: Events
    rows: Sequence[int]
    problems: Mapping[int, tuple[str, str]]


def read_event_file(version: DetectorVersion, table: FileTable) -> ReadFile:
    """Read a file's rows as events; raise `TableError` when a declared column is missing."""
    require_columns(version.event_type, table.names)
    columns = dict(zip(table.names, table.columns, strict=True))
    events, found = read_events(version.event_type, {name: columns[name] for name in version.event_type.variables})
    problems: dict[int, tuple[str, str]] = {row: ("", reason) for row, reason in table.misshapen.items()}
    for problem in found:
        problems.setdefault(problem.row, (problem.column, problem.message))
    good = good_rows(len(table), list(problems))
    return ReadFile(table, events.take(good), good.tolist(), problems)


@dataclass(frozen=True)
class ScoredFile:
    """The results file, and the summary beside it.

    ``excess`` maps places among the usable rows to what `judge_amounts` says of them, where that is not 0: recording
    needs it.
    """

    results: bytes
    summary: Mapping[str, Any]
    excess: Mapping[int, float]


def score_file(version: DetectorVersion, file: ReadFile, stored: StoredHistories) -> ScoredFile:
    """Decide on every usable row in order of time, each seeing the rows before it; bad rows keep their place."""
    n = len(file.table)
    added: dict[str, list[Any]] = {name: [None] * n for name in result_names(version)}
    excess: dict[int, float] = {}
    counts = dict.fromkeys((compiled.rule.name for compiled in version.rules.rules), 0)
    if file.rows:
        decided = decide_in_order(version, file.events, stored)
        excess = {place: float(decided.excess[place]) for place in np.flatnonzero(decided.excess).tolist()}
        counts = decided.rules.counts()
        for name, values in describe_decisions(version, file.events, decided).items():
            for row, value in zip(file.rows, values, strict=True):
                added[name][row] = value
    for row, problem in file.problems.items():
        added["status"][row] = say_problem(*problem)
    names = [*file.table.names, *(free_name(name, file.table.names) for name in added)]
    results = write_csv(names, [*file.table.columns, *added.values()])
    summary = _summarise(version, file, added["score"], added["probability"], added["outcome"])
    return ScoredFile(results, summary | {"rules": counts}, excess)


def _summarise(
    version: DetectorVersion,
    file: ReadFile,
    scores: Sequence[int | None],
    probabilities: Sequence[float | None],
    outcomes: Sequence[str | None],
) -> dict[str, Any]:
    known_scores = np.array([score for score in scores if score is not None], dtype=np.int64)
    counts = Counter(outcome for outcome in outcomes if outcome is not None)
    order = version.order
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "rows": len(file.table),
        "scored": len(file.rows),
        "failed": len(file.problems),
        "outcomes": {name: counts[name] for name in order},
        "amounts": _amounts_by_outcome(file, outcomes, order),
        "score_histogram": {
            "edges": list(HISTOGRAM_EDGES),
            "counts": np.histogram(known_scores, HISTOGRAM_EDGES)[0].tolist(),
        },
        "top_events": _top_events(version, file, scores, probabilities, outcomes),
        "errors": [
            {"row": row + 1, "column": column, "message": message}
            for row, (column, message) in sorted(file.problems.items())[:MOST_SHOWN]
        ],
        "unused_columns": [name for name in file.table.names if name not in version.event_type.accepted],
    }


def _amounts_by_outcome(
    file: ReadFile, outcomes: Sequence[str | None], order: Sequence[str]
) -> dict[str, float] | None:
    if file.events.amounts is None:
        return None
    sums = dict.fromkeys(order, 0.0)
    for row, amount in zip(file.rows, file.events.amounts.tolist(), strict=True):
        outcome = outcomes[row]
        if outcome is not None and not math.isnan(amount):
            sums[outcome] += amount
    return {name: round(total, 2) for name, total in sums.items()}


def _top_events(
    version: DetectorVersion,
    file: ReadFile,
    scores: Sequence[int | None],
    probabilities: Sequence[float | None],
    outcomes: Sequence[str | None],
) -> list[dict[str, Any]]:
    highest = sorted(file.rows, key=lambda row: (-(probabilities[row] or 0.0), row))[:MOST_SHOWN]
    columns = dict(zip(file.table.names, file.table.columns, strict=True))
    event_type = version.event_type
    shown = {"event_id": event_type.id, "timestamp": event_type.timestamp}
    shown |= {"amount": event_type.amount} if event_type.amount else {}
    shown |= {column: column for column in event_type.entity_columns if column not in shown}
    return [
        {
            "row": row + 1,
            **{name: _plain(columns[column][row]) for name, column in shown.items()},
            "score": scores[row],
            "probability": probabilities[row],
            "outcome": outcomes[row],
        }
        for row in highest
    ]


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
