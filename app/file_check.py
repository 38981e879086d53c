"""Checks a file's header against the event type before it is uploaded."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.parquet as pq

from app.detector import Detector

ACCEPTED = (".csv", ".csv.gz", ".parquet")
HEADER_LIMIT_BYTES = 1_000_000
DELIMITERS = ",;\t|"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class FileCheck:
    """What was found: one sentence for each fault (the file can't be scored with any), and the columns not used."""

    faults: tuple[str, ...]
    unused: tuple[str, ...] = ()


def check_file(filename: str, content: bytes, detector: Detector) -> FileCheck:
    """Say whether a file's columns fit the event type; its rows are for the API to check."""
    if not filename.lower().endswith(ACCEPTED):
        return FileCheck((f"{filename} is of another kind: Tollgate takes .csv, .csv.gz and .parquet.",))
    try:
        columns = read_columns(filename, content, detector)
    except (OSError, EOFError, zlib.error, UnicodeError, LookupError, csv.Error, pa.ArrowInvalid):
        return FileCheck((f"{filename} cannot be read: is it damaged, or of another kind than its name says?",))
    return _check_columns(columns, detector)


def read_columns(filename: str, content: bytes, detector: Detector) -> list[str]:
    """Return the names of a file's columns; raises what the reader of its format raises."""
    if filename.lower().endswith(".parquet"):
        return [str(name) for name in pq.read_schema(io.BytesIO(content)).names]
    if filename.lower().endswith(".gz"):
        with gzip.open(io.BytesIO(content)) as unpacked:
            start = unpacked.read(HEADER_LIMIT_BYTES)
    else:
        start = content[:HEADER_LIMIT_BYTES]
    header = _first_line(start, detector.encoding)
    names = next(csv.reader([header], delimiter=detector.delimiter or max(DELIMITERS, key=header.count)), [])
    return [name.strip() for name in names]


def _first_line(start: bytes, declared: str | None) -> str:
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    with io.TextIOWrapper(io.BytesIO(start), encoding=marked or declared or "utf-8") as text:
        return text.readline()


def _check_columns(columns: Sequence[str], detector: Detector) -> FileCheck:
    known = {variable.name for variable in detector.variables}
    unused = tuple(column for column in columns if column not in known)
    missing = [variable.name for variable in detector.variables if variable.name not in columns]
    faults = [_missing(name, unused) for name in missing]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    faults += [f"Column {column} is there more than once: keep one." for column in repeated]
    return FileCheck(tuple(faults), unused)


def _missing(name: str, unused: Sequence[str]) -> str:
    by_lower = {column.lower(): column for column in unused}
    nearest = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    hint = f": is it {by_lower[nearest[0]]}? Then rename that column" if nearest else ""
    return f"Column {name} is missing{hint}."
