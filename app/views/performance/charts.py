"""Charts of the Performance page: cost of thresholds, calibration, and fraud by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import altair as alt

from app.api.client import Json
from app.components.charts import COLORS, RULE, Chart, inline, one_or_other
from app.components.live_days import LiveDay
from app.ui import times
from app.views.performance.costs import Cost

PARTS = {"Missed fraud": "#e0525c", "Reviews": "#e0a03c", "Wrong blocks": "#8b79d9"}
CAUGHT = {"Caught": "#2f9e6e", "Missed": "#e0525c"}
_HEIGHT = 260


def cost_chart(costs: Iterable[tuple[int, Cost]], chosen: int, best: int, unit: str) -> Chart:
    """Return the parts of the cost per day, stacked, by threshold; lines mark the current and the cheapest one."""
    rows: list[Json] = []
    for score, cost in costs:
        parts = zip(PARTS, (cost.missed, cost.reviews, cost.wrong_blocks), strict=True)
        rows += [{"score": score, "part": part, "cost": round(money, 2)} for part, money in parts]
    peak = _peak(rows)
    x = alt.X("score:Q", title="Threshold", scale=alt.Scale(domain=[0, 1000], nice=False), axis=alt.Axis(tickCount=10))
    area = (
        alt.Chart(inline(rows))
        .mark_area(clip=True)
        .encode(
            x=x,
            y=alt.Y(
                "cost:Q", title=f"Cost per day{unit}", scale=alt.Scale(domain=[0, peak]), axis=alt.Axis(tickCount=5)
            ),
            color=alt.Color(
                "part:N",
                title=None,
                sort=list(PARTS),
                scale=alt.Scale(domain=list(PARTS), range=list(PARTS.values())),
                legend=alt.Legend(orient="bottom"),
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("score:Q", title="Threshold"),
                alt.Tooltip("part:N", title="Part"),
                alt.Tooltip("cost:Q", title="Cost per day", format=",.2f"),
            ],
        )
        .transform_calculate(order=f"indexof({list(PARTS)}, datum.part)")
    )
    lines = [("current", chosen, [4, 3], 0), ("cheapest", best, [1, 0], 1)]
    return alt.layer(area, *(_line(*line) for line in lines if line[1] <= 1000)).properties(height=_HEIGHT)


def _peak(rows: Sequence[Json]) -> float:
    """Return a height that shows the valley: three times the lowest total, where the slopes are higher."""
    totals: dict[int, float] = {}
    for row in rows:
        totals[row["score"]] = totals.get(row["score"], 0.0) + row["cost"]
    return min(max(totals.values()), max(4 * min(totals.values()), totals[1000] * 1.15)) or 1.0


def _line(name: str, score: int, dash: list[int], row: int) -> Chart:
    base = alt.Chart(inline([{"score": score, "name": f"{name} {score}"}])).encode(x=alt.X("score:Q"))
    text = base.mark_text(align="right", baseline="bottom", dx=3, color=RULE, fontSize=12, fontWeight=600)
    rule = base.mark_rule(color=RULE, strokeDash=dash, strokeWidth=1.5)
    return rule + text.encode(y=alt.YValue(-3 - 14 * row), text=alt.Text("name:N"))


def calibration_chart(bins: Sequence[Json]) -> Chart:
    """Return predicted against observed shares of fraud, in logarithms; on the dashed line they are equal.

    A bin in which nothing was fraud stands at the lower edge.
    """
    shown = [one for one in bins if one["mean_predicted"] > 0]
    least = min([one["mean_predicted"] for one in shown] + [one["observed_share"] or 1.0 for one in shown])
    floor = 10.0 ** _exponent(least)
    scale = alt.Scale(type="log", domain=[floor, 1.0], clamp=True)
    axis = alt.Axis(format="~%", values=[10.0**power for power in range(_exponent(least), 1)])
    rows = [{**one, "observed": max(one["observed_share"], floor)} for one in shown]
    points = (
        alt.Chart(inline(rows))
        .mark_circle(size=90, opacity=1, color=COLORS["All"])
        .encode(
            x=alt.X("mean_predicted:Q", title="Predicted probability of fraud", scale=scale, axis=axis),
            y=alt.Y("observed:Q", title="Actual share of fraud", scale=scale, axis=axis),
            tooltip=[
                alt.Tooltip("mean_predicted:Q", title="Predicted", format=".4%"),
                alt.Tooltip("observed_share:Q", title="Actual", format=".4%"),
                alt.Tooltip("count:Q", title="Number", format=","),
            ],
        )
    )
    equal = alt.Chart(inline([{"x": floor, "y": floor}, {"x": 1.0, "y": 1.0}]))
    line = equal.mark_line(strokeDash=[4, 3], color=RULE, strokeWidth=1.5).encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
    return alt.layer(line, points).properties(height=_HEIGHT)


def _exponent(number: float) -> int:
    power = 0
    while number < 10.0**power and power > -6:
        power -= 1
    return power


def days_chart(days: Sequence[LiveDay], count: Callable[[Json], tuple[int, int]]) -> Chart:
    """Return the known fraud of each day, caught and missed by ``count``; days without final labels are pale."""
    rows: list[Json] = []
    for live in days:
        state = "final" if live.is_mature else f"open until {times.day(live.matures)}"
        for kind, number in zip(CAUGHT, count(live.summary), strict=True):
            row = {
                "day": live.day.isoformat(),
                "date": times.day(live.day),
                "kind": kind,
                "count": number,
                "labels": state,
            }
            rows.append(row | {"mature": live.is_mature, "decisions": live.summary["decisions"]})
    return (
        alt.Chart(inline(rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "day:O", title=None, timeUnit="utcyearmonthdate", axis=alt.Axis(format="%b %-d", labelOverlap=True)
            ),
            y=alt.Y("count:Q", title="Known fraud", axis=alt.Axis(tickMinStep=1, tickCount=4)),
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=list(CAUGHT), range=list(CAUGHT.values())),
                legend=alt.Legend(orient="bottom"),
            ),
            opacity=one_or_other(alt.OpacityValue, "datum.mature", 1, 0.3),
            tooltip=[
                alt.Tooltip("date:N", title="Day (UTC)"),
                alt.Tooltip("kind:N", title="Fraud"),
                alt.Tooltip("count:Q", title="Number"),
                alt.Tooltip("labels:N", title="Labels"),
                alt.Tooltip("decisions:Q", title="Decisions", format=","),
            ],
        )
        .properties(height=190)
    )
