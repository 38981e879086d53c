"""Reasons of a score: a waterfall chart and a list of sentences.

The chart leads from the average payment to this payment's log-odds of fraud, one step a reason.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import altair as alt
import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.charts import Chart, inline, show_chart
from app.ui import formatting

MAX_SENTENCES = 8
# Log-odds below which a reason would read ×1.0.
_SLIGHT = math.log(1.05)
HELP = (
    "Each reason multiplies or divides the odds of fraud. Together they lead from an average {event} to this one. "
    "×2 doubles the odds, ÷2 halves them."
)
RAISES, LOWERS, TOTAL = "#e0525c", "#5b8def", "#7d8ba1"
MIN_STEPS, MAX_STEPS = 9, 16
# Log-odds, labeled as probabilities: people know percentages.
_AS_PERCENT = "format(1 / (1 + exp(-datum.value)), datum.value < -4.5 ? '.2%' : '.2~p')"


def show_reasons(detector: Detector, answer: Json) -> None:
    """Show the reasons of one answer, or why it has none."""
    noun, reasons = detector.event_name, answer.get("reasons")
    if not reasons or answer.get("base_log_odds") is None:
        st.caption(explain_missing(detector, answer))
        return
    if answer.get("reasons_approximate"):
        st.caption("These reasons are estimates for this event. They do not add up exactly.")
    show_chart(
        waterfall(float(answer["base_log_odds"]), reasons, noun),
        alt="Waterfall chart of the reasons; the list below has them as sentences",
    )
    st.caption(HELP.format(event=noun))
    st.html(reasons_list(reasons))


def reasons_list(reasons: Sequence[Json], most: int = MAX_SENTENCES) -> str:
    """Return the reasons with the largest effect as an HTML list of sentences, each with its factor on the odds.

    Reasons that change next to nothing are left out, unless there are no others.
    """
    weighty = sorted(reasons, key=lambda reason: -abs(float(reason["contribution"])))[:most]
    weighty = [reason for reason in weighty if abs(float(reason["contribution"])) >= _SLIGHT] or weighty[:1]
    return f'<ul class="tg-reasons" aria-label="Reasons in words">{"".join(map(_entry, weighty))}</ul>'


def _entry(reason: Json) -> str:
    impact, contribution = int(reason["impact"]), float(reason["contribution"])
    tone, does = ("stop", "raises the risk") if contribution >= 0 else ("blue", "lowers the risk")
    factor = formatting.factor(contribution)
    about = f"Odds of fraud {factor}: {does} (impact {impact:+d})".replace("-", "\u2212")
    return (
        f'<li><b class="tg-tone-{tone}" title="{about}" aria-label="{about}">{factor}</b>'
        f"<span>{escape(str(reason['sentence']))}</span></li>"
    )


def explain_missing(detector: Detector, answer: Json) -> str:
    """Return why an answer has no reasons."""
    if answer.get("score") is None:
        return "This decision has no score. Only its rules explain it."
    kind = (detector.document.get("reasons") or {}).get("kind")
    if kind == "none":
        return (
            'This detector version was trained without reasons. To see them, remove reasons = "none" and train again.'
        )
    return "The reasons for this decision are no longer available, because its detector version was deleted."


_KINDS = {"raises the risk": RAISES, "lowers the risk": LOWERS, "total": TOTAL}


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
    color = alt.Color(
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
        x=x, x2=alt.X2("high:Q"), color=color, tooltip=tooltip
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
    number = count_steps([float(reason["contribution"]) for reason in weighty])
    shown, rest = weighty[:number], weighty[number:]
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
                "contribution": contribution, "factor": formatting.factor(contribution),
            }
        )  # fmt: skip
    return [*rows, _total(f"This {noun}", at)]


def count_steps(contributions: Sequence[float]) -> int:
    """Return how many of the largest contributions to show: until all others together are less than the last one."""
    for number in range(MIN_STEPS, min(MAX_STEPS, len(contributions))):
        if abs(sum(contributions[number:])) <= abs(contributions[number - 1]):
            return number
    return MAX_STEPS


def _total(name: str, log_odds: float) -> Json:
    probability = 1 / (1 + math.exp(-log_odds))
    return {
        "name": name, "low": log_odds - 0.035, "high": log_odds + 0.035, "kind": "total", "said": "",
        "contribution": log_odds, "factor": formatting.percent(probability),
    }  # fmt: skip
