"""Lists that rules use: search, add, remove and replace values."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.outcome_card import empty_state
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown, show_problem
from app.ui.url_state import in_url, one_of

PAGE = 100
MAX_BYTES = 4_000_000
_SAID = "list.said"


def show_lists(api: Api, detector: Detector) -> None:
    """Show one of the lists and the forms to change it."""
    names = [str(one["name"]) for one in detector.document.get("lists") or ()]
    if not names:
        text = "Add one under [lists] in the detector file and use it in a rule, such as customer_id in denied."
        st.html(empty_state("This version has no lists", text))
        return
    name = str(st.selectbox("List", names, width=420, **in_url("list", names[0], one_of(names))))
    _show_list(api, name)


@st.fragment
def _show_list(api: Api, name: str) -> None:
    with problems_shown():
        said = st.session_state.pop(_SAID, None)
        if isinstance(said, ApiProblem):
            show_problem(said)
        elif said:
            st.success(in_markdown(said), icon=":material/check:")
        values, changes = st.columns([7, 5], gap="large")
        with values:
            page = _show_values(api, name)
        with changes:
            _show_changes(api, name, page)


def _show_values(api: Api, name: str) -> Json:
    trail: list[str | None] = st.session_state.setdefault(f"list.{name}.trail", [None])
    search = st.text_input(
        "Search",
        key=f"list.{name}.search",
        placeholder="Part of a value",
        live=True,
        icon=":material/search:",
        on_change=_begin,
        args=(trail,),
    )
    page = api.list_page(name, str(search), PAGE, trail[-1])
    chosen = st.dataframe(
        [{"Value": value} for value in page["values"]],
        hide_index=True,
        height=290 if len(page["values"]) > 7 else "content",
        key=f"list.{name}.values.{page['etag']}.{search}.{trail[-1]}",
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="No values",
        alt=f"Values of the list {name}",
    )
    _show_pages(page, trail)
    picked = [page["values"][row] for row in chosen["selection"]["rows"]]
    if picked:
        change = partial(api.change_list, name, [], picked, page["etag"])
        st.button(
            f"Remove {len(picked)} from the list",
            icon=":material/delete:",
            on_click=_change,
            args=(change, trail, "{} removed", page["entries"]),
        )
    return page


def _begin(trail: list[str | None]) -> None:
    trail[:] = [None]


def _go_back(trail: list[str | None]) -> None:
    trail.pop()


def _show_pages(page: Json, trail: list[str | None]) -> None:
    first, size = (len(trail) - 1) * PAGE, len(page["values"])
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = f"{formatting.count(first + min(1, size))} to {formatting.count(first + size)}"
        st.caption(f"{shown} of {formatting.count(page['matching'])}. Select values to remove them.")
        st.button("Back", icon=":material/chevron_left:", disabled=not first, on_click=_go_back, args=(trail,))
        st.button(
            "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=page["cursor"] is None,
            on_click=trail.append,
            args=(page["cursor"],),
        )


def _show_changes(api: Api, name: str, page: Json) -> None:
    kind = "number" if page["kind"] == "number" else "text"
    values = "value" if page["entries"] == 1 else "values"
    since = "from the version of" if page["sealed"] else "changed"
    text = f"{formatting.count(page['entries'])} {kind} {values}, {since} {times.moment(page['changed_at'])}."
    st.markdown(in_markdown(text))
    st.caption("Changes take effect within 30 seconds and survive new versions.")
    key = f"list.{name}.add"
    with st.form(f"{key}.form", border=True):
        st.text_area("Values to add, one per line", height=120, key=key)
        st.form_submit_button("Add", type="primary", icon=":material/add:", on_click=_add, args=(api, name, page, key))
    with st.expander("Replace with a file", icon=":material/upload_file:"):
        _show_replacement(api, name, page)


def _add(api: Api, name: str, page: Json, key: str) -> None:
    values = read_values(str(st.session_state[key]))
    if not values:
        st.session_state[_SAID] = ApiProblem("Enter at least one value, then select Add.")
        return
    trail = st.session_state[f"list.{name}.trail"]
    change = partial(api.change_list, name, values, [], page["etag"])
    _change(change, trail, "{} added", page["entries"])
    if not isinstance(st.session_state[_SAID], ApiProblem):
        st.session_state[key] = ""


def _show_replacement(api: Api, name: str, page: Json) -> None:
    file = st.file_uploader("Text file with one value per line", type=["txt", "csv"], key=f"list.{name}.file")
    if file is None:
        return
    try:
        values = read_values(_text_of(file))
    except UnicodeDecodeError:
        st.warning("The file is not UTF-8 text. Save it as UTF-8, then choose it again.", icon=":material/edit:")
        return
    if sum(len(value) + 4 for value in values) > MAX_BYTES:
        command = f"tollgate lists put FILE --name {name}"
        st.warning(f"The file is too large for one request. Use `{command}` instead.", icon=":material/edit:")
        return
    if not values:
        st.warning("The file has no values. To empty the list, remove its values instead.", icon=":material/edit:")
        return
    count, trail = formatting.count(len(values)), st.session_state[f"list.{name}.trail"]
    st.caption(f"{count} values will replace the current {formatting.count(page['entries'])}.")
    change = partial(api.replace_list, name, values, page["etag"])
    st.button(f"Replace with {count} values", type="primary", on_click=_change, args=(change, trail, "Replaced"))


def _text_of(file: io.BytesIO) -> str:
    return file.getvalue().decode("utf-8-sig")


def read_values(text: str) -> list[str]:
    """Return the values in a text, one a line, each once; blank lines, and those that begin with "# ", do not count."""
    lines = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line and line != "#" and not line.startswith("# ")))


def _change(ask: Callable[[], Json], trail: list[str | None], said: str, before: int = 0) -> None:
    """Make a change, and keep the message about it; "{}" in ``said`` is by how much it changed ``before`` values."""
    try:
        answer = ask()
    except ApiProblem as problem:
        theirs = ApiProblem("Somebody else changed this list in the meantime. Check its current values and try again.")
        st.session_state[_SAID] = theirs if problem.is_overtaken else problem
        return
    changed = said.format(formatting.count(abs(answer["entries"] - before)))
    st.session_state[_SAID] = f"{changed}, {formatting.count(answer['entries'])} in total."
    _begin(trail)
