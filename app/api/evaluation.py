"""Evaluation of the live version, loaded once for all pages that show it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.api.client import Api, Json
from app.components.score_table import ScoreTable, read_thresholds


@st.cache_data(ttl=60, max_entries=4, show_spinner="Loading …")
def load_evaluation(url: str, version: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    """Return how the version did on test data."""
    return _api.evaluation()


def read_test_table(evaluation: Json) -> ScoreTable | None:
    """Return the table of the test data; None where there is none."""
    return read_thresholds(evaluation.get("thresholds") or (), _days_of(evaluation.get("period") or {}))


def _days_of(period: Json) -> float:
    try:
        first, last = (datetime.fromisoformat(period[name]) for name in ("from", "to"))
    except (KeyError, ValueError):
        return 1.0
    return (last.date() - first.date()).days + 1.0
