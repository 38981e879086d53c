"""Link graph: a payment, the entities it shares with other payments, and those payments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import altair as alt

from app.components.charts import Chart, inline, one_or_other
from app.ui import formatting
from app.views.queue.chart_marks import THIS, Mark, encode_kind, tooltip

# Payments drawn around one entity; a number shows how many there are.
MAX_DRAWN = 12
_REACH, _FAN = 0.62, 0.85 * math.pi
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
    centres = {shared: _step((0.0, 0.0), angle, 1.0) for shared, angle in directions.items()}
    places: dict[str, list[Point]] = {}
    marks: dict[str, Mark] = {}
    for shared, others in around.items():
        for number, mark in enumerate(others):
            angle = directions[shared] + _FAN * ((number + 0.5) / len(others) - 0.5) * min(1.0, len(others) / 5)
            places.setdefault(mark.event_id, []).append(_step(centres[shared], angle, _REACH))
            marks[mark.event_id] = mark
    points = {event_id: _middle(several) for event_id, several in places.items()}
    hubs = [
        Hub(
            f"{formatting.title(entity)} {key}",
            centres[entity, key],
            sum(m.event_id != this.event_id for m in marks_of),
        )
        for (entity, key), marks_of in linked.items()
    ]
    lines = [((0.0, 0.0), centre) for centre in centres.values()]
    lines += [(centres[shared], points[mark.event_id]) for shared, others in around.items() for mark in others]
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
    # A name reaches from its hub towards the middle: the other payments are on the far side.
    left = base.transform_filter("datum.x < 0").mark_text(align="left", dx=-5, dy=-14, **names)
    right = base.transform_filter("datum.x >= 0").mark_text(align="right", dx=5, dy=-14, **names)
    return [rings, left.encode(text=alt.Text("both:N")), right.encode(text=alt.Text("both:N"))]
