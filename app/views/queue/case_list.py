"""Case list of the queue, and its download as CSV. The open case is kept in the URL."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting, times
from app.ui.page import in_markdown

EVENT = "event"
# Cases of one step of the list, and the most that one search returns.
PAGE, MAX_CASES = 50, 200
LIMIT = "queue-limit"
_LIST = "queue-list"
_NUMBERS = ("score", "probability", "amount", "money_at_risk")
# A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show_case_list(detector: Detector, sort: str, cases: Sequence[Json], current: str, found: Json) -> None:
    """Show the cases; selecting one opens it."""
    many = f"first {len(cases)}" if found.get("cursor") else str(len(cases))
    st.subheader(f"Cases ({many})", anchor=False, help=_freshness(found))
    if not cases:
        st.caption("No cases left.")
        return
    by_id = {str(one["event_id"]): one for one in cases}
    st.session_state[_LIST] = current if current in by_id else None
    with st.container(height=500, border=False, key="queue-cases"):
        st.radio(
            "Cases",
            list(by_id),
            key=_LIST,
            index=None,
            format_func=lambda event_id: _title(detector, sort, by_id[event_id]),
            captions=[_caption(one) for one in cases],
            on_change=_open_chosen,
            label_visibility="collapsed",
        )
    if found.get("cursor"):
        _offer_more(len(cases))


def _offer_more(shown: int) -> None:
    """Show a button that lists more cases, up to what one search returns."""
    limit = min(MAX_CASES, st.session_state.get(LIMIT, PAGE) + PAGE)
    if limit == st.session_state.get(LIMIT, PAGE):
        st.caption(f"Only the first {shown} are listed. Use the filters to see others.")
        return
    st.button("Show more cases", icon=":material/expand_more:", type="tertiary", on_click=_show_up_to, args=(limit,))


def _show_up_to(limit: int) -> None:
    st.session_state[LIMIT] = limit


def go_to(event_id: str) -> None:
    """Open another case; an empty ID opens the first one."""
    if event_id:
        st.query_params[EVENT] = event_id
    else:
        st.query_params.pop(EVENT, None)


def next_of(ids: Sequence[str], current: str, step: int = 1) -> str:
    """Return the case after (or before) the current one, or an empty text; the first case if it is not listed."""
    if current not in ids:
        return ids[0] if ids and step > 0 else ""
    place = list(ids).index(current) + step
    return ids[place] if 0 <= place < len(ids) else ""


def _open_chosen() -> None:
    go_to(str(st.session_state[_LIST] or ""))


def _title(detector: Detector, sort: str, found: Json) -> str:
    kind = "amount" if sort == "amount" else "money_at_risk"
    amount = formatting.money(found.get(kind), detector.currency, cents=True)
    customer = (found.get("entities") or {}).get("customer")
    text = amount if kind == "amount" else f"{amount} at risk"
    return in_markdown(f"{text} · {customer}" if customer else text)


def _caption(found: Json) -> str:
    score = "no score" if found.get("score") is None else f"score {found['score']}"
    at = times.moment(found["timestamp"], zone=False)
    weaker = found.get("downgraded")
    outcome = formatting.title(found["outcome"]) + (f" (score: {formatting.title(weaker['from'])})" if weaker else "")
    return in_markdown(f"{outcome}, {score} · {at}")


def _freshness(found: Json) -> str:
    until = times.moment(found.get("indexed_until"))
    return f"Includes decisions through {until}. A case leaves the list as soon as you label it."


def offer_download(cases: Sequence[Json]) -> None:
    """Show a button that downloads the listed cases."""
    st.download_button(
        "Download (CSV)", cases_csv(cases), "cases.csv", "text/csv", icon=":material/download:", type="tertiary",
        on_click="ignore", help="The listed cases, one per row. Times are in UTC.",
    )  # fmt: skip


def cases_csv(cases: Sequence[Json]) -> str:
    """Return decisions that a search found as CSV, with a column for each entity and safe to open in a spreadsheet."""
    entities = list(dict.fromkeys(entity for case in cases for entity in case.get("entities") or ()))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["event_id", "timestamp", "decided_at", "outcome", *_NUMBERS, *entities, "rules", "label"])
    for case in cases:
        keys, label = case.get("entities") or {}, case.get("label") or {}
        texts = [case["event_id"], case["timestamp"], case["decided_at"], case["outcome"]]
        matched = "; ".join(str(hit["rule"]) for hit in case.get("rules") or () if not hit.get("shadow"))
        rest = [*(keys.get(entity) for entity in entities), matched, label.get("label")]
        rows.writerow([*map(_safe, texts), *(case.get(name) for name in _NUMBERS), *map(_safe, rest)])
    return text.getvalue()


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
