"""Timeline of one customer's payments before and after a payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import altair as alt

from app.components.charts import Chart, inline, one_or_other
from app.views.queue.chart_marks import THIS, Mark, encode_kind, tooltip


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
    return "%H:%M" if known[-1] - known[0] < timedelta(2) else "%d %b"
