"""Page frame: style sheet, heading, the detector and its version, and problems as one sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import streamlit as st

from app.api.client import Api, Json
from app.api.connection import Connection, find_connection
from app.api.detector import Detector, cached_detector, read_detector, show_replaced
from app.api.errors import ApiProblem
from app.ui import formatting, times
from app.ui.url_state import begin_page, explain_ignored

_log = logging.getLogger(__name__)
Body: TypeAlias = Callable[[Api, Detector], None]

SET_UP = """
Set the address of the Tollgate API, then reload this page.

**On your computer:** set an environment variable before you start the dashboard.

```shell
TOLLGATE_API_URL=http://127.0.0.1:8000 streamlit run app/streamlit_app.py
```

**On Streamlit Community Cloud:** open the app's settings, then *Secrets*, and add:

```toml
api_url = "https://abcdefghij.execute-api.eu-west-1.amazonaws.com"

# only if the API requires signed requests
aws_access_key_id = "…"
aws_secret_access_key = "…"
region = "eu-west-1"
```

You find the address in the output `ApiUrl` of your deployment.
"""


def show_page(title: str, lead: str, body: Body, reads: Collection[str] = ()) -> None:
    """Show a page whose ``body`` needs the API and the detector; explain what is missing if it can't be shown.

    ``reads`` are the query parameters that the page uses.
    """
    connection = find_connection()
    if connection is None:
        _show_heading("Connect the dashboard", "No API address is configured yet.", None)
        st.markdown(SET_UP)
        return
    try:
        known = cached_detector(lambda: read_detector(_load_detector(connection.url, connection)))
    except ApiProblem as problem:
        _show_heading(title.format(event="event", events="events"), "", None)
        _show_no_detector(problem)
        return
    detector = known.detector
    noun = detector.event_name
    words = {"event": noun, "events": formatting.plural(noun)}
    _show_heading(title.format(**words), lead.format(**words), detector)
    show_replaced(known)
    if known.problem is not None:
        show_problem(known.problem)
        st.caption(f"Detector information on this page is from {times.moment(known.read_at.isoformat())}.")
        _show_again("page")
    begin_page()
    ignored = st.container()
    with problems_shown(again="body"):
        body(Api(connection), detector)
    if text := explain_ignored(reads):
        ignored.info(in_markdown(text), icon=":material/link_off:")


@contextmanager
def problems_shown(again: str = "") -> Iterator[None]:
    """Show an ``ApiProblem`` as one sentence instead of raising it, and any other error without its traceback.

    ``again`` is the key of a Try again button; it must be unique on the page.
    """
    try:
        yield
    except ApiProblem as problem:
        show_problem(problem)
        if again and (problem.is_passing or problem.status in (401, 403)):
            _show_again(again)
    except Exception:
        _log.exception("A page could not be shown")
        sentence = "This part of the page cannot be shown. The API and this dashboard may be different versions."
        show_problem(ApiProblem(f"{sentence} Reload the page. If that does not help, install matching versions.", 200))


def show_problem(problem: ApiProblem) -> None:
    icon = ":material/search_off:" if problem.status == 404 else ":material/info:"
    st.warning(in_markdown(str(problem)), icon=icon)


def _show_again(place: str) -> None:
    """Offer to ask the API again, without the cached answers."""
    st.button("Try again", icon=":material/refresh:", key=f"try-again-{place}", on_click=st.cache_data.clear)


def in_markdown(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is: no formulas, links, colours or markup."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()<>#|$~:!" else character for character in text)


@st.cache_data(ttl=60, max_entries=8, show_spinner="Loading …")
def _load_detector(url: str, _connection: Connection) -> Json:  # noqa: ARG001 - the URL is the cache's key
    return Api(_connection).detector()


def _show_no_detector(problem: ApiProblem) -> None:
    if problem.status == 404:
        sentence = (
            "The deployment's detector has no version yet. Publish one, or deploy again with the id of a detector that "
            "has one as the parameter Detector."
        )
        show_problem(ApiProblem(f"{sentence} API message: {problem}", 404))
    else:
        show_problem(problem)
    _show_again("detector")


def _show_heading(title: str, lead: str, detector: Detector | None) -> None:
    heading, about = st.columns([3, 2], vertical_alignment="bottom")
    with heading:
        st.title(title, anchor=False)
        if lead:
            st.caption(lead)
    if detector is not None:
        with (
            about,
            st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="xsmall"),
        ):
            st.badge(
                in_markdown(detector.name), icon=":material/shield:", color="blue", help=detector.description or None
            )
            sealed = detector.document.get("created_at")
            name = f"version of {times.moment(sealed, time=False)}" if sealed else f"version {detector.version}"
            note = f"The live detector version: {detector.version}."
            st.badge(in_markdown(name), color="gray", help=in_markdown(note))
            times.offer_utc()


def show_style(path: Path) -> None:
    """Put a style sheet on the page, in a part of it that nothing else takes the place of.

    Streamlit puts HTML of styles alone where toasts go: the first toast would take its place. So there is an element
    beside it, in a container that is not shown.
    """
    with st.container(key="page-style"):
        st.html(f"<style>{path.read_text(encoding='utf-8')}</style><i hidden></i>")
