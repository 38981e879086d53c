"""Labelled payments from a file: CSV (also gzipped) or Parquet, into events, labels and the times they became known."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from tollgate.core.arrivals import Frauds
from tollgate.core.bare_numbers import TICKS, spell
from tollgate.core.event import Events, Floats, Ints
from tollgate.core.event_type import EventType
from tollgate.core.file_form import FileForm
from tollgate.core.files.csv_dialect import find_delimiter
from tollgate.core.files.quick_columns import without_null
from tollgate.core.files.streams import encoding_of
from tollgate.core.reading import require_columns
from tollgate.errors import LabelError, TableError, TrainingDataError

from model_build.arrow_reading import read_arrow_events, read_arrow_times

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_TELLS = FileForm()
# 1980: until then, nobody kept payments under numbers since 1970.
_EARLY_US = 315_532_800_000_000


@dataclass(frozen=True)
class LabelledEvents:
    """Events in order of time with what they turned out to be.

    ``labels`` has 1 for fraud, 0 for legitimate, -1 for not labelled, shape (n,). ``known_s`` is when each label became
    known, in seconds since 1970, shape (n,). ``rows`` are their places in the file. ``table`` is the file as read.
    """

    events: Events
    labels: npt.NDArray[np.int8]
    known_s: Floats
    rows: Ints
    table: pa.Table
    sha256: str
    label_delay_s: float
    unused_columns: tuple[str, ...]

    @property
    def frauds(self) -> Frauds:
        """The frauds among the events."""
        rows = np.flatnonzero(self.labels == 1)
        return Frauds(rows, self.known_s[rows])


def _check_path(path: Path) -> None:
    if not path.is_file():
        raise TableError(f"There is no file {path}.")
    if not path.name.lower().endswith(SUFFIXES):
        raise TableError(f"{path} is not one of {', '.join(SUFFIXES)}; convert it to one of these first.")
    if path.stat().st_size == 0:
        raise TableError(f"{path} is empty.")


def read_table(path: Path, event_type: EventType, form: FileForm = _TELLS, *, more: tuple[str, ...] = ()) -> pa.Table:
    """Read a file of events; ``more`` are columns needed besides the event's variables.

    Raises `TableError` when the file is not what its name says, or lacks a declared column.
    """
    _check_path(path)
    try:
        if path.name.lower().endswith(".parquet"):
            names = pa.parquet.read_schema(path).names
            require_columns(event_type, names, more=more)
            table = _without_nan(pa.parquet.read_table(path))
        else:
            encoding = _find_encoding(path, form)
            names, delimiter = _read_header(path, form, encoding)
            require_columns(event_type, names, more=more)
            table = _read_csv(path, names, delimiter, encoding)
    except (pa.ArrowInvalid, pa.ArrowKeyError, gzip.BadGzipFile, UnicodeError, EOFError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        kind = "".join(path.suffixes[-2:]) if path.name.lower().endswith(".gz") else path.suffix
        raise TableError(f"{path} cannot be read as {kind}: {reason}.") from None
    if table.num_rows == 0:
        raise TableError(f"{path} has a header and no rows.")
    return pa.table([without_null(event_type, column) for column in table.columns], names=table.column_names)


def _opener(path: Path) -> Callable[..., Any]:
    return gzip.open if path.name.lower().endswith(".gz") else open


def _find_encoding(path: Path, form: FileForm) -> str:
    with _opener(path)(path, "rb") as file:
        return encoding_of(file.read(4), form.encoding)


def _read_header(path: Path, form: FileForm, encoding: str) -> tuple[list[str], str]:
    with _opener(path)(path, "rt", encoding=encoding, newline="") as file:
        line = file.readline().rstrip("\r\n")
    if not line.strip():
        raise TableError(f"{path} has no header: its first line has to name the columns.")
    if "\0" in line:
        raise TableError(f"{path} is not text: it has NUL bytes in its first line.")
    delimiter = form.delimiter or find_delimiter(line)
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))], delimiter


def _read_csv(path: Path, names: list[str], delimiter: str, encoding: str) -> pa.Table:
    # All columns as text: an id of "007" stays what it is, and a bad number can be shown as it was written.
    zipped = path.name.lower().endswith(".gz")
    # By this name Arrow takes UTF-8 as it is, with a byte order mark or without.
    encoding = "utf8" if encoding.startswith("utf-8") else encoding
    return pa.csv.read_csv(
        pa.input_stream(str(path), compression="gzip" if zipped else None),
        read_options=pa.csv.ReadOptions(column_names=names, skip_rows=1, encoding=encoding),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )


def _without_nan(table: pa.Table) -> pa.Table:
    """Return a table in which a missing number is null, however its writer spelled it."""
    for place, column in enumerate(table.columns):
        if pa.types.is_floating(column.type):
            known = pc.if_else(pc.is_nan(column), None, column)
            table = table.set_column(place, table.schema.field(place), known)
    return table


def read_labelled_events(path: Path, event_type: EventType, form: FileForm = _TELLS) -> LabelledEvents:
    """Read a table to learn from, sorted by time.

    Raises `TableError` and `TrainingDataError` with one sentence naming row (from 1) and column.
    """
    rule = event_type.label
    if rule is None:
        raise TrainingDataError("The detector file has no label in [event]: training needs to know what was fraud.")
    table = read_table(path, event_type, form, more=tuple(name for name in (rule.column, rule.time) if name))
    events = read_arrow_events(event_type, table)
    _refuse_early_ticks(event_type, events)
    labels = _read_labels(event_type, table)
    known_s = _read_known_times(event_type, table, events)
    order = np.argsort(events.times_us, kind="stable")
    return LabelledEvents(
        events=events.take(order),
        labels=labels[order],
        known_s=known_s[order],
        rows=order,
        table=table,
        sha256=_sha256_of(path),
        label_delay_s=rule.delay_s,
        unused_columns=tuple(name for name in table.column_names if name not in event_type.accepted),
    )


def _refuse_early_ticks(event_type: EventType, events: Events) -> None:
    """Raise `TrainingDataError` for counts since 1970 that all fall into its first years."""
    earliest_us, latest_us = int(np.min(events.times_us)), int(np.max(events.times_us))
    if event_type.timestamp_format not in TICKS or event_type.timestamp_unit or latest_us > _EARLY_US:
        return
    first, last = spell(earliest_us // 1_000_000), spell(latest_us // 1_000_000)
    raise TrainingDataError(
        f'Column "{event_type.timestamp}": all times fall between {first} and {last}, as timestamp_format '
        f'"{event_type.timestamp_format}" says; if they count from another start, set timestamp_unit = "hours" (or '
        '"days", "minutes", "seconds") and timestamp_origin in [event] instead.'
    )


def _read_labels(event_type: EventType, table: pa.Table) -> npt.NDArray[np.int8]:
    assert event_type.label is not None
    encoded = pc.dictionary_encode(table[event_type.label.column].combine_chunks())
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    meanings = []
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            label = event_type.label.read(value)
        except LabelError as error:
            raise TrainingDataError(f"Row {int(np.argmax(codes == code)) + 1}: {error}") from None
        meanings.append(-1 if label is None else label)
    labels: npt.NDArray[np.int8] = np.array([*meanings, -1], dtype=np.int8)[codes]
    return labels


def _read_known_times(event_type: EventType, table: pa.Table, events: Events) -> Floats:
    assert event_type.label is not None
    known: Floats = events.times_s + event_type.label.delay_s
    if event_type.label.time is None:
        return known
    name = event_type.label.time
    given = table[name].to_pylist() if pa.types.is_string(table[name].type) else table[name].is_valid().to_pylist()
    present = np.flatnonzero([bool(value) for value in given])
    times = read_arrow_times(name, table[name].take(present), event_type.time_format, rows=present)
    known[present] = times / 1e6
    early = np.flatnonzero(known < events.times_s)
    if len(early):
        raise TrainingDataError(
            f'Row {int(early[0]) + 1}, column "{event_type.label.time}": the label became known before its event.'
        )
    return known


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_categories(events: Events, *, most: int = 200) -> dict[str, Mapping[str, float]]:
    """Return for each categorical column its most common categories and their shares, most common first."""
    shares: dict[str, Mapping[str, float]] = {}
    for column, keys in events.categories.items():
        counts = np.bincount(keys.codes[keys.codes >= 0], minlength=len(keys.values))
        order = np.argsort(-counts, kind="stable")[:most]
        shares[column] = {keys.values[code]: round(float(counts[code] / len(events)), 6) for code in order.tolist()}
    return shares
