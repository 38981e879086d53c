"""Choosing a file, looking at its beginning, and sending it; and the way for files that are too large for a browser."""

from __future__ import annotations

import shlex
from typing import BinaryIO

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.ui import formatting
from app.ui.page import in_markdown, problems_shown
from app.views.batch.file_check import KINDS, FileCheck, check_file

MOST_FAULTS = 5
# Suffixes as a browser knows them: the last part of a name.
TYPES = ["csv", "jsonl", "ndjson", "gz", "zst", "parquet"]


def show_upload(api: Api, detector: Detector) -> str:
    """Let the reader upload a file; return the id of its batch, or an empty string."""
    st.subheader("Upload a file", anchor=False)
    file = st.file_uploader(
        KINDS,
        type=TYPES,
        key=f"file-{_round()}",
        help="One row per event. The file goes straight to your own storage, and is scored as soon as it is there.",
    )
    if file is None:
        _say_what_fits(detector)
        _show_large_files(api)
        return ""
    check = check_file(file.name, file, detector)
    _show_check(file.name, file.size, check, detector)
    if not check.faults and st.button("Score this file", type="primary", icon=":material/upload:"):
        with problems_shown():
            return _send(api, file.name, file)
    return ""


def _round() -> int:
    """Return a number that grows with every upload: widgets with it in their key start empty again."""
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
    for fault in check.faults[:MOST_FAULTS]:
        st.warning(in_markdown(fault), icon=":material/edit:")
    if len(check.faults) > MOST_FAULTS:
        st.caption(f"And {len(check.faults) - MOST_FAULTS} more.")
    if check.faults:
        return
    noun = formatting.plural(detector.event_name)
    if check.doubts:
        for doubt in check.doubts[:MOST_FAULTS]:
            st.warning(in_markdown(doubt), icon=":material/rule:")
    else:
        st.success(f"The beginning of this file ({formatting.size(size_bytes)}) fits.", icon=":material/check:")
    if check.unused:
        st.caption(in_markdown(f"Not used for the score: {', '.join(check.unused)}."))
    with st.expander(f"The first {noun} of {in_markdown(name)}"):
        rows = [{column: None if value is None else str(value) for column, value in row.items()} for row in check.first]
        st.dataframe(rows, hide_index=True, alt="The first rows of the file")


def _say_what_fits(detector: Detector) -> None:
    with st.expander("Which columns?"):
        names = ", ".join(f"`{variable.name}`" for variable in detector.variables)
        st.markdown(f"{names}. Cells may be empty but for ID and time. Other columns are kept as they are.")


def _show_large_files(api: Api) -> None:
    most_mb = int(st.get_option("server.maxUploadSize"))
    with st.expander(f"Larger than {most_mb} MB?"), problems_shown():
        st.caption(
            "A browser cannot send it well: send it to the bucket from where it lies. Say its name to get the command; "
            "for files over 5 GB, or many, see how files are dropped into the inbox in the documentation."
        )
        with st.form("large", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Name of the file", placeholder="june.parquet").strip()
            asked = st.form_submit_button("Get the command")
        if asked and name:
            announced = api.announce_batch(name)
            command = f"curl --upload-file {shlex.quote(name)} {shlex.quote(announced.url)}"
            st.code(command, language=None, wrap_lines=True)
            minutes = announced.expires_in_s // 60
            st.caption(
                f"Works once the upload begins within {minutes} minutes; whoever has this address can use it. The file "
                "is then among the batches, and starts by itself."
            )
