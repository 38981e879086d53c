"""Chart of today by hour, over the usual band of each hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import altair as alt

from app.components.charts import COLORS, RULE, Chart, inline, one_or_other
from app.ui import times
from app.views.today.baseline import Band, Baseline, find_band
from app.views.today.data import HOURS, DayFigures

UNIT = {"payments": "Payments", "alerts": "Alerts", "amount": "Amount"}


def day_chart(today: DayFigures, baseline: Baseline | None, now: datetime, kind: str, currency: str) -> Chart:
    """Return bars of today's hours up to now, over the band of the same hours in the baseline."""
    layers = [_band(baseline, kind, today.day), _bars(today, now, kind)] if baseline else [_bars(today, now, kind)]
    if baseline:
        layers.append(_middle(baseline, kind, today.day))
    title = f"{UNIT[kind]} ({currency})" if kind == "amount" and currency else UNIT[kind]
    y = alt.Y("value:Q", title=title, axis=alt.Axis(tickCount=4))
    return alt.layer(*layers).encode(y=y).properties(height=215)


def _values(day: DayFigures, kind: str) -> Sequence[float]:
    hours = day.by_hour["payments" if kind == "amount" else kind]
    return hours.amount if kind == "amount" else hours.payments


def _hour(day: date, offset: float = 0.5) -> alt.X:
    """Return the axis of a day's hours in UTC, labeled with the time of day in the shown zone."""
    scale = alt.Scale(domain=[0, HOURS], nice=False)
    axis = alt.Axis(values=list(range(0, HOURS + 1, 3)), labelExpr=f"{times.hours_of(day)}[datum.value]", grid=False)
    return alt.X(
        f"{'middle' if offset else 'hour'}:Q", title=f"Time of day ({times.zone_name()})", scale=scale, axis=axis
    )


def _bars(today: DayFigures, now: datetime, kind: str) -> Chart:
    hours = times.hours_of(today.day)
    rows = [
        {
            "hour": hour + 0.12,
            "end": hour + 0.88,
            "value": value,
            "span": f"{hours[hour]} to {hours[hour + 1]}",
            "state": "so far" if hour == now.hour else "full hour",
        }
        for hour, value in enumerate(_values(today, kind)[: now.hour + 1])
    ]
    tooltip = [
        alt.Tooltip("span:N", title="Today"),
        alt.Tooltip("value:Q", title=UNIT[kind], format=",.0f"),
        alt.Tooltip("state:N", title="Period"),
    ]
    opacity = one_or_other(alt.OpacityValue, "datum.state == 'so far'", 0.55, 0.95)
    bars = alt.Chart(inline(rows)).mark_bar(color=COLORS["All"], cornerRadiusEnd=2)
    return bars.encode(x=_hour(today.day, 0), x2=alt.X2("end:Q"), y2=alt.Y2Datum(0), tooltip=tooltip, opacity=opacity)


def _band(baseline: Baseline, kind: str, day: date) -> Chart:
    rows = [
        {"hour": hour, "end": hour + 1, "value": band.low, "top": band.high} for hour, band in _bands(baseline, kind)
    ]
    marks = alt.Chart(inline(rows)).mark_bar(color="#8a94a6", opacity=0.28)
    return marks.encode(x=_hour(day, 0), x2=alt.X2("end:Q"), y2=alt.Y2("top:Q"))


def _middle(baseline: Baseline, kind: str, day: date) -> Chart:
    hours = times.hours_of(day)
    rows = [
        {
            "middle": hour + 0.5,
            "value": band.middle,
            "span": f"{hours[hour]} to {hours[hour + 1]}",
            "range": f"{band.low:,.0f} to {band.high:,.0f}",
        }
        for hour, band in _bands(baseline, kind)
    ]
    tooltip = [
        alt.Tooltip("span:N", title="Baseline"),
        alt.Tooltip("value:Q", title="Median", format=",.0f"),
        alt.Tooltip("range:N", title="Range"),
    ]
    marks = alt.Chart(inline(rows)).mark_line(color=RULE, strokeWidth=2, interpolate="step", point=False)
    dots = alt.Chart(inline(rows)).mark_point(color=RULE, filled=True, size=22)
    return marks.encode(x=_hour(day)) + dots.encode(x=_hour(day), tooltip=tooltip)


def _bands(baseline: Baseline, kind: str) -> list[tuple[int, Band]]:
    per_hour = zip(*(_values(day, kind) for day in baseline.days), strict=True)
    return [(hour, find_band(list(values))) for hour, values in enumerate(per_hour)]
