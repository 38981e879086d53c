"""Page with explanations of the model: important features and reasons, the effect of values, and segments."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.charts import show_chart
from app.components.outcome_card import empty_state
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown, show_page, show_problem
from app.ui.url_state import in_url, one_of
from app.views.why.importance import (
    dependence_chart,
    groups_chart,
    join_importance,
    segments_chart,
    show_importance,
    spans_magnitudes,
)
from app.views.why.past_event import show_past_events

MAX_GROUPS = 10
SIDES = {"raised": "Raised the score most", "lowered": "Lowered the score most"}
ODDS_HELP = (
    "Contributions are exact Shapley values: together they add up to the score in log-odds. They are shown as factors "
    "on the odds of fraud: ×2 doubles them, ÷2 halves them."
)


def show() -> None:
    """Show the page."""
    show_page("Model insights", "The features and reasons that move the scores of {events}.", _show_body, ("feature",))


def _show_body(api: Api, detector: Detector) -> None:
    if not detector.document.get("model"):
        text = "This detector version uses rules only. See the Rules page for the rules that match."
        st.html(empty_state("No model to explain", text))
        return
    evaluation, contributions, problem = _load_both(api, detector)
    rows = join_importance(contributions, evaluation.get("importance"))
    if not rows:
        st.html(empty_state("No data", "This version has no feature importance and no past events."))
        return
    chosen = _show_what_matters(rows, contributions, detector)
    if contributions is None:
        _explain_missing(detector, problem)
        return
    with problems_shown():
        _show_feature(api, detector, contributions, rows, chosen)
    _show_segments(contributions)


@st.cache_data(ttl=300, max_entries=64, show_spinner="Loading …")
def _load(url: str, version: str, what: str, feature: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    """Return the evaluation, contributions or dependence of a version, which never change."""
    if what == "evaluation":
        return _api.evaluation()
    return _api.dependence(feature) if feature else _api.contributions()


def _load_both(api: Api, detector: Detector) -> tuple[Json, Json | None, ApiProblem | None]:
    """Return the evaluation and the contributions, or the problem if there are no contributions."""
    evaluation = _load(api.url, detector.version, "evaluation", "", api)
    try:
        return evaluation, _load(api.url, detector.version, "contributions", "", api), None
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        return evaluation, None, problem


def _explain_missing(detector: Detector, problem: ApiProblem | None) -> None:
    if (detector.document.get("reasons") or {}).get("kind") == "approximate":
        text = (
            "This model was imported as a file. The reasons for its decisions are approximate (LIME), and exact "
            "contributions are not available. The table above shows permutation importance."
        )
        st.info(text, icon=":material/info:")
    elif problem:
        show_problem(problem)


def _show_what_matters(rows: list[Json], contributions: Json | None, detector: Detector) -> str | None:
    """Show the importance of features and of reasons; return the feature that was selected."""
    table, reasons = st.columns([7, 5], gap="large")
    with table:
        st.subheader(
            "Features", anchor=False, help="Three measures of importance. For top features they usually agree."
        )
        chosen = show_importance(rows)
    if contributions is None:
        return chosen
    with reasons:
        st.subheader("Reasons", anchor=False, help=f"Related features grouped as in decisions. {ODDS_HELP}")
        groups = _largest_groups(contributions)
        chart = groups_chart([contributions["groups"][place] for place, _ in groups])
        show_chart(chart, alt="Effect of each reason on scores, for all payments and for fraud")
    noun = formatting.plural(detector.event_name)
    period = contributions["period"]
    st.caption(
        f"Based on {formatting.count(contributions['events'])} {noun} from "
        f"{times.period(period['from'], period['to'])}, not used "
        "in training and weighted to represent all. Select a feature to see the effect of its values."
    )
    return chosen


def _largest_groups(contributions: Json) -> list[tuple[int, str]]:
    groups = contributions["groups"]
    order = sorted(range(len(groups)), key=lambda place: -groups[place]["mean_absolute"])[:MAX_GROUPS]
    return [(place, groups[place]["name"]) for place in order]


def _show_feature(api: Api, detector: Detector, contributions: Json, rows: list[Json], clicked: str | None) -> None:
    feature = _choose_feature(contributions, rows, clicked)
    dependence = _load(api.url, detector.version, "dependence", feature, api)
    _show_dependence(dependence)
    _show_decided(api, detector, dependence)


def _choose_feature(contributions: Json, rows: list[Json], clicked: str | None) -> str:
    """Return the feature that was clicked last, or chosen in the list, or named in the address."""
    words = {feature["name"]: feature["description"] for feature in contributions["features"]}
    if clicked and clicked != st.session_state.get("clicked"):
        st.query_params["feature"] = clicked
    st.session_state["clicked"] = clicked
    order = list(dict.fromkeys([*(row["feature"] for row in rows if row["feature"] in words), *words]))
    st.header("Effect of a feature's values", anchor=False, help=ODDS_HELP)
    kept = in_url("feature", order[0], one_of(order))
    return str(st.selectbox("Feature", order, format_func=words.__getitem__, **kept))


@st.fragment
@problems_shown()
def _show_dependence(dependence: Json) -> None:
    group = dependence["group"]
    note, option = st.columns([4, 1], vertical_alignment="center")
    others = len(group["features"]) - 1
    belongs = f'Grouped under "{group["name"]}"' + (
        f" with {others} other {'feature' if others == 1 else 'features'}." if others else "."
    )
    note.caption(in_markdown(belongs) + " Each point is a past payment. Line: mean. Band: middle 80%.")
    with option, st.container(horizontal=True, horizontal_alignment="right"):
        log = st.toggle("Log values", value=spans_magnitudes(dependence), key=f"log-{dependence['name']}")
    show_chart(dependence_chart(dependence, log), alt=f"Effect of the values of {dependence['name']}")
    missing = next((one for one in dependence["bins"] if one["low"] is None), None)
    if missing:
        odds = formatting.factor(missing["mean"])
        st.caption(f"Without a value ({formatting.count(missing['events'])} payments): {odds} on average.")


@st.fragment
@problems_shown()
def _show_decided(api: Api, detector: Detector, dependence: Json) -> None:
    noun = formatting.plural(detector.event_name)
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    heading.header("Where it mattered most", anchor=False, help=f"Past {noun} on which this reason had most effect.")
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        side = st.segmented_control(
            "Which", list(SIDES), default="raised", required=True, format_func=SIDES.__getitem__,
            label_visibility="collapsed", key="side",
        )  # fmt: skip
    events = dependence[side or "raised"]
    if not events:
        direction = "lowered" if side == "lowered" else "raised"
        st.html(empty_state(f"No {noun}", f"This reason has not {direction} the score of any past {noun}."))
        return
    show_past_events(api, detector, events)


@st.fragment
@problems_shown()
def _show_segments(contributions: Json) -> None:
    parts = {part["title"]: part["segments"] for part in contributions["segments"]}
    if not parts:
        return
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    note = "Average effect of each reason on scores in a segment, up or down, as a factor on the odds of fraud."
    heading.header("By segment", anchor=False, help=note)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        title = st.segmented_control(
            "Segments", list(parts), default=next(iter(parts)), required=True, format_func=formatting.title,
            label_visibility="collapsed", key="segments",
        )  # fmt: skip
    dark = st.context.theme.type == "dark"
    chart = segments_chart(parts[title or next(iter(parts))], _largest_groups(contributions), dark=dark)
    show_chart(chart, alt="Effect of each reason on scores in each segment")


if __name__ == "__main__":  # as Streamlit runs a page
    show()
