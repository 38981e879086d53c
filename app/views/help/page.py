"""Settings and help page: connection, versions, metrics, glossary and keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from urllib.parse import urlsplit

import streamlit as st

from app.api.client import Api, Json
from app.api.connection import Connection, find_connection
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.ui import formatting, times
from app.ui.glossary import GLOSSARY
from app.ui.page import in_markdown, problems_shown, show_page, show_problem
from app.views.today.data import time_health

_MEASURED = "help.measured"


def show() -> None:
    """Show the page."""
    show_page("Settings and help", "Connection, versions, and what the numbers and terms mean.", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    connection = find_connection()
    if connection is not None:
        _show_connection(api, connection)
    _show_time_zone()
    with problems_shown():
        _show_versions(load_versions(api.url, api))
    _show_reading(detector)


@st.cache_data(ttl=60, max_entries=8, show_spinner="Loading …")
def load_versions(url: str, _api: Api) -> Json:  # noqa: ARG001 - the URL is the cache's key
    """Return the newest sealed versions."""
    return _api.versions()


@st.fragment
@problems_shown()
def _show_connection(api: Api, connection: Connection) -> None:
    st.header("Connection", anchor=False)
    if _MEASURED not in st.session_state:
        _measure(api)
    duration_ms, problem = st.session_state[_MEASURED]
    cells = st.columns([6, 3, 3], vertical_alignment="top")
    address = urlsplit(connection.url).netloc or connection.url
    cells[0].metric("API", in_markdown(address), border=True, help=in_markdown(connection.url))
    signed = "Signed" if connection.keys and urlsplit(connection.url).scheme == "https" else "Not signed"
    cells[1].metric("Requests", signed, border=True, help="Signed with AWS Signature Version 4. Keys are never shown.")
    answered = formatting.milliseconds(duration_ms) if problem is None else "No answer"
    cells[2].metric(
        "Latency", answered, border=True, help="Time of a health request from this dashboard, including the network."
    )
    if problem is not None:
        show_problem(problem)
    st.button("Measure again", icon=":material/refresh:", on_click=_measure, args=(api,))


def _show_time_zone() -> None:
    st.header("Time zone", anchor=False)
    name = "UTC" if times.zone_name() == "UTC" else f"{times.zone_name()} time"
    switch = "" if times.reader_zone() is UTC else " To switch between your zone and UTC, use the control at the top."
    st.markdown(
        in_markdown(f"Times on all pages are in {name}.{switch} Downloads, links and the API use UTC. ")
        + in_markdown(f"The days of charts and filters begin at {times.utc_midnight()}.")
    )


def _measure(api: Api) -> None:
    try:
        st.session_state[_MEASURED] = time_health(api), None
    except ApiProblem as problem:
        st.session_state[_MEASURED] = None, problem


def _show_versions(answer: Json) -> None:
    st.header("Detector versions", anchor=False, help=GLOSSARY["detector version"])
    versions = answer["versions"]
    rows = [
        {
            "Version": version["detector_version"],
            "State": "Live" if version["decides"] else "Stored",
            "Sealed": version["created_at"],
            "Model": version["model"] or ("Rules only" if version["created_at"] else formatting.NOTHING),
            "Rules": version["rules"],
            "Trained on": version["trained_on"],
            "Data to": version["to"],
        }
        for version in versions
    ]
    column = st.column_config
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 6 else 250,
        column_config={
            "Sealed": times.column("Sealed"),
            "Rules": column.NumberColumn(width=70),
            "Trained on": column.NumberColumn(
                format=formatting.COUNT_FORMAT, help="Number of events in the training data."
            ),
            "Data to": times.column("Data through", time=False),
        },
        placeholder=formatting.NOTHING,
        alt="Sealed versions of the detector, newest first",
    )
    if answer["count"] > len(versions):
        st.caption(f"Newest {len(versions)} of {formatting.count(answer['count'])}.")


def _show_reading(detector: Detector) -> None:
    noun = detector.event_name
    words = {"event": noun, "events": formatting.plural(noun)}
    st.header("Help", anchor=False)
    numbers, glossary, keys, documents = st.tabs(["Metrics", "Glossary", "Keyboard", "Documentation"])
    with numbers:
        st.markdown(
            _table("metric", "meaning", {name: _sentence(text.format(**words)) for name, text in METRICS.items()})
        )
    with glossary:
        st.markdown(_table("term", "meaning", GLOSSARY))
    with keys:
        st.markdown(_table("key", "action", KEYS))
    with documents:
        st.markdown(_table("page", "content", DOCUMENTS))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(first: str, second: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {first} | {second} |", "|---|---|"]
    return "\n".join([*lines, *(f"| **{in_markdown(name)}** | {in_markdown(text)} |" for name, text in rows.items())])


# {event} and {events} are the words for what the detector decides on.
METRICS: Mapping[str, str] = {
    "Score": "0 to 1000, scaled by false positives: about 2% of legitimate {events} score 900 or higher, 1% score 950 "
    "or higher, and 0.5% score 975 or higher. It is not a fraud probability.",
    "Probability": "The likelihood of fraud. Of {events} with a probability of 20%, about one in five is fraud.",
    "Money at risk": "Probability of fraud × amount: the expected loss if the case is approved. It sorts the queue.",
    "Recall": "The share of all fraud that is caught. The rest is missed.",
    "Precision": "The share of flagged {events} that are fraud. At 25%, three in four alerts are false positives.",
    "False positive rate": "The share of legitimate {events} that are flagged.",
    "AUC": "How well the score ranks fraud above legitimate {events}: 0.5 is random, 1 is perfect. When fraud is rare, "
    "AUC looks good early; average precision is more informative.",
    "Average precision": "Precision averaged over all thresholds. A random score reaches the share of fraud; 1 is "
    "perfect.",
    "Alert rate": "The share of {events} that were reviewed or blocked.",
    "Saved": "The loss avoided by catching fraud. Results on past {events} are marked as estimates when they come from "
    "a sample.",
    "Contribution": "The effect of one reason on the log-odds of fraud. The base and all contributions add up to the "
    "log-odds of the probability.",
    "Open days": "Days whose labels are not final. Fraud is reported late, so recent recall looks better than it is.",
}

KEYS: Mapping[str, str] = {
    "Tab, Shift + Tab": "Next or previous field or button.",
    "Enter, Space": "Press a button or open a menu.",
    "Arrow keys": "Move a threshold, a selection or a table cell.",
    "Escape": "Close a menu or suggestions.",
    "Ctrl + F in a table": "Search the table.",
    "R": "Refresh the page.",
}

DOCUMENTS: Mapping[str, str] = {
    "Rules and lists": "Rule syntax, checks, and how rules set outcomes: docs/reference/rules.md.",
    "The score": "The scale of the score and why it is stable: docs/explanation/score.md.",
    "Costs and thresholds": "Savings and the choice of thresholds: docs/explanation/costs-and-thresholds.md.",
    "Reasons": "Contributions explained: docs/explanation/reasons.md.",
    "How searching works": "When a decision appears in searches and counts: docs/explanation/how-searching-works.md.",
    "Files": "File formats and results: docs/reference/files.md.",
    "HTTP API": "All API calls, for your own programs: docs/reference/http-api.md.",
    "The dashboard": "Settings, keyboard shortcuts and log-in: app/README.md.",
}


if __name__ == "__main__":  # as Streamlit runs a page
    show()
