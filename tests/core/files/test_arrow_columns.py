"""Columns of any Arrow type: read alike by scoring, training and labels, or named; and written as results."""

from __future__ import annotations

import csv
import io
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.events.reader import read_events
from tollgate.core.files.columns.arrow_columns import NOT_TEXT, plain_column, python_values
from tollgate.core.files.columns.arrow_reader import ChunkEvents, EventReader, repeated_in_chunk
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.labels import read_label_table, write_label_results
from tollgate.core.files.readers.chunks import Chunk, Position, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.core.files.results import as_column, write_lines
from tollgate.errors import TableError, TrainingDataError

from model_build.data.table import read_labeled_events, read_table_events
from tests.core.files.arrow_types import arrow_columns
from tests.hypothesis_profiles import examples

ROWS = 3
TYPE = EventType(
    name="payment",
    id="id",
    timestamp="time",
    amount="amount",
    label=LabelRule("fraud", 0.0),
    categorical=("kind",),
    boolean=("first",),
    entities={"card": ("card",), "card_kind": ("card", "kind")},
)
ROLES = ("id", "time", "amount", "kind", "first", "card")
BASE = pa.table(
    {
        "id": ["a", "b", "c"],
        "time": ["2026-01-01T00:00:00Z"] * ROWS,
        "amount": [1.0, 2.0, 3.0],
        "kind": ["x", "y", None],
        "first": [True, False, None],
        "card": ["0042", "0042", None],
        "fraud": [0, 1, None],
    }
)


def chunk_of(table: pa.Table) -> Chunk:
    return Chunk(table.column_names, table.columns, 0, Position())


def with_column(name: str, column: pa.Array) -> pa.Table:
    return BASE.set_column(BASE.column_names.index(name), name, column)


def served(chunk: Chunk) -> ChunkEvents:
    return EventReader(TYPE, KeyHashes(), repeated_in_chunk).read(chunk)


def keys(read: ChunkEvents) -> dict[str, list[str | None]]:
    all_keys = {**read.events.categories, **read.events.entities}
    return {
        name: [key.values[code] if code >= 0 else None for code in key.codes.tolist()] for name, key in all_keys.items()
    }


def assert_alike(one: ChunkEvents, other: ChunkEvents) -> None:
    assert one.problems == other.problems
    assert list(one.events.ids) == list(other.events.ids)
    np.testing.assert_array_equal(one.events.times_us, other.events.times_us)
    np.testing.assert_array_equal(one.events.amounts, other.events.amounts)
    np.testing.assert_array_equal(one.events.numeric["first"], other.events.numeric["first"])
    assert keys(one) == keys(other)


def assert_is_what_the_core_reads(chunk: Chunk, read: ChunkEvents, role: str) -> None:
    column = chunk.column(role)
    unreadable = plain_column(column).unreadable
    if role == "time" and pa.types.is_duration(column.type):
        assert len(read.problems) == ROWS
        return
    expected, problems = read_events(TYPE, {name: python_values(chunk.column(name)) for name in chunk.names})
    assert set(read.problems) == {problem.row for problem in problems} | set(unreadable)
    for place, row in enumerate(read.places.tolist()):
        assert read.events.ids[place] == expected.ids[row]
        assert read.events.times_us[place] == expected.times_us[row]
        for name, key in expected.entities.items():
            assert keys(read)[name][place] == (key.values[key.codes[row]] if key.codes[row] >= 0 else None)


@settings(max_examples=examples(600), deadline=None)
@given(column=arrow_columns(ROWS), role=st.sampled_from(ROLES))
def test_any_type_in_any_role_is_read_alike_or_named(column: pa.Array, role: str) -> None:
    chunk = chunk_of(with_column(role, column))
    read = served(chunk)
    assert_is_what_the_core_reads(chunk, read, role)
    assert {column for column, _ in read.problems.values()} <= {role}
    if read.problems:
        first = min(read.problems)
        with pytest.raises(TrainingDataError, match=f'^Row {first + 1}, column "{role}": ') as caught:
            read_table_events(TYPE, chunk)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400
    else:
        assert list(read_table_events(TYPE, chunk).ids) == list(read.events.ids)
    in_parts = Chunk(
        chunk.names, [pa.chunked_array([c.chunk(0)[:1], c.chunk(0)[1:]]) for c in chunk.columns], 0, Position()
    )
    assert_alike(read, served(in_parts))


def training_problem(path: Path) -> str:
    try:
        read_labeled_events(path, TYPE)
    except TableError as error:
        return str(error)
    return ""


@settings(max_examples=examples(300), deadline=None)
@given(column=arrow_columns(ROWS), role=st.sampled_from(("spare", *ROLES, "fraud")))
def test_any_type_of_a_parquet_file_is_scored_trained_on_and_labelled_alike(
    tmp_path_factory: pytest.TempPathFactory, column: pa.Array, role: str
) -> None:
    table = BASE.append_column("spare", column) if role == "spare" else with_column(role, column)
    out = io.BytesIO()
    try:
        pq.write_table(table, out)
    except (pa.ArrowException, OSError):
        return  # no Parquet file has such a column
    (chunk,) = open_chunks("t.parquet", Held(out.getvalue()))
    read = served(chunk)
    path = tmp_path_factory.mktemp("any") / "t.parquet"
    path.write_bytes(out.getvalue())
    problem = training_problem(path)
    if read.problems:
        assert problem.startswith(f'Row {min(read.problems) + 1}, column "{role}": ')
    elif role == "fraud" and problem:
        assert problem.startswith("Row ")
        assert 'olumn "fraud"' in problem
    else:
        assert problem == ""
    labels = read_label_table(TYPE, [chunk])
    given_ids = [row["event_id"] for _, row in labels.rows_between(0, ROWS)]
    assert all(value is None or not isinstance(value, bytes) for value in given_ids)
    write_label_results(labels, [("accepted", None)] * ROWS)
    assert_writable(chunk)


