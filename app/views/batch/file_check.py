"""Checks the beginning of a file against the event type before it is uploaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import BinaryIO

from app.api.detector import Detector, Variable
from app.ui import formatting
from app.views.batch.file_preview import ACCEPTED, FileStart, Row, UnreadableError, read_start

KINDS = "CSV, JSON lines (each also packed by gzip or Zstandard) and Parquet"
_YES_OR_NO = {"1", "0", "1.0", "0.0", "true", "false", "yes", "no", "y", "n", "t", "f"}


@dataclass(frozen=True)
class FileCheck:
    """What was found: one sentence for each fault, with which the file can't be scored, and for each doubt about rows.

    ``unused`` are the columns that are not declared, ``first`` the first rows.
    """

    faults: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    first: tuple[Row, ...] = ()


def check_file(filename: str, file: BinaryIO, detector: Detector) -> FileCheck:
    """Say whether a file fits the event type, by its columns and its first thousand rows; the API looks at all."""
    if not filename.lower().endswith(ACCEPTED):
        return FileCheck((f"{filename} is of another kind: Tollgate takes {KINDS}.",))
    try:
        start = read_start(filename, file, detector)
    except UnreadableError as error:
        return FileCheck((f"{filename} {error}",))
    if not start.columns:
        return FileCheck((f"{filename} is empty: it has neither a header nor rows.",))
    faults = _check_columns(start.columns, detector)
    if not faults and not start.rows:
        faults = [f"{filename} has a header and no rows: there is nothing to score."]
    known = {variable.name for variable in detector.variables}
    unused = tuple(column for column in start.columns if column not in known)
    return FileCheck(tuple(faults), () if faults else tuple(_doubts(start, detector)), unused, start.rows[:5])


def _check_columns(columns: Sequence[str], detector: Detector) -> list[str]:
    unused = [column for column in columns if column not in {variable.name for variable in detector.variables}]
    faults = [_missing(v.name, unused) for v in detector.variables if v.name not in columns]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    return faults + [f"Column {column} is there more than once: keep one." for column in repeated]


def _missing(name: str, unused: Sequence[str]) -> str:
    by_lower = {column.lower(): column for column in unused}
    nearest = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    hint = f": is it {by_lower[nearest[0]]}? Then rename that column" if nearest else ""
    return f"Column {name} is missing{hint}."


def _doubts(start: FileStart, detector: Detector) -> list[str]:
    """Return what cannot be read in the first rows, one sentence a column."""
    found = []
    for variable in detector.variables:
        bad = [(number, row[variable.name]) for number, row in enumerate(start.rows, 1) if _is_bad(variable, row)]
        if bad:
            (number, value), many = bad[0], len(bad)
            rows = f"{formatting.count(many)} of the first {formatting.count(len(start.rows))} rows"
            found.append(
                f'{variable.name} cannot be read in {rows}: "{str(value)[:40]}" in row {number}, for example. '
                "Such rows are left unscored and listed."
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
