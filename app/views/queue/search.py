"""Search for open cases, without those labeled in this session."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.case import load_case
from app.views.queue.filters import QueueTerms, default_terms
from app.views.queue.verdicts import latest_by_event


def find_cases(api: Api, terms: QueueTerms) -> Json:
    """Return the answer of ``GET /v1/decisions``; raise ``ApiProblem`` without it."""
    return _search(api.url, tuple(sorted(terms.searched.items())), api)


@st.cache_data(ttl=30, max_entries=50, show_spinner=False)
def _search(url: str, terms: tuple[tuple[str, str], ...], _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    return _api.search(dict(terms))


def left_of(found: Sequence[Json], terms: QueueTerms) -> list[Json]:
    """Return the cases that still match: the index learns of a label only after some minutes."""
    given = latest_by_event()
    return [one for one in found if one["event_id"] not in given or terms.takes(given[one["event_id"]].label)]


def load_first_case(api: Api, detector: Detector) -> None:
    """Load the queue and its first case into the cache; raise ``ApiProblem``."""
    terms = default_terms(detector)
    for case in left_of(find_cases(api, terms)["decisions"], terms)[:1]:
        load_case(api, detector, str(case["event_id"]))
