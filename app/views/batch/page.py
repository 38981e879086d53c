"""Batch page: upload a file, follow its progress and the inbox, and see the results, also of earlier batches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.outcome_card import empty_state
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown, show_page
from app.views.batch.results import show_summary
from app.views.batch.upload import show_upload

POLL_EVERY_S = 2
# A running batch sends a heartbeat every few seconds.
PATIENCE_S = 180
UPLOAD_WITHIN_S = 900
MAX_ROWS_SHOWN = 5
WORDS = {
    "waiting": "Waiting", "running": "Scoring", "done": "Done", "rejected": "Rejected", "failed": "Failed",
}  # fmt: skip
FINISHED = {"done", "rejected", "failed"}
REFRESH_S = 10
OPEN_STATES = {"queued": "Queued", "running": "Scoring"}


def show() -> None:
    """Show the page."""
    show_page("Score a file", "Upload a file of {events} to get scores and outcomes.", _show_body, ("batch",))


def _show_body(api: Api, detector: Detector) -> None:
    upload, earlier = st.columns([5, 7], gap="large")
    with upload, problems_shown():
        if sent := show_upload(api, detector):
            st.query_params["batch"] = sent
            st.rerun()
        show_inbox(api)
    batch_id = ""
    with earlier, problems_shown():
        batch_id = _choose_batch(api)
    if batch_id:
        st.space("xsmall")
        _show_batch(api, detector, batch_id)


def _choose_batch(api: Api) -> str:
    """List earlier batches; return the ID of the one to show, or an empty string."""
    st.subheader("Earlier batches", anchor=False)
    batches = api.batches()
    asked = str(st.query_params.get("batch", ""))
    if not batches:
        st.html(empty_state("No batches yet", "Upload a file. Its results will appear here."))
        return asked
    chosen = st.dataframe(
        [_row(batch) for batch in batches],
        hide_index=True,
        height="content" if len(batches) <= MAX_ROWS_SHOWN else 36 * (MAX_ROWS_SHOWN + 1),
        placeholder=formatting.NOTHING,
        on_select="rerun",
        selection_mode="single-row",
        key=f"batches-{st.session_state.get('round', 0)}",
        column_config=_column_config(),
        alt="Earlier batches; select one to see its results",
    )
    rows = chosen.get("selection", {}).get("rows", [])
    if rows and rows[0] < len(batches):
        asked = str(batches[rows[0]]["batch_id"])
        st.query_params["batch"] = asked
    return asked or str(batches[0]["batch_id"])


def _row(batch: Json) -> Json:
    return {
        "file": str(batch.get("filename") or ""),
        "status": WORDS.get(str(batch.get("status")), str(batch.get("status"))),
        "created": batch.get("created_at"),
        "rows": batch.get("rows"),
        "failed": batch.get("failed"),
    }


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "file": column.TextColumn("File", width="medium"),
        "status": column.TextColumn("Status", width=80),
        "created": times.column("Uploaded", width=150),
        "rows": column.NumberColumn("Rows", format=formatting.COUNT_FORMAT, width=80),
        "failed": column.NumberColumn("Failed", format=formatting.COUNT_FORMAT, width=70),
    }


def _show_batch(api: Api, detector: Detector, batch_id: str) -> None:
    batch = api.batch(batch_id)
    status = batch.get("status")
    heading, files = st.columns([5, 7], vertical_alignment="bottom")
    with heading:
        st.header(in_markdown(str(batch.get("filename") or batch_id)), anchor=False)
        st.caption(in_markdown(_origin(batch, batch_id)))
    with files:
        _show_downloads(batch)
    if status == "rejected":
        reason = str(batch.get("reason") or "The API gave no reason.")
        st.warning(in_markdown(f"This file was not scored. {reason}"), icon=":material/block:")
    elif status == "failed":
        reason = str(batch.get("reason") or "The API gave no reason.")
        st.warning(f"Scoring this file failed. To try again, run `tollgate redrive`. {in_markdown(reason)}")
    elif status == "done":
        show_summary(detector, batch)
    else:
        _watch(api, batch_id)


def _show_downloads(batch: Json) -> None:
    """Offer the files of a finished batch."""
    downloads = batch.get("downloads") or {}
    with st.container(horizontal=True, horizontal_alignment="right"):
        if downloads.get("results"):
            st.link_button(
                "Download results (CSV)",
                downloads["results"],
                type="primary",
                icon=":material/download:",
                help="Your columns plus score, probability, outcome and status.",
            )
        if downloads.get("results_parquet"):
            st.link_button(
                "Download results (Parquet)",
                downloads["results_parquet"],
                icon=":material/download:",
                help="The same data as Parquet, for programs.",
            )
        if downloads.get("summary"):
            st.link_button("Download summary (JSON)", downloads["summary"], icon=":material/download:")


def _origin(batch: Json, batch_id: str) -> str:
    version = (batch.get("summary") or {}).get("detector_version")
    decided = f" by detector version {version}" if version else ""
    if batch.get("finished_at"):
        return f"Batch {batch_id}, finished {times.moment(batch['finished_at'])}{decided}"
    return f"Batch {batch_id}, uploaded {times.moment(batch.get('created_at'))}"


@st.fragment(run_every=POLL_EVERY_S)
@problems_shown()
def _watch(api: Api, batch_id: str) -> None:
    """Show the progress of a batch until it is finished; then rerun the page."""
    batch = api.batch(batch_id)
    if batch.get("status") in FINISHED:
        st.rerun()
    if batch.get("status") == "waiting":
        st.progress(0, "Waiting for the file to arrive or for its turn …")
        if _silent_s(batch) > UPLOAD_WITHIN_S:
            st.caption("The file did not arrive before the upload link expired. Upload it again.")
            return
    else:
        st.progress(*_progress(batch.get("progress") or {}))
    if _silent_s(batch) > PATIENCE_S:
        st.caption("No progress for several minutes. Check the batch function's log and its dead-letter queue.")


def _progress(progress: Json) -> tuple[float, str]:
    """Return the completed share, from 0 to 1, and a text."""
    if progress.get("phase") == "recording":
        return 1.0, f"Saving: {formatting.count(progress.get('recorded') or 0)} profiles"
    rows, total, size = int(progress.get("rows") or 0), progress.get("rows_total"), progress.get("size_bytes")
    about = "about " if progress.get("rows_total_estimated") else ""
    of_all = f" of {about}{formatting.count(total)}" if total else ""
    failed = f", {formatting.count(progress['failed'])} failed" if progress.get("failed") else ""
    share = float(progress.get("bytes") or 0) / float(size) if size else 0.0
    return min(share, 1.0), f"Scoring: {formatting.count(rows)}{of_all} rows{failed}"


def _silent_s(batch: Json) -> float:
    """Return the seconds since the last heartbeat."""
    last = (batch.get("progress") or {}).get("heartbeat_at") or batch.get("created_at")
    try:
        return (clock.now() - datetime.fromisoformat(str(last))).total_seconds()
    except (ValueError, TypeError):
        return 0.0


INBOX_HELP = (
    "Files in the bucket's inbox are scored automatically within seconds, whether you upload them here, with an S3 "
    "tool or from a program. Finished files move to Earlier batches."
)


@st.fragment(run_every=REFRESH_S)
@problems_shown()
def show_inbox(api: Api) -> None:
    """List unfinished files; selecting one shows its batch."""
    inbox = api.inbox()
    waiting = [file for file in inbox.get("files") or [] if file.get("status") in OPEN_STATES]
    st.subheader(f"Inbox ({len(waiting)})", anchor=False, help=INBOX_HELP)
    if not waiting:
        st.caption("No files waiting. Files dropped in inbox/ appear here until scored.")
        return
    chosen = st.dataframe(
        [_inbox_row(file) for file in waiting],
        hide_index=True,
        height="content" if len(waiting) <= 3 else 36 * 4,
        on_select="rerun",
        selection_mode="single-row",
        key="inbox",
        column_config=_inbox_columns(),
        alt="Files that are waiting or being scored; select one to see it",
    )
    if not inbox.get("complete", True):
        st.caption("The inbox has more files than are listed here.")
    rows = chosen.get("selection", {}).get("rows", [])
    if rows and rows[0] < len(waiting) and st.query_params.get("batch") != waiting[rows[0]]["batch_id"]:
        st.query_params["batch"] = str(waiting[rows[0]]["batch_id"])
        st.rerun()


def _inbox_row(file: Json) -> Json:
    return {
        "file": str(file.get("filename") or ""),
        "state": OPEN_STATES[str(file["status"])],
        "put": file.get("put_at"),
        "size": formatting.size(int(file.get("size_bytes") or 0)),
    }


def _inbox_columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "file": column.TextColumn("File", width="medium"),
        "state": column.TextColumn("State", width=110),
        "put": times.column("Received", width=150),
        "size": column.TextColumn("Size", width=80),
    }


if __name__ == "__main__":  # as Streamlit runs a page
    show()
