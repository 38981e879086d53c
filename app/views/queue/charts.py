"""Charts of a case: a timeline of the customer's payments, and a graph of payments that share an entity with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import altair as alt

from app.api.client import Json
from app.api.detector import Detector
from app.components.charts import Chart, inline, one_or_other
from app.ui import formatting, times

THIS, FRAUD, STOPPED, PASSED = "This payment", "Confirmed fraud", "Reviewed or blocked", "Approved"
_COLORS = {THIS: "#7b5cc4", FRAUD: "#e0525c", STOPPED: "#d08a2e", PASSED: "#5b8def"}
_SHAPES = {THIS: "diamond", FRAUD: "triangle-up", STOPPED: "square", PASSED: "circle"}
# Payments drawn around one entity; a number shows how many there are.
MAX_DRAWN = 12
_REACH, _FAN = 0.62, 0.85 * math.pi


@dataclass(frozen=True)
class Mark:
    """A payment in a chart; ``at`` places it on an axis in the shown zone, ``when`` is shown to the reader."""

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
    return Mark(found["event_id"], times.on_axis(at), times.moment(at), float(found.get("amount") or 0.0), kind, said)


def encode_kind(*, legend: bool) -> dict[str, Chart]:
    """Return color and shape by kind."""
    kinds = list(_COLORS)
    key = (
        alt.Legend(orient="bottom", symbolOpacity=1, columns=4, labelFontSize=11, columnPadding=10) if legend else None
    )
    colors, shapes = [_COLORS[kind] for kind in kinds], [_SHAPES[kind] for kind in kinds]
    return {
        "color": alt.Color("kind:N", title=None, scale=alt.Scale(domain=kinds, range=colors), legend=key),
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


def timeline_chart(marks: Sequence[Mark], currency: str) -> Chart:
    """Return payments over time by amount, the open case largest; the graph below has the legend."""
    rows = [asdict(mark) for mark in sorted(marks, key=lambda mark: mark.kind == THIS)]
    base = alt.Chart(inline(rows))
    axis = alt.Axis(tickCount=5, grid=False, format=_time_format([mark.at for mark in marks]))
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc", padding=12), axis=axis)
    y = alt.Y("amount:Q", title=None, axis=alt.Axis(tickCount=3))
    stems = base.mark_rule(opacity=0.35, strokeWidth=1).encode(x=x, y=y, y2=alt.Y2Datum(0))
    size = one_or_other(alt.SizeValue, f"datum.kind == '{THIS}'", 150, 60)
    points = base.mark_point(filled=True, opacity=0.95).encode(
        x=x, y=y, size=size, tooltip=tooltip(currency), **encode_kind(legend=False)
    )
    return alt.layer(stems, points).properties(height=96)


def _time_format(moments: Sequence[str]) -> str:
    """Return the time format of the axis: hours if all payments lie within two days."""
    known = sorted(datetime.fromisoformat(moment) for moment in moments)
    return "%H:%M" if known[-1] - known[0] < timedelta(2) else "%b %-d"


Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A payment and its position."""

    at: Point
    mark: Mark


@dataclass(frozen=True)
class Hub:
    """An entity that payments share, such as one device, and its position."""

    name: str
    at: Point
    others: int

    @property
    def said(self) -> str:
        """The number of other payments found that share it."""
        return f"{self.others} other{'' if self.others == 1 else 's'}"


@dataclass(frozen=True)
class Graph:
    """Placed payments and hubs, and the lines between them."""

    nodes: tuple[Node, ...]
    hubs: tuple[Hub, ...]
    lines: tuple[tuple[Point, Point], ...]


