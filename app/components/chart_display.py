"""Chart display without validation against Vega-Lite's schema, which takes longer than making the chart.

Tests validate them: they set ``CHECKED``.
"""

from __future__ import annotations

from importlib import import_module

import altair
import streamlit as st
from altair.utils import schemapi

from app.components.charts import Chart

CHECKED = False
# Streamlit loads it for the first chart, and Altair looks at what is there of it, even while another page loads it.
import_module("pandas")
# Streamlit's own theme is put on in the browser.
altair.theme.enable("none")
schemapi.disable_debug_mode()


def load_charts_ahead() -> None:
    """Let the browser load the chart library while the API loads the data."""
    with st.container(key="charts-ahead"):
        st.vega_lite_chart({"mark": "point", "data": {"values": [{}]}}, width=1, height=1)


def show_chart(chart: Chart, alt: str) -> None:
    """Show a chart over the whole width; ``alt`` is its text for screen readers."""
    st.vega_lite_chart(chart.to_dict(validate=CHECKED), width="stretch", alt=alt)
