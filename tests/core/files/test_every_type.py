"""Arrow types × roles of a column × training, scoring and labels: each ends in values, or in one sentence."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event_type import EventType, LabelRule, OutcomeRule
from tollgate.core.files.columns.arrow_columns import NOT_TEXT
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.labels import read_label_table, write_label_results
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.files.scoring import FileScoring
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.errors import InputError
from tollgate.services.labels.transitions import read_label

from model_build.data.future_rows import reject_future_rows
from model_build.data.payloads import post_columns
from model_build.data.quality import note_data_quality
from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import DetectorFile
from tests.core.files.arrow_types import every_column
from tests.hypothesis_profiles import is_quick

NOW = datetime(2026, 6, 1, tzinfo=UTC)
# A sample of them does for the quick profile.
STEP = 23 if is_quick() else 1
COLUMNS = list(every_column())[::STEP]
WHOLE = list(every_column(slices=False))[::STEP]
TYPE = EventType(
    name="payment",
    id="id",
    timestamp="time",
    amount="amount",
    latitude="latitude",
    label=LabelRule("fraud", 0.0, time="known"),
    numeric=("items",),
    categorical=("kind",),
    boolean=("first",),
    ignored=("remark",),
    entities={"card": ("card",), "card_kind": ("card", "kind")},
    outcome=OutcomeRule("outcome", ("1", "true", "a"), ("0", "false")),
)
ODD_FORMS = replace(TYPE, null_values=("NULL", "-7", "fraud"), decimal=",", thousands=".")
TABLE: dict[str, Any] = {
    "id": ["a", "b", "c"],
    "time": ["2026-01-01T00:00:00Z"] * 3,
    "amount": ["1", "2", "3"],
    "latitude": ["1", None, "3"],
    "fraud": [0, 1, None],
    "known": ["2026-02-01T00:00:00Z", None, ""],
    "items": ["1", "2", None],
    "kind": ["x", "y", None],
    "first": [True, False, None],
    "remark": ["x", "y", None],
    "card": ["0042", "0042", None],
    "outcome": ["1", "0", None],
}
ROLES_OF_TYPES = [
    *((role, TYPE) for role in (*TABLE, "undeclared")),
    *((role, ODD_FORMS) for role in ("time", "amount", "first", "kind", "fraud")),
]


def with_column(role: str, column: pa.Array) -> pa.Table:
    columns = {name: pa.array(values) for name, values in TABLE.items()}
    return pa.table({**columns, role: column})


def chunk_of(table: pa.Table) -> Chunk:
    return Chunk(table.column_names, [column.combine_chunks() for column in table.columns], 0, Position())


@cache
def columns_of_parquet() -> list[pa.Array]:
    """Return the columns that a Parquet file can have."""
    found = []
    for column in WHOLE:
        try:
            pq.write_table(pa.table({"column": column}), io.BytesIO())
        except (pa.ArrowException, OSError):
            continue
        found.append(column)
    return found


_COUNTER = itertools.count()


def next_ids(rows: int) -> list[int]:
    return list(itertools.islice(_COUNTER, rows))


def in_a_sentence(said: str) -> bool:
    return "\n" not in said and len(said) < 400 and "Arrow" not in said and "Traceback" not in said


def failing(tried: Callable[[pa.Array], None], columns: Sequence[pa.Array] = COLUMNS) -> list[str]:
    """Return where something else than values or one sentence came out, for each type once."""
    found: dict[str, str] = {}
    for column in columns:
        try:
            tried(column)
        except InputError as error:
            if not in_a_sentence(str(error)):
                found[str(column.type)] = f"{column.type}: says {error}"
        except Exception as error:
            found[str(column.type)] = f"{column.type}: {type(error).__name__}: {str(error)[:120]}"
    return list(found.values())


@pytest.mark.parametrize(("role", "event_type"), ROLES_OF_TYPES)
def test_every_type_is_read_or_named(role: str, event_type: EventType) -> None:
    def read(column: pa.Array) -> None:
        chunk = chunk_of(with_column(role, column))
        read = EventReader(event_type, KeyHashes()).read(chunk)
        assert len(read.places) + len(read.problems) == 3
        assert {problem for problem, _ in read.problems.values()} <= {role}
        assert all(in_a_sentence(message) for _, message in read.problems.values())

    assert failing(read) == []


@pytest.mark.parametrize(("role", "event_type"), ROLES_OF_TYPES)
def test_every_type_is_learned_from_or_named(
    quick_detector: DetectorFile, tmp_path: Path, role: str, event_type: EventType
) -> None:
    path = tmp_path / "t.parquet"

    def learn(column: pa.Array) -> None:
        pq.write_table(with_column(role, column), path, row_group_size=2)
        data = read_labeled_events(path, event_type)
        reject_future_rows(data, event_type, NOW)
        file = replace(quick_detector, event_type=event_type)
        assert all(map(in_a_sentence, note_data_quality(data, file, NOW.timestamp())))
        post_columns(event_type, data, data.rows)

    assert failing(learn, columns_of_parquet()) == []


def problem_of(version: DetectorVersion, label: object, limit: SkewLimit) -> str | None:
    try:
        read_label(version, label, limit)
    except InputError as error:
        return str(error)
    return None


@pytest.mark.parametrize("role", ["id", "fraud", "known", "undeclared", "remark"])
def test_every_type_of_labels_is_set_or_named_by_row(version: DetectorVersion, role: str) -> None:
    version = replace(version, event_type=TYPE)
    limit = version.skew_limit(NOW)

    def label(column: pa.Array) -> None:
        table = with_column(role, column).select([*{"id": 0, "fraud": 0, "known": 0, role: 0}])
        labels = read_label_table(TYPE, [chunk_of(table)])
        results: list[tuple[str, str | None]] = [("failed", labels.misshapen.get(row)) for row in range(3)]
        for row, said in labels.rows_between(0, 3):
            results[row] = ("failed", problem_of(version, said, limit))
        assert all(in_a_sentence(message or "") for _, message in results)
        written = list(csv.reader(io.StringIO(write_label_results(labels, results).decode(), newline="")))
        assert [len(row) for row in written] == [len(table.column_names) + 2] * 4

    assert failing(label) == []


@pytest.mark.parametrize(
    "roles",
    [("timestamp",), ("amount", "latitude"), ("event_id", "channel", "customer_id"), ("currency", "is_fraud", "new")],
    ids="-".join,
)
def test_every_type_is_scored_or_named_by_row(
    version: DetectorVersion, sample_csv: Path, tmp_path: Path, roles: tuple[str, ...]
) -> None:
    with sample_csv.open(encoding="utf-8", newline="") as file:
        rows = list(itertools.islice(csv.DictReader(file), 3))
    table = {name: pa.array([row[name] for row in rows]) for name in rows[0]}
    scoring = FileScoring(version, tmp_path, limit=version.skew_limit(NOW))

    def score(column: pa.Array) -> None:
        chunk = chunk_of(pa.table({**table, **dict.fromkeys(roles, column)}))
        if "event_id" not in roles:  # rows of one file
            chunk = replace(chunk, columns=[pa.array(map(str, next_ids(3))), *chunk.columns[1:]])
        (scored,) = scoring.score([chunk])
        written = list(csv.DictReader(io.StringIO(scored.csv.decode(), newline="")))
        told = [row["status"] for row in written]
        assert [status == "ok" for status in told].count(False) == scored.failed
        assert all(map(in_a_sentence, told))
        assert all(bool(row["score"]) == (row["status"] == "ok") for row in written)
        assert scored.failed == 0 or "new" not in roles
        pq.write_table(scored.table, io.BytesIO())

    assert failing(score, WHOLE) == []
    json.dumps(scoring.summary(), allow_nan=False)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
@pytest.mark.parametrize("is_dictionary", [False, True])
def test_bytes_that_are_no_text_fail_alone(kind: pa.DataType, *, is_dictionary: bool) -> None:
    column = pa.array([b"\xff\xfe", b"b", None, b"d"], pa.binary())
    if is_dictionary:
        column = pa.DictionaryArray.from_arrays(
            pa.array([0, 1, None, 3], pa.int8()), pa.array([b"\xff\xfe", b"b", b"", b"d"], kind)
        )
    else:
        column = column.cast(kind)
    table = pa.table({"event_id": column, "label": ["fraud"] * 4})
    labels = read_label_table(TYPE, [chunk_of(table)])
    assert labels.misshapen == {0: f'cannot be read: column "event_id": {NOT_TEXT}'}
    assert [said["event_id"] for _, said in labels.rows_between(0, 4)] == ["b", None, "d"]
    written = write_label_results(labels, [("accepted", None)] * 4).decode().splitlines()
    assert [line.split(",")[0] for line in written] == ["event_id", "fffe", "b", "", "d"]
