"""The Today page: how the day goes, beside what is usual, and where to look first."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.chart_display import load_charts_ahead, show_chart
from app.components.model_health import Calibration
from app.components.outcome_card import empty_state
from app.components.tiles import show_tiles
from app.ui import formatting
from app.ui.getting_started import show_start
from app.ui.links import show_link
from app.ui.page import in_markdown, problems_shown, show_page
from app.ui.prefetch import load_ahead
from app.views.queue.search import load_first_case
from app.views.today.baseline import Rate, Usual, find_usual, judge_alerts, judge_rules
from app.views.today.changes import find_changes, rule_changes
from app.views.today.chart import UNIT, day_chart
from app.views.today.data import REFRESH_S, News, ask_for_news
from app.views.today.state import health_changes, judge_health, judge_money, say_calm
from app.views.today.tiles import alert_change, count_tiles, judged_tiles

_NEWS, _TIMES = "today-news", "today-times"
_MOST_TIMES = 20


def show() -> None:
    """Show the page."""
    show_page("Today", "", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    load_charts_ahead()

    @st.fragment(run_every=REFRESH_S)
    @problems_shown()
    def refreshed() -> None:
        _show_news(api, detector, _ask(api, detector))

    refreshed()
    load_ahead("the queue", lambda: load_first_case(api, detector))


def _ask(api: Api, detector: Detector) -> News:
    """Return the news, or those of before with a word on why they are old; raise ``ApiProblem`` without any."""
    kept: tuple[str, News] | None = st.session_state.get(_NEWS)
    try:
        news = ask_for_news(api, detector)
    except ApiProblem as problem:
        if kept is None or kept[0] != api.url:
            raise
        _show_freshness(kept[1], str(problem))
        return kept[1]
    st.session_state[_NEWS] = (api.url, news)
    st.session_state[_TIMES] = [*st.session_state.get(_TIMES, []), news.answered_in_ms][-_MOST_TIMES:]
    _show_freshness(news, "")
    return news


def _show_freshness(news: News, problem: str) -> None:
    """Say in one line, which is always there, how old the numbers are."""
    if problem:
        said = f":orange[:material/sync_problem:] Not refreshed since {news.at:%H:%M:%S}: {in_markdown(problem)}"
    elif news.indexed_until is None:
        said = f"Looked at {news.at:%H:%M:%S}. Nothing was indexed in these days."
    else:
        until = formatting.moment(news.indexed_until)
        said = (
            f"Counted up to {until}, looked at {news.at:%H:%M:%S}. It looks again by itself every {REFRESH_S} seconds."
        )
    st.caption(said, help="Days and hours are in UTC. Decisions and labels reach these numbers within a few minutes.")


def _show_news(api: Api, detector: Detector, news: News) -> None:
    if not news.today.all.payments and not news.past:
        show_start(detector)
        return
    usual = find_usual(news.past, news.at.date())
    times = st.session_state.get(_TIMES) or [news.answered_in_ms]
    alerts = judge_alerts(news.today, usual) if usual else None
    calibration = judge_money(detector, news.days, news.at)
    show_tiles([*count_tiles(detector, news, calibration), *judged_tiles(detector, news, alerts, times)])
    chart, changes = st.columns([7, 5], gap="large")
    with chart:
        _show_hours(detector, news, usual)
    with changes:
        _show_changes(api, detector, news, usual, alerts, calibration)


def _show_hours(detector: Detector, news: News, usual: Usual | None) -> None:
    heading, choice = st.columns([1, 1], vertical_alignment="center")
    words = f"Grey: where {usual.words} lie; line: their median." if usual else "Too few days yet to show the usual."
    heading.subheader("By the hour", anchor=False, help=words)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        kind = st.segmented_control(
            "Show", list(UNIT), default="payments", required=True, format_func=UNIT.__getitem__,
            label_visibility="collapsed", key="today-hours",
        )  # fmt: skip
    chart = day_chart(news.today, usual, news.at, kind or "payments", detector.currency)
    show_chart(chart, alt=f"{UNIT[kind or 'payments']} of today by the hour. {words}")
    st.caption(words)


def _show_changes(
    api: Api, detector: Detector, news: News, usual: Usual | None, alerts: Rate | None, calibration: Calibration | None
) -> None:
    about = "Beside yesterday, beside what is usual, and beside the test data; told where chance does not explain it."
    st.subheader("What changed", anchor=False, help=about)
    rules = judge_rules(news.today, usual) if usual else {}
    health = judge_health(api, detector, news, calibration)
    changes = health_changes(health, detector) + alert_change(detector, alerts)
    if news.today_summary is not None and news.yesterday_summary is not None:
        changes += find_changes(news.today_summary, news.yesterday_summary, detector.event_name)
    changes += rule_changes(rules, detector.event_name)
    if not changes:
        st.html(empty_state(*say_calm(detector, news, alerts, rules, health)))
    for change in changes:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/{change.icon}: {in_markdown(change.sentence)}", width="stretch")
            show_link(change.page, change.label, change.query)
