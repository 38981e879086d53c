"""The Review queue: cases, the one that is looked at, and what the analyst says of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import Case, load_case
from app.components.health_sentences import say_calibration
from app.components.outcome_card import empty_state
from app.ui.links import show_link
from app.ui.page import in_markdown, problems_shown, show_page
from app.ui.prefetch import load_ahead
from app.views.queue.case_list import EVENT, next_of, show_waiting
from app.views.queue.case_view import show_case
from app.views.queue.filters import FILTERS, QueueTerms, show_filters
from app.views.queue.label_form import show_decide_bar
from app.views.queue.search import find_cases, left_of
from app.views.queue.verdict_sentences import show_effect
from app.views.queue.verdicts import latest_by_event
from app.views.today.data import load_past_days
from app.views.today.state import judge_money


def show() -> None:
    """Show the page."""
    show_page("Review queue", "", _show_body, (*FILTERS, EVENT))


def _show_body(api: Api, detector: Detector) -> None:
    terms = show_filters(detector)
    warning = st.container()
    found = find_cases(api, terms)
    cases = left_of(found["decisions"], terms)
    ids = [str(one["event_id"]) for one in cases]
    current = st.query_params.get(EVENT) or (ids[0] if ids else "")
    waiting, case = st.columns([5, 17], gap="medium")
    with waiting:
        show_waiting(detector, terms, cases, current, found)
    with case:
        show_effect(detector)
        if current:
            _show_current(api, detector, current, ids)
        else:
            _show_nothing(detector, terms)
    if terms.sort == "money_at_risk":
        with warning, suppress(ApiProblem):
            _warn_of_money(api, detector)


def _warn_of_money(api: Api, detector: Detector) -> None:
    """Say that the order of the cases rests on money at risk that was off lately, where it was."""
    at, past = load_past_days(api, detector)
    calibration = judge_money(detector, past, at)
    if calibration is not None and calibration.is_off:
        st.caption(f":orange[:material/money_off:] {in_markdown(say_calibration(calibration, detector))}")


def _show_current(api: Api, detector: Detector, event_id: str, ids: Sequence[str]) -> None:
    """Show a case with what can be done about it; the next one is asked for meanwhile."""
    following = next_of(ids, event_id)
    case: Case | None = None
    with problems_shown():
        case = load_case(api, detector, event_id)
    show_decide_bar(api, detector, event_id, case, ids)
    if case is not None:
        show_case(detector, case)
    if following:
        load_ahead(following, lambda: load_case(api, detector, following))


def _show_nothing(detector: Detector, terms: QueueTerms) -> None:
    noun = detector.event_name
    if latest_by_event() and terms.label == "none":
        st.html(empty_state("All done", "Every case that these filters find is decided. Well done."))
    else:
        text = f"No {noun} of these days fits the filters: take more days, another outcome, or any label."
        st.html(empty_state("Nothing to review", text))
    show_link("today", "How the day goes")