def build_graph(this: Mark, linked: Mapping[tuple[str, str], Sequence[Mark]]) -> Graph:
    """Place a payment in the middle, what it shares around it, and around that the others, the newest first.

    ``linked`` has the payments of each (entity, key). A payment that shares two things stands between them.
    """
    around = {shared: [m for m in marks if m.event_id != this.event_id][:MAX_DRAWN] for shared, marks in linked.items()}
    directions = {shared: 2 * math.pi * place / max(len(around), 1) for place, shared in enumerate(around)}
    centers = {shared: _step((0.0, 0.0), angle, 1.0) for shared, angle in directions.items()}
    places: dict[str, list[Point]] = {}
    marks: dict[str, Mark] = {}
    for shared, others in around.items():
        for number, mark in enumerate(others):
            angle = directions[shared] + _FAN * ((number + 0.5) / len(others) - 0.5) * min(1.0, len(others) / 5)
            places.setdefault(mark.event_id, []).append(_step(centers[shared], angle, _REACH))
            marks[mark.event_id] = mark
    points = {event_id: _middle(several) for event_id, several in places.items()}
    hubs = [
        Hub(
            f"{formatting.title(entity)} {key}",
            centers[entity, key],
            sum(m.event_id != this.event_id for m in marks_of),
        )
        for (entity, key), marks_of in linked.items()
    ]
    lines = [((0.0, 0.0), center) for center in centers.values()]
    lines += [(centers[shared], points[mark.event_id]) for shared, others in around.items() for mark in others]
    nodes = [Node((0.0, 0.0), this), *(Node(point, marks[event_id]) for event_id, point in points.items())]
    return Graph(tuple(nodes), tuple(hubs), tuple(lines))


def _step(origin: Point, angle: float, length: float) -> Point:
    """Return the point at an angle from another; the picture is wider than high."""
    return origin[0] + 1.25 * length * math.cos(angle), origin[1] + length * math.sin(angle)


def _middle(points: Sequence[Point]) -> Point:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def graph_chart(graph: Graph, currency: str) -> Chart:
    """Return the drawing."""
    axis = {"axis": None, "scale": alt.Scale(nice=False, padding=14)}
    x, y = alt.X("x:Q", **axis), alt.Y("y:Q", **axis)
    edges = [{"x": a[0], "y": a[1], "x2": b[0], "y2": b[1]} for a, b in graph.lines]
    lines = alt.Chart(inline(edges)).mark_rule(color="#8a94a6", opacity=0.5)
    nodes = [{"x": node.at[0], "y": node.at[1], **asdict(node.mark)} for node in graph.nodes]
    size = one_or_other(alt.SizeValue, f"datum.kind == '{THIS}'", 190, 70)
    points = alt.Chart(inline(nodes)).mark_point(filled=True, opacity=0.95)
    drawn = [
        lines.encode(x=x, y=y, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q")),
        points.encode(x=x, y=y, size=size, tooltip=tooltip(currency), **encode_kind(legend=True)),
        *_hub_layers(graph.hubs, x, y),
    ]
    return alt.layer(*drawn).properties(height=196).configure_view(strokeWidth=0)


def _hub_layers(hubs: Sequence[Hub], x: Chart, y: Chart) -> list[Chart]:
    rows = [
        {"x": hub.at[0], "y": hub.at[1], "name": hub.name, "said": hub.said, "both": f"{hub.name}, {hub.said}"}
        for hub in hubs
    ]
    base = alt.Chart(inline(rows)).encode(x=x, y=y)
    tips = [alt.Tooltip("name:N", title="Shared"), alt.Tooltip("said:N", title="By")]
    rings = base.mark_point(shape="circle", size=130, filled=True, color="#8a94a6", opacity=1).encode(tooltip=tips)
    names = {"fontSize": 11, "fontWeight": 600, "color": "#6f7b90"}
    # A name reaches from its hub toward the middle: the other payments are on the far side.
    left = base.transform_filter("datum.x < 0").mark_text(align="left", dx=-5, dy=-14, **names)
    right = base.transform_filter("datum.x >= 0").mark_text(align="right", dx=5, dy=-14, **names)
    return [rings, left.encode(text=alt.Text("both:N")), right.encode(text=alt.Text("both:N"))]
