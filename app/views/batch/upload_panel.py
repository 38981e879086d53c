"""Upload panel: choose, check and upload a file, or get a command for files too large for a browser."""

from __future__ import annotations

import shlex
from typing import BinaryIO

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.ui import formatting
from app.ui.page import in_markdown, problems_shown
from app.views.batch.file_check import KINDS, FileCheck, check_file

MAX_MESSAGES = 5
# Suffixes as a browser knows them: the last part of a name.
TYPES = ["csv", "jsonl", "ndjson", "gz", "zst", "parquet"]


def show_upload(api: Api, detector: Detector) -> str:
    """Let the reader upload a file; return the ID of its batch, or an empty string."""
    st.subheader("Upload a file", anchor=False)
    file = st.file_uploader(
        KINDS,
        type=TYPES,
        key=f"file-{_round()}",
        help="One row per event. The file goes directly to your own storage and is scored when it arrives.",
    )
    if file is None:
        _show_required_columns(detector)
        _show_large_files(api)
        return ""
    check = check_file(file.name, file, detector)
    _show_check(file.name, file.size, check, detector)
    if not check.errors and st.button("Score this file", type="primary", icon=":material/upload:"):
        with problems_shown():
            return _send(api, file.name, file)
    return ""


def _round() -> int:
    """Return a number that grows with every upload, so that widgets with it in their key start empty."""
    return int(st.session_state.get("round", 0))


def _send(api: Api, name: str, file: BinaryIO) -> str:
    bar = st.progress(0.0, "Uploading …")

    def tell(share: float) -> None:
        bar.progress(share, f"Uploading: {formatting.percent(share)}")

    batch_id = api.start_batch(name, file, tell)
    bar.empty()
    st.session_state["round"] = _round() + 1
    return batch_id


def _show_check(name: str, size_bytes: int, check: FileCheck, detector: Detector) -> None:
    for error in check.errors[:MAX_MESSAGES]:
        st.warning(in_markdown(error), icon=":material/edit:")
    if len(check.errors) > MAX_MESSAGES:
        st.caption(f"And {len(check.errors) - MAX_MESSAGES} more.")
    if check.errors:
        return
    noun = formatting.plural(detector.event_name)
    if check.warnings:
        for warning in check.warnings[:MAX_MESSAGES]:
            st.warning(in_markdown(warning), icon=":material/rule:")
    else:
        matched = f"the first {formatting.count(check.rows)} rows match" if check.rows > 1 else "its row matches"
        st.success(f"File looks good ({formatting.size(size_bytes)}): {matched}.", icon=":material/check:")
    if check.unused:
        st.caption(in_markdown(f"Columns not used for the score: {', '.join(check.unused)}."))
    with st.expander(f"First {noun} in {in_markdown(name)}"):
        rows = [{column: None if value is None else str(value) for column, value in row.items()} for row in check.first]
        st.dataframe(rows, hide_index=True, alt="First rows of the file")


def _show_required_columns(detector: Detector) -> None:
    with st.expander("Required columns"):
        names = ", ".join(f"`{variable.name}`" for variable in detector.variables)
        st.markdown(f"{names}. Only ID and time must have a value in every row. Other columns are kept unchanged.")


def _show_large_files(api: Api) -> None:
    most_mb = int(st.get_option("server.maxUploadSize"))
    with st.expander(f"Larger than {most_mb} MB?"), problems_shown():
        st.caption(
            "Too large for a browser. Enter the file name to get an upload command. For files over 5 GB, or many "
            "files, use the inbox (see the documentation)."
        )
        with st.form("large", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("File name", placeholder="june.parquet").strip()
            asked = st.form_submit_button("Get command")
        if asked and name:
            announced = api.announce_batch(name)
            command = f"curl --upload-file {shlex.quote(name)} {shlex.quote(announced.url)}"
            st.code(command, language=None, wrap_lines=True)
            minutes = announced.expires_in_s // 60
            st.caption(
                f"Start the upload within {minutes} minutes. Anyone with this link can use it. Scoring starts "
                "automatically, and the file appears under Earlier batches."
            )
