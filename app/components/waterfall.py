"""Waterfall chart of reasons: from the average payment to this payment's log-odds of fraud, one step a reason."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from app.api.client import Json
from app.components.charts import Chart, inline
from app.ui import formatting

RAISES, LOWERS, TOTAL = "#e0525c", "#5b8def", "#7d8ba1"
MAX_STEPS = 9
_KINDS = {"raises the risk": RAISES, "lowers the risk": LOWERS, "total": TOTAL}
# Log-odds, labeled as probabilities: people know percentages.
_AS_PERCENT = "format(1 / (1 + exp(-datum.value)), datum.value < -4.5 ? '.2%' : '.2~p')"


def waterfall(base: float, reasons: Sequence[Json], noun: str) -> Chart:
    """Return the steps from ``base`` (log-odds) over the largest reasons, with all others in one, to the sum."""
    rows = waterfall_rows(base, reasons, noun)
    order = [row["name"] for row in rows]
    y = alt.Y(
        "name:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelLimit=290, labelFontSize=12, ticks=False, domain=False, labelOverlap=False),
    )
    x = alt.X(
        "low:Q", title="Probability of fraud", scale=alt.Scale(domain=_domain(rows), nice=False),
        axis=alt.Axis(labelExpr=_AS_PERCENT, tickCount=6, labelBound=True),
    )  # fmt: skip
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=list(_KINDS), range=list(_KINDS.values())),
        legend=alt.Legend(orient="top", values=["raises the risk", "lowers the risk"]),
    )  # fmt: skip
    tooltip = [
        alt.Tooltip("name:N", title="Reason"),
        alt.Tooltip("said:N", title="Details"),
        alt.Tooltip("contribution:Q", title="Log-odds", format="+.2f"),
        alt.Tooltip("factor:N", title="Odds of fraud"),
    ]
    chart = alt.Chart(inline(rows)).encode(y=y)
    bars = chart.mark_bar(cornerRadius=2, height={"band": 0.62}).encode(
        x=x, x2=alt.X2("high:Q"), color=colour, tooltip=tooltip
    )
    ends = chart.mark_text(align="left", dx=6, fontSize=12, color=TOTAL).encode(
        x=alt.X("high:Q"), text=alt.Text("factor:N")
    )
    return alt.layer(bars, ends).properties(height=25 * len(rows) + 130)


def _domain(rows: Sequence[Json]) -> list[float]:
    """Return the ends of the axis, with room for the labels of the bars."""
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    return [low - 0.04 * (high - low), high + 0.16 * (high - low)]


def waterfall_rows(base: float, reasons: Sequence[Json], noun: str) -> list[Json]:
    """Return one row a step: name, ``low`` and ``high`` in log-odds, effect, and sentence."""
    weighty = sorted(reasons, key=lambda reason: -abs(float(reason["contribution"])))
    shown, rest = weighty[:MAX_STEPS], weighty[MAX_STEPS:]
    steps = [(str(one["name"]), float(one["contribution"]), str(one["sentence"])) for one in shown]
    if rest:
        together = sum(float(one["contribution"]) for one in rest)
        steps.append((f"{len(rest)} smaller reasons", together, ", ".join(str(one["name"]) for one in rest[:6]) + "."))
    rows, at = [_total(f"An average {noun}", base)], base
    for name, contribution, sentence in steps:
        kind = "raises the risk" if contribution >= 0 else "lowers the risk"
        low, high = sorted((at, at + contribution))
        at += contribution
        rows.append(
            {
                "name": formatting.title(name), "low": low, "high": high, "kind": kind, "said": sentence,
                "contribution": contribution, "factor": formatting.times(math.exp(contribution)),
            }
        )  # fmt: skip
    return [*rows, _total(f"This {noun}", at)]


def _total(name: str, log_odds: float) -> Json:
    probability = 1 / (1 + math.exp(-log_odds))
    return {
        "name": name, "low": log_odds - 0.035, "high": log_odds + 0.035, "kind": "total", "said": "",
        "contribution": log_odds, "factor": formatting.percent(probability),
    }  # fmt: skip
