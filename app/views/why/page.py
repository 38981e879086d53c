"""The Why page: what moves scores, how a value does, where, and in which payments it decided."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.chart_display import show_chart
from app.components.outcome_card import empty_state
from app.ui import formatting
from app.ui.page import in_markdown, problems_shown, show_page, show_problem
from app.ui.url_state import in_address, one_of
from app.views.why.charts import dependence_chart, groups_chart, say_odds, segments_chart, spans_magnitudes
from app.views.why.importance_table import join_importance, show_importance
from app.views.why.past_event import show_past_events

MOST_GROUPS = 10
SIDES = {"raised": "Raised the score most", "lowered": "Lowered it most"}
ODDS_HELP = (
    "Contributions are exact Shapley values: added up, they are the score in log-odds. They are written as what they "
    "multiply the odds of fraud by: ×2 doubles them, ÷2 halves them."
)


def show() -> None:
    """Show the page."""
    show_page("Why", "What moves the scores of {events}, how, and where it decided.", _show_body, ("feature",))


def _show_body(api: Api, detector: Detector) -> None:
    if not detector.document.get("model"):
        text = "This detector version decides by rules alone: its reasons are the rules that match, on the Rules page."
        st.html(empty_state("No model to explain", text))
        return
    evaluation, contributions, problem = _load_both(api, detector)
    rows = join_importance(contributions, evaluation.get("importance"))
    if not rows:
        st.html(empty_state("Nothing is known", "This version was sealed without importance and without past events."))
        return
    chosen = _show_what_matters(rows, contributions, detector)
    if contributions is None:
        _say_what_lacks(detector, problem)
        return
    with problems_shown():
        _show_feature(api, detector, contributions, rows, chosen)
    _show_segments(contributions)


@st.cache_data(ttl=300, max_entries=64, show_spinner="Asking the API …")
def _load(url: str, version: str, what: str, feature: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    """Return what a version says of itself, which does not change."""
    if what == "evaluation":
        return _api.evaluation()
    return _api.dependence(feature) if feature else _api.contributions()


def _load_both(api: Api, detector: Detector) -> tuple[Json, Json | None, ApiProblem | None]:
    """Return the evaluation and the contributions, or the reason for which there are none of these."""
    evaluation = _load(api.url, detector.version, "evaluation", "", api)
    try:
        return evaluation, _load(api.url, detector.version, "contributions", "", api), None
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        return evaluation, None, problem


def _say_what_lacks(detector: Detector, problem: ApiProblem | None) -> None:
    if (detector.document.get("reasons") or {}).get("kind") == "approximate":
        text = (
            "The model was brought as a file, so the reasons of its decisions are approximate (LIME), and what each "
            "feature did for past events is not known exactly. Shown above is what shuffling each feature costs."
        )
        st.info(text, icon=":material/info:")
    elif problem:
        show_problem(problem)


def _show_what_matters(rows: list[Json], contributions: Json | None, detector: Detector) -> str | None:
    """Show the measures side by side, and as reasons; return the feature that was clicked."""
    table, reasons = st.columns([7, 5], gap="large")
    with table:
        st.subheader("Features", anchor=False, help="Three measures of the same: they agree where it matters most.")
        chosen = show_importance(rows)
    if contributions is None:
        return chosen
    with reasons:
        st.subheader("Reasons", anchor=False, help=f"Features that say one thing, as decisions name them. {ODDS_HELP}")
        groups = _largest_groups(contributions)
        chart = groups_chart([contributions["groups"][place] for place, _ in groups])
        show_chart(chart, alt="How far each reason moves scores, for all payments and for frauds")
    noun = formatting.plural(detector.event_name)
    period = contributions["period"]
    st.caption(
        f"From {formatting.count(contributions['events'])} {noun} of {formatting.moment(period['from'], time=False)} "
        f"to {formatting.moment(period['to'], time=False)} that no model has learnt from, weighed so that they stand "
        "for all. Select a feature to see how it moves scores."
    )
    return chosen


def _largest_groups(contributions: Json) -> list[tuple[int, str]]:
    groups = contributions["groups"]
    order = sorted(range(len(groups)), key=lambda place: -groups[place]["mean_absolute"])[:MOST_GROUPS]
    return [(place, groups[place]["name"]) for place in order]


def _show_feature(api: Api, detector: Detector, contributions: Json, rows: list[Json], clicked: str | None) -> None:
    feature = _choose_feature(contributions, rows, clicked)
    told = _load(api.url, detector.version, "dependence", feature, api)
    _show_dependence(told)
    _show_decided(api, detector, told)


def _choose_feature(contributions: Json, rows: list[Json], clicked: str | None) -> str:
    """Return the feature that was clicked last, or chosen in the list, or named in the address."""
    words = {feature["name"]: feature["description"] for feature in contributions["features"]}
    if clicked and clicked != st.session_state.get("clicked"):
        st.query_params["feature"] = clicked
    st.session_state["clicked"] = clicked
    order = list(dict.fromkeys([*(row["feature"] for row in rows if row["feature"] in words), *words]))
    st.header("How a value moves the score", anchor=False, help=ODDS_HELP)
    kept = in_address("feature", order[0], one_of(order))
    return str(st.selectbox("Feature", order, format_func=words.__getitem__, **kept))


@st.fragment
@problems_shown()
def _show_dependence(told: Json) -> None:
    group = told["group"]
    note, option = st.columns([4, 1], vertical_alignment="center")
    others = len(group["features"]) - 1
    belongs = f'Told as "{group["name"]}"' + (f", with {others} other features." if others else ".")
    note.caption(
        in_markdown(belongs) + " Each point is a past payment; the line is the mean, and four fifths lie in the band."
    )
    with option, st.container(horizontal=True, horizontal_alignment="right"):
        log = st.toggle("Log values", value=spans_magnitudes(told), key=f"log-{told['name']}")
    show_chart(dependence_chart(told, log), alt=f"What the values of {told['name']} do")
    missing = next((one for one in told["bins"] if one["low"] is None), None)
    if missing:
        odds = say_odds(missing["mean"])
        st.caption(f"Where the value is missing ({formatting.count(missing['events'])} payments): {odds} on average.")


@st.fragment
@problems_shown()
def _show_decided(api: Api, detector: Detector, told: Json) -> None:
    noun = formatting.plural(detector.event_name)
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    heading.header(f"{noun.capitalize()} in which it decided", anchor=False)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        side = st.segmented_control(
            "Which", list(SIDES), default="raised", required=True, format_func=SIDES.__getitem__,
            label_visibility="collapsed", key="side",
        )  # fmt: skip
    events = told[side or "raised"]
    if not events:
        st.html(empty_state("None", f"In none of the past {noun} did this reason move the score that way."))
        return
    show_past_events(api, detector, events)


@st.fragment
@problems_shown()
def _show_segments(contributions: Json) -> None:
    parts = {part["title"]: part["segments"] for part in contributions["segments"]}
    if not parts:
        return
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    note = "How far each reason moves scores, up or down, in doublings of the odds, among payments of a kind."
    heading.header("By segment", anchor=False, help=note)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        title = st.segmented_control(
            "Segments", list(parts), default=next(iter(parts)), required=True, format_func=formatting.title,
            label_visibility="collapsed", key="segments",
        )  # fmt: skip
    dark = st.context.theme.type == "dark"
    chart = segments_chart(parts[title or next(iter(parts))], _largest_groups(contributions), dark=dark)
    show_chart(chart, alt="How far each reason moves scores in each segment")
