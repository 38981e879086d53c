"""File check: the first rows of a file against the event type, before the upload."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import BinaryIO

from app.api.detector import Detector, Variable
from app.ui import formatting
from app.views.batch.file_preview import ACCEPTED, FileStart, Row, UnreadableError, read_start

KINDS = "CSV, JSON Lines (optionally gzip or Zstandard) or Parquet"
_YES_OR_NO = {"1", "0", "1.0", "0.0", "true", "false", "yes", "no", "y", "n", "t", "f"}


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
