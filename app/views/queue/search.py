"""The cases that wait, as the API finds them and this session knows them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.case import load_case
from app.views.queue.filters import QueueTerms, usual_terms
from app.views.queue.verdicts import latest_by_event


def find_cases(api: Api, terms: QueueTerms) -> Json:
    """Return the answer of ``GET /v1/decisions``; raise ``ApiProblem`` without it."""
    return _search(api.url, tuple(sorted(terms.searched.items())), api)


@st.cache_data(ttl=30, max_entries=50, show_spinner=False)
def _search(url: str, terms: tuple[tuple[str, str], ...], _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    return _api.search(dict(terms))


def left_of(found: Sequence[Json], terms: QueueTerms) -> list[Json]:
    """Return the cases that still belong here: the index learns of a label only minutes after it was given."""
    given = latest_by_event()
    return [one for one in found if one["event_id"] not in given or terms.takes(given[one["event_id"]].label)]


def load_first_case(api: Api, detector: Detector) -> None:
    """Ask for what the queue shows to somebody who opens it, so that a cache has it; raise ``ApiProblem``."""
    terms = usual_terms(detector)
    for case in left_of(find_cases(api, terms)["decisions"], terms)[:1]:
        load_case(api, detector, str(case["event_id"]))