@settings(max_examples=examples(300), deadline=None)
@given(column=arrow_columns(ROWS))
def test_any_type_is_carried_along_into_results(column: pa.Array) -> None:
    assert_writable(chunk_of(BASE.append_column("spare", column)))


def assert_writable(chunk: Chunk) -> None:
    columns = [as_column(chunk.column(name), is_text=name in TYPE.accepted) for name in chunk.names]
    table = pa.table(columns, names=list(chunk.names))
    pq.write_table(table, io.BytesIO())
    rows = list(csv.reader(io.StringIO(write_lines(table, header=True).decode(), newline="")))
    assert rows[0] == list(chunk.names)
    assert [len(row) for row in rows] == [len(chunk.names)] * (ROWS + 1)


def read_card(column: pa.Array) -> list[Any]:
    return keys(served(chunk_of(with_column("card", column))))["card"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["a", None, "b"], pa.large_string()), ["a", None, "b"]),
        (pa.array(["a", None, "b"], pa.string_view()), ["a", None, "b"]),
        (pa.array(["a", None, "a"], pa.large_string()).dictionary_encode(), ["a", None, "a"]),
        (pa.array([b"a", None, "é".encode()], pa.large_binary()), ["a", None, "é"]),
        (pa.array([Decimal("12.00"), None, Decimal("1.50")], pa.decimal128(38, 2)), ["12", None, "1.5"]),
        (pa.array([Decimal(10**19), None, Decimal(100)], pa.decimal128(20, 0)), ["1" + "0" * 19, None, "100"]),
        (pa.array([7, None, 8], pa.uint8()), ["7", None, "8"]),
        (pa.array([7.0, float("nan"), 8.5], pa.float32()), ["7", None, "8.5"]),
        (pa.array([True, None, False]), ["true", None, "false"]),
        (pa.array([0, None, 1], pa.int32()).cast(pa.date32()), ["1970-01-01", None, "1970-01-02"]),
        (
            pa.ExtensionArray.from_storage(pa.uuid(), pa.array([uuid.UUID(int=7).bytes, None, None], pa.binary(16))),
            [str(uuid.UUID(int=7)), None, None],
        ),
    ],
    ids=lambda given: str(getattr(given, "type", "")),
)
def test_one_value_is_one_key_whatever_its_type(column: pa.Array, expected: list[str | None]) -> None:
    assert read_card(column) == expected


def test_a_nested_value_is_named_and_bytes_that_are_no_text_too() -> None:
    nested = pa.array([{"id": "m1"}, None, {"id": "m2"}])
    assert served(chunk_of(with_column("card", nested))).problems == {
        0: ("card", "a nested value is not a text"),
        2: ("card", "a nested value is not a text"),
    }
    raw = pa.array([b"\xff\xfe", b"a", None])
    assert served(chunk_of(with_column("card", raw))).problems == {0: ("card", NOT_TEXT)}
    with pytest.raises(TrainingDataError, match='Row 1, column "card": a nested value is not a text'):
        read_table_events(TYPE, chunk_of(with_column("card", nested)))


def test_bytes_that_nobody_declared_are_written_in_hexadecimal() -> None:
    table = pa.table([as_column(pa.array([b"\xff\xfe", None, b"a"]), is_text=False)], names=["raw"])
    assert write_lines(table, header=False) == b"fffe\n\n61\n"
    declared = pa.table([as_column(pa.array([b"\xff\xfe", None, b"a"]), is_text=True)], names=["raw"])
    assert write_lines(declared, header=False) == b"fffe\n\na\n"


def test_a_label_file_names_bytes_that_are_no_text(tmp_path: Path) -> None:
    table = pa.table({"event_id": pa.array([b"a", b"\xff"]), "label": pa.array([b"fraud", b"legit"])})
    pq.write_table(table, tmp_path / "labels.parquet")
    content = (tmp_path / "labels.parquet").read_bytes()
    labels = read_label_table(TYPE, open_chunks("labels.parquet", Held(content)))
    assert [row for _, row in labels.rows_between(0, 2)] == [{"event_id": "a", "label": "fraud", "known_at": None}]
    assert labels.misshapen == {1: f'cannot be read: column "event_id": {NOT_TEXT}'}


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([11_234_246_530_000_000], pa.timestamp("us")), "2326-01-01T00:02:10"),
        (pa.array([11_234_246_530], pa.timestamp("s", "UTC")), "2326-01-01T00:02:10Z"),
        (pa.array([9_000_000_000_000_000], pa.timestamp("ms")), "287168-08-24T16:00:00"),
        (pa.array([9_000_000], pa.date32()), "26611-03-02"),
        (pa.array([-3_000_000_000_000], pa.date64()), "1874-12-07"),
    ],
)
def test_a_typed_time_far_away_is_told_as_a_date(column: pa.Array, told: str) -> None:
    said = plain_column(column).unreadable[0]

    assert said == f'"{told}" is not a time between 1900 and 2200: check its year, or the unit of its numbers'
