"""Chart marks: payments by kind, each with its own shape and color."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from app.api.client import Json
from app.api.detector import Detector
from app.components.charts import Chart
from app.ui import formatting

THIS, FRAUD, STOPPED, PASSED = "This payment", "Confirmed fraud", "Reviewed or blocked", "Approved"
_COLOURS = {THIS: "#7b5cc4", FRAUD: "#e0525c", STOPPED: "#d08a2e", PASSED: "#5b8def"}
_SHAPES = {THIS: "diamond", FRAUD: "triangle-up", STOPPED: "square", PASSED: "circle"}


@dataclass(frozen=True)
class Mark:
    """A payment in a chart; ``at`` places it, ``when`` is shown to the reader."""

    event_id: str
    at: str
    when: str
    amount: float
    kind: str
    said: str


def mark_payment(found: Json, this: str, detector: Detector) -> Mark:
    """Return the mark of a decision that a search found; ``this`` is the event of the open case."""
    label = (found.get("label") or {}).get("label")
    if found["event_id"] == this:
        kind = THIS
    elif label == "fraud":
        kind = FRAUD
    else:
        kind = PASSED if found["outcome"] == detector.outcomes[0].name else STOPPED
    score = formatting.NOTHING if found.get("score") is None else str(found["score"])
    said = f"{formatting.title(found['outcome'])}, score {score}{f', labeled {label}' if label else ''}"
    at = str(found["timestamp"])
    return Mark(found["event_id"], at, formatting.moment(at), float(found.get("amount") or 0.0), kind, said)


def encode_kind(*, legend: bool) -> dict[str, Chart]:
    """Return colour and shape by kind."""
    kinds = list(_COLOURS)
    key = (
        alt.Legend(orient="bottom", symbolOpacity=1, columns=4, labelFontSize=11, columnPadding=10) if legend else None
    )
    colours, shapes = [_COLOURS[kind] for kind in kinds], [_SHAPES[kind] for kind in kinds]
    return {
        "color": alt.Color("kind:N", title=None, scale=alt.Scale(domain=kinds, range=colours), legend=key),
        "shape": alt.Shape("kind:N", title=None, scale=alt.Scale(domain=kinds, range=shapes), legend=key),
    }


def tooltip(currency: str) -> list[Chart]:
    """Return the tooltip of a payment."""
    symbol = formatting.SYMBOLS.get(currency, "")
    return [
        alt.Tooltip("event_id:N", title="Event"),
        alt.Tooltip("when:N", title="Time"),
        alt.Tooltip("amount:Q", title="Amount", format=f"{symbol if symbol == '$' else ''},.2f"),
        alt.Tooltip("said:N", title="Decision"),
    ]
