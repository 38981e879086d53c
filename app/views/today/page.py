"""Today page: today's figures, their baseline, what changed, and the first steps while there are no decisions."""

from __future__ import annotations

import json

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.charts import load_charts_ahead, show_chart
from app.components.model_health import Calibration
from app.components.outcome_card import empty_state
from app.components.tiles import show_tiles
from app.ui import formatting, times
from app.ui.links import show_link
from app.ui.page import in_markdown, problems_shown, show_page
from app.ui.prefetch import prefetch
from app.views.queue.search import load_first_case
from app.views.today.baseline import Baseline, Rate, find_baseline, judge_alerts, judge_rules
from app.views.today.changes import describe_day, find_changes, health_changes, judge_health, judge_money, rule_changes
from app.views.today.chart import UNIT, day_chart
from app.views.today.data import REFRESH_S, DayData, load_day_data
from app.views.today.tiles import alert_change, count_tiles, judged_tiles

_DATA, _TIMES = "today-data", "today-times"
_MAX_TIMES = 20


def show() -> None:
    """Show the page."""
    show_page("Today", "", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    load_charts_ahead()

    @st.fragment(run_every=REFRESH_S)
    @problems_shown()
    def refreshed() -> None:
        _show_day(api, detector, _ask(api, detector))

    refreshed()
    prefetch("the queue", lambda: load_first_case(api, detector))


def _ask(api: Api, detector: Detector) -> DayData:
    """Return current data, or the last data with a note on why they are old; raise ``ApiProblem`` without any."""
    kept: tuple[str, DayData] | None = st.session_state.get(_DATA)
    try:
        data = load_day_data(api, detector)
    except ApiProblem as problem:
        if kept is None or kept[0] != api.url:
            raise
        _show_freshness(kept[1], str(problem))
        return kept[1]
    st.session_state[_DATA] = (api.url, data)
    st.session_state[_TIMES] = [*st.session_state.get(_TIMES, []), data.answered_in_ms][-_MAX_TIMES:]
    _show_freshness(data, "")
    return data


def _show_freshness(data: DayData, problem: str) -> None:
    """Show how old the numbers are, in one line that is always there."""
    if problem:
        since = times.time_of_day(data.at, seconds=True)
        text = f":orange[:material/sync_problem:] Not updated since {since}. {in_markdown(problem)}"
    elif data.indexed_until is None:
        text = f"No decisions in this period · updates every {REFRESH_S} s"
    else:
        text = f"Data through {times.moment(data.indexed_until)} · updates every {REFRESH_S} s"
    about = f"Last checked at {times.time_of_day(data.at, seconds=True)}. Days start at {times.utc_midnight()}. "
    st.caption(text, help=f"{about}New decisions and labels appear within a few minutes.")


def _show_day(api: Api, detector: Detector, data: DayData) -> None:
    if not data.today.all.payments and not data.past:
        show_start(detector)
        return
    baseline = find_baseline(data.past, data.at.date())
    latencies = st.session_state.get(_TIMES) or [data.answered_in_ms]
    alerts = judge_alerts(data.today, baseline) if baseline else None
    calibration = judge_money(detector, data.days, data.at)
    show_tiles([*count_tiles(detector, data, calibration), *judged_tiles(detector, data, alerts, latencies)])
    chart, changes = st.columns([7, 5], gap="large")
    with chart:
        _show_hours(detector, data, baseline)
    with changes:
        _show_changes(api, detector, data, baseline, alerts, calibration)


def _show_hours(detector: Detector, data: DayData, baseline: Baseline | None) -> None:
    heading, choice = st.columns([1, 1], vertical_alignment="center")
    words = (
        f"Gray band: range of {baseline.words}. Line: median."
        if baseline
        else "Not enough past days for a comparison yet."
    )
    heading.subheader("By hour", anchor=False, help=words)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        kind = st.segmented_control(
            "Show", list(UNIT), default="payments", required=True, format_func=UNIT.__getitem__,
            label_visibility="collapsed", key="today-hours",
        )  # fmt: skip
    chart = day_chart(data.today, baseline, data.at, kind or "payments", detector.currency)
    show_chart(chart, alt=f"{UNIT[kind or 'payments']} today by hour. {words}")
    st.caption(words)


def _show_changes(
    api: Api,
    detector: Detector,
    data: DayData,
    baseline: Baseline | None,
    alerts: Rate | None,
    calibration: Calibration | None,
) -> None:
    about = "Differences from yesterday, the usual range and the test data that are too large to be chance."
    st.subheader("What changed", anchor=False, help=about)
    rules = judge_rules(data.today, baseline) if baseline else {}
    health = judge_health(api, detector, data, calibration)
    changes = health_changes(health, detector) + alert_change(detector, alerts)
    if data.today_summary is not None and data.yesterday_summary is not None:
        changes += find_changes(data.today_summary, data.yesterday_summary, detector.event_name)
    changes += rule_changes(rules, detector.event_name)
    if not changes:
        st.html(empty_state(*describe_day(detector, data, alerts, rules, health)))
    for change in changes:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/{change.icon}: {in_markdown(change.sentence)}", width="stretch")
            show_link(change.page, change.label, change.query)


def show_start(detector: Detector) -> None:
    """Show how to send the first payment, with a request that works."""
    noun = detector.event_name
    text = (
        f"The detector is ready, but it has not received a {noun} in the last four weeks. "
        "New decisions appear here within minutes."
    )
    st.html(empty_state(f"No {formatting.plural(noun)} yet", text))
    by_hand, by_program = st.columns(2, gap="large")
    with by_hand:
        st.subheader("Try one yourself", anchor=False)
        st.markdown(f"Fill in a form, or start from a real example, and see how a {noun} is scored.")
        show_link("score", f"Score a {noun}")
        st.markdown("You can also score a file. Its results appear on the Batch page and are not counted here.")
        show_link("batch", "Score a file")
    with by_program:
        st.subheader("Connect your system", anchor=False)
        event = detector.examples[0].event if detector.examples else {detector.column("id"): "…"}
        st.code(f"POST /v1/decisions\n\n{json.dumps({'event': event}, indent=2)}", language=None, wrap_lines=True)


if __name__ == "__main__":  # as Streamlit runs a page
    show()
