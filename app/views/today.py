"""The Today page: how the day goes, beside what is usual, and where to look first."""

from __future__ import annotations

from statistics import median

import streamlit as st

from app import wording
from app.client import Api
from app.day_changes import Change, compare, find_changes
from app.day_chart import UNIT, day_chart
from app.day_figures import DayFigures, part_of_day
from app.day_news import REFRESH_S, News, ask_for_news, outcome_order
from app.detector import Detector
from app.links import show_link
from app.outcome_card import empty_state
from app.page import in_markdown, problems_shown, show_page
from app.problems import ApiProblem
from app.queue_terms import usual_outcome
from app.start_here import show_start
from app.tiles import Colour, Tile, show_tiles
from app.usual import Band, Usual, alert_band, find_usual, place_of_rate

_NEWS, _TIMES = "today-news", "today-times"
_MOST_TIMES = 20
_COLOURS: dict[str, Colour] = {"above": "red", "below": "orange", "within": "off"}


def show() -> None:
    """Show the page."""
    show_page("Today", "", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    @st.fragment(run_every=REFRESH_S)
    @problems_shown()
    def refreshed() -> None:
        news = _ask(api, detector)
        if news is not None:
            _show_news(detector, news)

    refreshed()


def _ask(api: Api, detector: Detector) -> News | None:
    """Return the news, or those of before with a word on why they are old; None if there are none at all."""
    kept: tuple[str, News] | None = st.session_state.get(_NEWS)
    try:
        news = ask_for_news(api, detector)
    except ApiProblem as problem:
        if kept is None or kept[0] != api.url:
            with problems_shown():
                raise
            return None
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
        until = wording.moment(news.indexed_until)
        said = (
            f"Counted up to {until}, looked at {news.at:%H:%M:%S}. It looks again by itself every {REFRESH_S} seconds."
        )
    st.caption(said, help="Days and hours are in UTC. Decisions and labels reach these numbers within a few minutes.")


def _show_news(detector: Detector, news: News) -> None:
    if not news.today.all.payments and not news.past:
        show_start(detector)
        return
    usual = find_usual(news.past, news.at.date())
    show_tiles([*_money_tiles(detector, news), *_judged_tiles(detector, news, usual)])
    chart, changes = st.columns([7, 5], gap="large")
    with chart:
        _show_hours(detector, news, usual)
    with changes:
        _show_changes(detector, news, usual)


def _money_tiles(detector: Detector, news: News) -> list[Tile]:
    """Return how much came in, and what was done with it, beside yesterday at the same time of day."""
    day, passed = news.today, part_of_day(news.at)
    noun, currency = wording.plural(detector.event_name), detector.currency
    until = f"Compared with yesterday up to {news.at:%H:%M}; of the hour that is not over, in proportion."
    of_day = {"days": "1", "label": "any"}

    def since_yesterday(kind: str, now: float) -> str:
        before = news.yesterday.by_hour[kind].until(passed)[0]
        return compare(now, before)

    blocked, reviewed = wording.money(day.blocked.amount, currency), wording.money(day.reviewed.amount, currency)
    return [
        Tile(
            noun[:1].upper() + noun[1:], wording.count(day.all.payments),
            since_yesterday("payments", day.all.payments),
            f"{wording.money(day.all.amount, currency)} in all. {until}",
            "queue", "See them all", of_day | {"outcome": "any", "sort": "newest"},
        ),
        Tile(
            "Money at risk", wording.money(day.all.money_at_risk, currency),
            f"{wording.money(day.passed.money_at_risk, currency)} of it let through",
            "Probability of fraud × amount, added up: what fraud is expected to cost if nothing were stopped.",
            "queue", "Largest first", of_day | {"outcome": "any", "sort": "money_at_risk"},
        ),
        Tile(
            "Blocked", wording.count(day.blocked.payments),
            f"{blocked}, {since_yesterday('blocked', day.blocked.payments)}", until,
            "queue", "See what was blocked", of_day | {"outcome": _strongest(detector)},
        ),
        Tile(
            "For review", wording.count(day.reviewed.payments),
            f"{reviewed}, {since_yesterday('reviewed', day.reviewed.payments)}", until,
            "queue", "Review them", {"days": "1"},
        ),
    ]  # fmt: skip


def _judged_tiles(detector: Detector, news: News, usual: Usual | None) -> list[Tile]:
    """Return what labels say so far, the alert rate, and how fast the API is."""
    day, currency, noun = news.today, detector.currency, detector.event_name.replace("_", " ")
    week = [one for one in (*news.past, day) if (news.at.date() - one.day).days < 7]
    labels = "Known from labels so far: most frauds are reported days later, so today's number grows."
    frauds = {"label": "fraud", "outcome": "any"}
    times = st.session_state.get(_TIMES) or [news.answered_in_ms]
    return [
        Tile(
            "Caught", wording.count(day.caught.payments), _of_week(week, "caught", currency),
            f"Frauds that were reviewed or blocked. {labels}", "queue", "Known frauds", frauds | {"days": "7"},
        ),
        Tile(
            "Missed", wording.count(day.missed.payments), _of_week(week, "missed", currency),
            f"Frauds that were let through. {labels}", "queue", "What was missed",
            {"label": "fraud", "days": "7", "outcome": _mildest(detector), "sort": "amount"},
        ),
        _alert_tile(detector, day, usual),
        Tile(
            "The API answers in", wording.milliseconds(news.answered_in_ms),
            f"median {wording.milliseconds(median(times))} of {len(times)}",
            "A health request, timed from this dashboard just now, with the network. It reads no history: how long a "
            f"decision took is shown with each {noun} that you score.",
            "help", "What it means",
        ),
    ]  # fmt: skip


def _of_week(week: list[DayFigures], kind: str, currency: str) -> str:
    sums = [getattr(one, kind) for one in week]
    amount = sum(one.amount for one in sums)
    return f"{wording.count(sum(one.payments for one in sums))} in 7 days, {wording.money(amount, currency)}"


def _alert_tile(detector: Detector, day: DayFigures, usual: Usual | None) -> Tile:
    said, place = "too few days to know the usual", "within"
    noted = f"The share of {wording.plural(detector.event_name)} that were reviewed or blocked."
    if usual is not None:
        band = alert_band(usual)
        place = place_of_rate(day.alerts, day.all.payments, band)
        said = f"{'as' if place == 'within' else place} usual: {_span(band)}"
        noted += (
            f" Usual is what {usual.words} had, median {wording.percent(band.middle)}. It is called above or below "
            f"only where chance does not explain it with {wording.count(day.all.payments)} so far."
        )
    threshold = next((str(outcome.from_score) for outcome in detector.thresholds()), "")
    return Tile(
        "Alert rate", wording.percent(day.alert_rate), said, noted,
        "performance", "What the threshold does", {"threshold": threshold} if threshold else {}, _COLOURS[place],
    )  # fmt: skip


def _alert_change(detector: Detector, news: News, usual: Usual | None) -> list[Change]:
    """Return a sentence about an alert rate that is not the usual one."""
    if usual is None:
        return []
    band, day = alert_band(usual), news.today
    place = place_of_rate(day.alerts, day.all.payments, band)
    if place == "within":
        return []
    sentence = f"{wording.percent(day.alert_rate)} are reviewed or blocked, {place} the usual {_span(band)}."
    query = {"days": "1", "label": "any", "outcome": usual_outcome(list(outcome_order(detector))), "sort": "newest"}
    return [Change("trending_up" if place == "above" else "trending_down", sentence, "queue", "The latest", query)]


def _span(band: Band) -> str:
    return f"{wording.percent(band.low)} to {wording.percent(band.high)}"


def _strongest(detector: Detector) -> str:
    return detector.outcomes[-1].name


def _mildest(detector: Detector) -> str:
    return detector.outcomes[0].name


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
    st.altair_chart(chart, width="stretch", alt=f"{UNIT[kind or 'payments']} of today by the hour. {words}")
    st.caption(words)


def _show_changes(detector: Detector, news: News, usual: Usual | None) -> None:
    st.subheader("What changed since yesterday", anchor=False)
    noun = detector.event_name.replace("_", " ")
    if news.today_summary is None or news.yesterday_summary is None:
        day = "today" if news.today_summary is None else "yesterday"
        st.html(empty_state("Nothing to compare", f"No {noun} was decided on {day}."))
        return
    changes = _alert_change(detector, news, usual) + find_changes(news.today_summary, news.yesterday_summary, noun)
    if not changes:
        text = "The same version decides, alerts and rules hit as usual, and every decision was made in full."
        st.html(empty_state("Nothing out of the ordinary", text))
    for change in changes:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/{change.icon}: {in_markdown(change.sentence)}", width="stretch")
            show_link(change.page, change.label, change.query)
