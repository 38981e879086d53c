"""Download of the listed cases as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import streamlit as st

from app.api.client import Json

_NUMBERS = ("score", "probability", "amount", "money_at_risk")
# A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
