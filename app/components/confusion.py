"""Confusion matrix as an HTML table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.components.score_table import ScoreTable
from app.ui import formatting

APPROVED = "Approved"
# A name, and the number of fraudulent and of legitimate events with that outcome.
Column = tuple[str, int, int]


def matrix_of_scores(table: ScoreTable, thresholds: list[tuple[str, int]], noun: str) -> str:
    """Return the matrix of outcomes by score. ``thresholds`` are names and scores, the weakest first."""
    bounds = [*(table.at(score) for _, score in thresholds)]
    columns = [
        (name, low.frauds - (high.frauds if high else 0), low.legitimate - (high.legitimate if high else 0))
        for (name, _), low, high in zip(thresholds, bounds, [*bounds[1:], None], strict=True)
    ]
    passed = table.all.frauds - bounds[0].frauds, table.all.legitimate - bounds[0].legitimate
    return confusion_matrix([*reversed(columns), (APPROVED, *passed)], noun)


def confusion_matrix(columns: Sequence[Column], noun: str) -> str:
    """Return the outcomes of fraudulent and of legitimate events; a cell's shade is its share of its row.

    ``columns`` begin with the strongest outcome and end with approval. ``noun`` names the events, in the plural.
    """
    frauds, legitimate = sum(column[1] for column in columns), sum(column[2] for column in columns)
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name, _, _ in columns)
    last = len(columns) - 1
    caught = [_cell(column[1], frauds, "stop" if place == last else "go") for place, column in enumerate(columns)]
    alarms = [
        _cell(column[2], legitimate, "go" if place == last else "stop" if place == 0 < last - 1 else "look")
        for place, column in enumerate(columns)
    ]
    return (
        f'<table class="tg-matrix" aria-label="Confusion matrix of {noun}"><tr><td class="tg-corner"></td>{heads}</tr>'
        f'<tr><th scope="row">Fraud</th>{"".join(caught)}</tr>'
        f'<tr><th scope="row">Legitimate</th>{"".join(alarms)}</tr></table>'
    )


def _cell(number: int, of: int, tone: str) -> str:
    share = number / of if of else 0.0
    return (
        f'<td class="tg-tone-{tone}" style="--tg-share:{share * 100:.1f}%"><b>{formatting.count(number)}</b>'
        f"<span>{formatting.percent(share)}</span></td>"
    )
