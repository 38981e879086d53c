"""Shares chart: each outcome's share of events and of amount, as two stacked bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from app.api.detector import Detector
from app.components.charts import Chart, inline
from app.components.outcome_card import tone_of
from app.components.score_curve import TONES
from app.ui import formatting


@dataclass(frozen=True)
class Share:
    """One outcome's ``share`` (0 to 1) of one whole, and its value as text."""

    whole: str
    outcome: str
    share: float
    said: str


def shares_chart(detector: Detector, shares: Sequence[Share]) -> Chart:
    """Return one stacked bar for each whole."""
    order = list(dict.fromkeys(one.outcome for one in shares))
    rows = [
        {
            "whole": one.whole, "outcome": formatting.title(one.outcome), "share": one.share, "said": one.said,
            "place": order.index(one.outcome),
        }
        for one in shares
    ]  # fmt: skip
    scale = alt.Scale(
        domain=[formatting.title(name) for name in order], range=[TONES[tone_of(n, detector)] for n in order]
    )
    bars = alt.Chart(inline(rows)).mark_bar(size=34, opacity=0.88)
    return bars.encode(
        y=alt.Y("whole:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, labelFontSize=13)),
        x=alt.X("share:Q", title=None, stack="zero", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%")),
        color=alt.Color("outcome:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", symbolType="square")),
        order=alt.Order("place:Q"),
        tooltip=[
            alt.Tooltip("whole:N", title="Of"),
            alt.Tooltip("outcome:N", title="Outcome"),
            alt.Tooltip("share:Q", title="Share", format=".2%"),
            alt.Tooltip("said:N", title="Total"),
        ],
    ).properties(height=200)
