"""What waits in the inbox or is at work, kept up to date while there is any."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.api.client import Api, Json
from app.ui import formatting
from app.ui.page import problems_shown

REFRESH_S = 10
OPEN = {"queued": "Waits its turn", "running": "Is scored"}
HELP = (
    "Files that were put into the bucket's inbox start by themselves, within seconds: by upload here, by any tool that "
    "writes to S3, or by a program. Those that are done are among the batches."
)


@st.fragment(run_every=REFRESH_S)
@problems_shown()
def show_inbox(api: Api) -> None:
    """List the files that are not done; choosing one shows its batch."""
    inbox = api.inbox()
    waiting = [file for file in inbox.get("files") or [] if file.get("status") in OPEN]
    st.subheader(f"In the inbox ({len(waiting)})", anchor=False, help=HELP)
    if not waiting:
        st.caption("Nothing waits: a file that is dropped into the bucket's inbox is here until it is scored.")
        return
    chosen = st.dataframe(
        [_row(file) for file in waiting],
        hide_index=True,
        height="content" if len(waiting) <= 3 else 36 * 4,
        on_select="rerun",
        selection_mode="single-row",
        key="inbox",
        column_config=_column_config(),
        alt="Files that wait or are at work; choose one to see it",
    )
    if not inbox.get("complete", True):
        st.caption("The inbox holds more files than are listed here.")
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
        "put": column.DatetimeColumn("Put there (UTC)", format="D MMM YYYY, HH:mm", timezone="UTC", width=150),
        "size": column.TextColumn("Size", width=80),
    }
