"""Review queue page: the list of cases, the open case, and its label."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

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
from app.views.queue.case_list import EVENT, next_of, offer_download, show_case_list
from app.views.queue.case_view import show_case
from app.views.queue.labels import latest_by_event, show_decide_bar, show_effect
from app.views.queue.search import (
    ANY,
    FILTERS,
    QueueTerms,
    all_of_entity,
    find_cases,
    left_of,
    show_entity_search,
    show_filters,
)
from app.views.today.changes import judge_money
from app.views.today.data import load_past_days


def show() -> None:
    """Show the page."""
    show_page("Review queue", "", _show_body, (*FILTERS, EVENT))


def _show_body(api: Api, detector: Detector) -> None:
    terms = show_filters(detector)
    warning = st.container()
    waiting, case = st.columns([5, 17], gap="medium")
    with waiting:
        terms = replace(terms, entity=show_entity_search(detector))
    found = find_cases(api, terms)
    cases = left_of(found["decisions"], terms)
    ids = [str(one["event_id"]) for one in cases]
    current = st.query_params.get(EVENT) or (ids[0] if ids else "")
    with waiting:
        _offer_all(terms)
        show_case_list(detector, terms.sort, cases, current, found)
        if cases:
            offer_download(cases)
    with case:
        show_effect(detector)
        if current:
            _show_current(api, detector, current, ids)
        else:
            _show_nothing(detector, terms)
    if terms.sort == "money_at_risk":
        with warning, suppress(ApiProblem):
            _warn_of_money(api, detector)


def _offer_all(terms: QueueTerms) -> None:
    """Show a link to all payments of the entity that is searched for, if filters leave some out."""
    entity, key = terms.name_and_key
    if key and (terms.outcome, terms.label, terms.rule, terms.days) != (ANY, ANY, ANY, 30):
        show_link("queue", "All its payments, 30 days", all_of_entity(entity, key))


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
        show_case(api, detector, case)
    if following:
        prefetch(following, lambda: load_case(api, detector, following))


def _show_nothing(detector: Detector, terms: QueueTerms) -> None:
    noun = detector.event_name
    if latest_by_event() and terms.label == "none":
        st.html(empty_state("All done", "You labeled every case that matches these filters."))
    else:
        entity, key = terms.name_and_key
        whose = f" of {formatting.entity(entity)} {key}" if key else ""
        text = f"No {formatting.plural(noun)}{whose} match the filters. Try more days, another outcome, or any label."
        st.html(empty_state("Nothing to review", text))
    show_link("today", "Go to Today")


if __name__ == "__main__":  # as Streamlit runs a page
    show()
