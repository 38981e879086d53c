"""Checks a file's header against the event type before it is uploaded."""

from __future__ import annotations

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
        columns = read_columns(filename, content)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, pa.ArrowInvalid):
        return FileCheck((f"{filename} cannot be read: is it damaged, or of another kind than its name says?",))
    return _check_columns(columns, detector)


def read_columns(filename: str, content: bytes) -> list[str]:
    """Return the names of a file's columns; raises what the reader of its format raises."""
    if filename.lower().endswith(".parquet"):
        return [str(name) for name in pq.read_schema(io.BytesIO(content)).names]
    if filename.lower().endswith(".gz"):
        with gzip.open(io.BytesIO(content)) as unpacked:
            line = unpacked.readline(HEADER_LIMIT_BYTES)
    else:
        line = io.BytesIO(content).readline(HEADER_LIMIT_BYTES)
    header = line.decode("utf-8-sig")
    names = next(csv.reader([header], delimiter=max(DELIMITERS, key=header.count)), [])
    return [name.strip() for name in names]


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
