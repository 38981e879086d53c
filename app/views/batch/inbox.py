"""Inbox: files that are waiting or being scored, refreshed every few seconds."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.api.client import Api, Json
from app.ui import formatting
from app.ui.page import problems_shown

REFRESH_S = 10
OPEN = {"queued": "Queued", "running": "Scoring"}
HELP = (
    "Files in the bucket's inbox are scored automatically within seconds, whether you upload them here, with an S3 "
    "tool or from a program. Finished files move to Earlier batches."
)


@st.fragment(run_every=REFRESH_S)
@problems_shown()
def show_inbox(api: Api) -> None:
    """List unfinished files; selecting one shows its batch."""
    inbox = api.inbox()
    waiting = [file for file in inbox.get("files") or [] if file.get("status") in OPEN]
    st.subheader(f"Inbox ({len(waiting)})", anchor=False, help=HELP)
    if not waiting:
        st.caption("No files waiting. Files dropped in inbox/ appear here until scored.")
        return
    chosen = st.dataframe(
        [_row(file) for file in waiting],
        hide_index=True,
        height="content" if len(waiting) <= 3 else 36 * 4,
        on_select="rerun",
        selection_mode="single-row",
        key="inbox",
        column_config=_column_config(),
        alt="Files that are waiting or being scored; select one to see it",
    )
    if not inbox.get("complete", True):
        st.caption("The inbox has more files than are listed here.")
    rows = chosen.get("selection", {}).get("rows", [])
    if rows and rows[0] < len(waiting) and st.query_params.get("batch") != waiting[rows[0]]["batch_id"]:
        st.query_params["batch"] = str(waiting[rows[0]]["batch_id"])
        st.rerun()


def _row(file: Json) -> Json:
    return {
        "file": str(file.get("filename") or ""),
        "state": OPEN[str(file["status"])],
        "put": file.get("put_at"),
        "size": formatting.size(int(file.get("size_bytes") or 0)),
    }


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "file": column.TextColumn("File", width="medium"),
        "state": column.TextColumn("State", width=110),
        "put": column.DatetimeColumn("Received (UTC)", format="D MMM YYYY, HH:mm", timezone="UTC", width=150),
        "size": column.TextColumn("Size", width=80),
    }
