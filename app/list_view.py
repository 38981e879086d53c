"""The lists that rules ask: their values searched, added, removed and replaced. A change decides within half a minute."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app import wording
from app.client import Api, Json
from app.detector import Detector
from app.outcome_card import empty_state
from app.page import in_markdown, problems_shown, show_problem
from app.problems import ApiProblem

PAGE = 100
MOST_BYTES = 4_000_000
_CHANGED = 412


def show_lists(api: Api, detector: Detector) -> None:
    """Show one of the lists, with ways to change it."""
    names = [str(one["name"]) for one in detector.document.get("lists") or ()]
    if not names:
        text = "Name one under [lists] in the detector file, and let a rule ask it: customer_id in denied."
        st.html(empty_state("This version has no lists", text))
        return
    asked = str(st.query_params.get("list", ""))
    name = str(st.selectbox("List", names, index=names.index(asked) if asked in names else 0, width=420))
    if name != asked:
        st.query_params["list"] = name
    _show_list(api, name)


@st.fragment
def _show_list(api: Api, name: str) -> None:
    with problems_shown():
        said = st.session_state.pop(f"list.{name}.said", "")
        if said:
            st.success(in_markdown(said), icon=":material/check:")
        values, changes = st.columns([7, 5], gap="large")
        with values:
            page = _show_values(api, name)
        with changes:
            _show_changes(api, name, page)


def _show_values(api: Api, name: str) -> Json:
    search = st.text_input(
        "Search", key=f"list.{name}.search", placeholder="Part of a value", live=True, icon=":material/search:"
    )
    trail: list[str | None] = st.session_state.setdefault(f"list.{name}.trail", [None])
    if st.session_state.get(f"list.{name}.searched", "") != search:
        st.session_state[f"list.{name}.searched"] = search
        trail[:] = [None]
    page = api.list_page(name, str(search), PAGE, trail[-1])
    chosen = st.dataframe(
        [{"Value": value} for value in page["values"]],
        hide_index=True,
        height=340,
        key=f"list.{name}.values.{page['etag']}.{search}.{trail[-1]}",
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="No value",
        alt=f"Values of the list {name}",
    )
    _show_pages(page, trail)
    rows: Sequence[int] = chosen["selection"]["rows"]
    if rows:
        picked = [page["values"][row] for row in rows]
        if st.button(f"Remove {len(picked)} from the list", icon=":material/delete:"):
            _change(name, f"{len(picked)} removed.", lambda: api.change_list(name, [], picked, page["etag"]))
    return page


def _show_pages(page: Json, trail: list[str | None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        first = (len(trail) - 1) * PAGE
        shown = f"{wording.count(first + min(1, len(page['values'])))} to {wording.count(first + len(page['values']))}"
        st.caption(f"{shown} of {wording.count(page['matching'])}. Tick values to remove them.")
        if st.button("Back", icon=":material/chevron_left:", disabled=len(trail) == 1):
            trail.pop()
            st.rerun(scope="fragment")
        if st.button("On", icon=":material/chevron_right:", icon_position="right", disabled=page["cursor"] is None):
            trail.append(page["cursor"])
            st.rerun(scope="fragment")


def _show_changes(api: Api, name: str, page: Json) -> None:
    kind = "numbers" if page["kind"] == "number" else "texts"
    since = "sealed in the version" if page["sealed"] else "changed"
    st.markdown(in_markdown(f"{wording.count(page['entries'])} {kind}, {since} {wording.moment(page['changed_at'])}."))
    st.caption("A change decides within half a minute, in this version and in later ones.")
    with st.form(f"list.{name}.add", clear_on_submit=True):
        text = st.text_area("Values to add, one a line", height=120)
        if st.form_submit_button("Add", type="primary", icon=":material/add:"):
            added = read_values(str(text))
            if added:
                _change(name, f"{len(added)} given.", lambda: api.change_list(name, added, [], page["etag"]))
            else:
                st.warning("Write at least one value.", icon=":material/edit:")
    with st.expander("Replace all values by a file's", icon=":material/upload_file:"):
        _show_replacement(api, name, page)


def _show_replacement(api: Api, name: str, page: Json) -> None:
    file = st.file_uploader("A text file with one value a line", type=["txt", "csv"], key=f"list.{name}.file")
    if file is None:
        return
    try:
        values = read_values(_text_of(file))
    except UnicodeDecodeError:
        st.warning("The file is not text in UTF-8: save it as such, then choose it again.", icon=":material/edit:")
        return
    if sum(len(value) + 4 for value in values) > MOST_BYTES:
        command = f"tollgate lists put FILE --name {name}"
        st.warning(f"That is more than one request takes: use `{command}`.", icon=":material/edit:")
        return
    st.caption(f"{wording.count(len(values))} values, in place of {wording.count(page['entries'])}.")
    if st.button(f"Replace by {wording.count(len(values))} values", type="primary"):
        said = f"Replaced by {wording.count(len(values))} values."
        _change(name, said, lambda: api.replace_list(name, values, page["etag"]))


def _text_of(file: io.BytesIO) -> str:
    return file.getvalue().decode("utf-8-sig")


def read_values(text: str) -> list[str]:
    """Return the values in a text, one a line, each once; empty lines count for nothing."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _change(name: str, said: str, ask: Callable[[], Any]) -> None:
    try:
        answer = ask()
    except ApiProblem as problem:
        if problem.status == _CHANGED:
            problem = ApiProblem("Somebody else changed this list meanwhile: look at it as it is now, then try again.")
        show_problem(problem)
        return
    st.session_state[f"list.{name}.said"] = f"{said} The list now has {wording.count(answer['entries'])} values."
    st.session_state.pop(f"list.{name}.trail", None)
    st.rerun(scope="fragment")
