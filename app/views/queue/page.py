"""Review queue page: the list of cases, the open case, and its label."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import Case, load_case
from app.components.model_health import describe_calibration
from app.components.outcome_card import empty_state
from app.ui import formatting
from app.ui.links import show_link
from app.ui.page import in_markdown, problems_shown, show_page
from app.ui.prefetch import prefetch
from app.views.queue.case_list import EVENT, next_of, show_case_list
from app.views.queue.case_view import show_case
from app.views.queue.labels import latest_by_event, show_decide_bar, show_effect
from app.views.queue.search import FILTERS, QueueTerms, find_cases, left_of, show_filters
from app.views.today.changes import judge_money
from app.views.today.data import load_past_days


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
        show_case_list(detector, terms.sort, cases, current, found)
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
    """Warn if money at risk, by which the cases are sorted, was off recently."""
    at, past = load_past_days(api, detector)
    calibration = judge_money(detector, past, at)
    if calibration is not None and calibration.is_off:
        st.caption(f":orange[:material/money_off:] {in_markdown(describe_calibration(calibration, detector))}")


def _show_current(api: Api, detector: Detector, event_id: str, ids: Sequence[str]) -> None:
    """Show a case and its label form; prefetch the next one."""
    following = next_of(ids, event_id)
    case: Case | None = None
    with problems_shown():
        case = load_case(api, detector, event_id)
    show_decide_bar(api, detector, event_id, case, ids)
    if case is not None:
        show_case(detector, case)
    if following:
        prefetch(following, lambda: load_case(api, detector, following))


def _show_nothing(detector: Detector, terms: QueueTerms) -> None:
    noun = detector.event_name
    if latest_by_event() and terms.label == "none":
        st.html(empty_state("All done", "You labeled every case that matches these filters."))
    else:
        text = f"No {formatting.plural(noun)} match the filters. Try more days, another outcome, or any label."
        st.html(empty_state("Nothing to review", text))
    show_link("today", "Go to Today")


if __name__ == "__main__":  # as Streamlit runs a page
    show()
