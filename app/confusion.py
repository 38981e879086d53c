"""The confusion matrix as an HTML table."""

from __future__ import annotations

from app import wording
from app.score_table import ScoreTable


def confusion_matrix(table: ScoreTable, thresholds: list[tuple[str, int]], noun: str) -> str:
    """Return what is done with frauds and with legitimate events; a cell's shade is its share of its row.

    ``thresholds`` are names and scores, the weakest first. ``noun`` names the events, in the plural.
    """
    frauds, legitimate = table.all.frauds, table.all.legitimate
    bounds = [*(table.at(score) for _, score in thresholds)]
    names = [name for name, _ in thresholds]
    acted = [
        (low.frauds - (high.frauds if high else 0), low.legitimate - (high.legitimate if high else 0))
        for low, high in zip(bounds, [*bounds[1:], None], strict=True)
    ]
    heads = "".join(f'<th scope="col">{name}</th>' for name in [*reversed(names), "Let through"])
    strong = len(acted) - 1
    caught = [_cell(acted[place][0], frauds, "go") for place in range(strong, -1, -1)]
    alarms = [
        _cell(acted[place][1], legitimate, "stop" if place == strong > 0 else "look") for place in range(strong, -1, -1)
    ]
    missed, passed = frauds - bounds[0].frauds, legitimate - bounds[0].legitimate
    return (
        f'<table class="tg-matrix" aria-label="Confusion matrix of {noun}"><tr><td class="tg-corner"></td>{heads}</tr>'
        f'<tr><th scope="row">Fraud</th>{"".join(caught)}{_cell(missed, frauds, "stop")}</tr>'
        f'<tr><th scope="row">Legitimate</th>{"".join(alarms)}{_cell(passed, legitimate, "go")}</tr></table>'
    )


def _cell(number: int, of: int, tone: str) -> str:
    share = number / of if of else 0.0
    return (
        f'<td class="tg-tone-{tone}" style="--tg-share:{share * 100:.1f}%"><b>{wording.count(number)}</b>'
        f"<span>{wording.percent(share)}</span></td>"
    )
