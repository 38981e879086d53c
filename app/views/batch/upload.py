"""Upload of a file: choose and check it, or get a command for files too large for a browser.

The check reads the first rows and compares them with the event type.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import BinaryIO

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector, Variable
from app.ui import formatting
from app.ui.page import in_markdown, problems_shown
from app.views.batch.file_preview import ACCEPTED, FileStart, Row, UnreadableError, read_start

MAX_MESSAGES = 5
# Suffixes as a browser knows them: the last part of a name.
TYPES = ["csv", "jsonl", "ndjson", "gz", "zst", "parquet"]
KINDS = "CSV, JSON Lines (optionally gzip or Zstandard) or Parquet"
_YES_OR_NO = {"1", "0", "1.0", "0.0", "true", "false", "yes", "no", "y", "n", "t", "f"}


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


@dataclass(frozen=True)
class FileCheck:
    """Result of a check: one sentence for each error that prevents scoring, and for each warning about rows.

    ``unused`` are the undeclared columns, ``first`` the first rows, ``rows`` the number of rows that were checked.
    """

    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    first: tuple[Row, ...] = ()
    rows: int = 0


def check_file(filename: str, file: BinaryIO, detector: Detector) -> FileCheck:
    """Check a file's columns and its first thousand rows against the event type; the API checks all rows."""
    if not filename.lower().endswith(ACCEPTED):
        return FileCheck((f"{filename} has an unsupported format. Use {KINDS}.",))
    try:
        start = read_start(filename, file, detector)
    except UnreadableError as error:
        return FileCheck((f"{filename} {error}",))
    if not start.columns:
        return FileCheck((f"{filename} is empty. It has no header and no rows.",))
    errors = _check_columns(start.columns, detector)
    if not errors and not start.rows:
        errors = [f"{filename} has a header but no rows. There is nothing to score."]
    known = {variable.name for variable in detector.variables}
    unused = tuple(column for column in start.columns if column not in known)
    warnings = () if errors else tuple(_warnings(start, detector))
    return FileCheck(tuple(errors), warnings, unused, start.rows[:5], len(start.rows))


def _check_columns(columns: Sequence[str], detector: Detector) -> list[str]:
    unused = [column for column in columns if column not in {variable.name for variable in detector.variables}]
    errors = [_missing(v.name, unused) for v in detector.variables if v.name not in columns]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    return errors + [f"Column {column} appears more than once. Keep one." for column in repeated]


def _missing(name: str, unused: Sequence[str]) -> str:
    by_lower = {column.lower(): column for column in unused}
    nearest = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    hint = f" Did you mean {by_lower[nearest[0]]}? Then rename that column." if nearest else ""
    return f"Column {name} is missing.{hint}"


def _warnings(start: FileStart, detector: Detector) -> list[str]:
    """Return unreadable values in the first rows, one sentence a column."""
    found = []
    for variable in detector.variables:
        bad = [(number, row[variable.name]) for number, row in enumerate(start.rows, 1) if _is_bad(variable, row)]
        if bad:
            (number, value), many = bad[0], len(bad)
            rows = f"{formatting.count(many)} of the first {formatting.count(len(start.rows))} rows"
            found.append(
                f'{variable.name} is not readable in {rows}, for example "{str(value)[:40]}" in row {number}. '
                "These rows will not be scored; the results list them."
            )
    return found


def _is_bad(variable: Variable, row: Row) -> bool:
    value = row.get(variable.name)
    if value is None or value != value or (isinstance(value, str) and not value.strip()):  # noqa: PLR0124 - only NaN
        return variable.role in {"id", "timestamp"} and variable.name in row
    text = str(value).strip()
    if variable.type == "number":
        return not _is_number(text)
    return variable.type == "boolean" and text.lower() not in _YES_OR_NO


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
