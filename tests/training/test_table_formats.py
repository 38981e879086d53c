"""Tables of every format are read alike, by training as by serving."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Events
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.events.reader import read_events
from tollgate.core.files.readers.chunks import Chunk, Position, open_chunks
from tollgate.core.files.readers.python_values import python_values
from tollgate.core.files.readers.source import Held
from tollgate.errors import TrainingDataError

from model_build.data.table import LabeledEvents, read_labeled_events, read_table, read_table_events
from tests.hypothesis_profiles import examples
from tests.training.small_table import SMALL, write

TYPE = EventType(
    name="payment",
    id="id",
    timestamp="time",
    amount="amount",
    label=LabelRule("fraud", 86_400.0),
    latitude="lat",
    longitude="lon",
    numeric=("age",),
    categorical=("kind",),
    boolean=("first",),
    entities={"card": ("card",), "card_shop": ("card", "shop")},
)
HEADER = "id,time,amount,lat,lon,age,kind,first,card,shop,fraud"
ROWS = (
    "007,2026-01-01T00:00:00Z,1.50,10,20,33,food,true,0042,s1,0",
    "008,2026-01-01 01:00:00,,,,,,,,,",
    '009,2026-01-01T02:00:00.5+02:00,-3,-90,180,1e3,"fu,el",no,0042,"s 2",1',
)


def assert_same(left: Events, right: Events) -> None:
    assert list(left.ids) == list(right.ids)
    np.testing.assert_array_equal(left.times_us, right.times_us)
    for name in ("amounts", "latitudes", "longitudes"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
    assert list(left.numeric) == list(right.numeric)
    for name, values in left.numeric.items():
        np.testing.assert_array_equal(values, right.numeric[name])
    for mine, theirs in ((left.categories, right.categories), (left.entities, right.entities)):
        assert list(mine) == list(theirs)
        for name, keys in mine.items():
            other = theirs[name]
            spelled = [keys.values[code] if code >= 0 else None for code in keys.codes.tolist()]
            assert spelled == [other.values[code] if code >= 0 else None for code in other.codes.tolist()]


def read_arrow(event_type: EventType, table: pa.Table) -> Events:
    return read_table_events(event_type, Chunk(table.column_names, table.columns, 0, Position()))


def typed_table() -> pa.Table:
    """What `ROWS` say, with a type for each column."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return pa.table(
        {
            "id": ["007", "008", "009"],
            "time": pa.array([start, start + timedelta(hours=1), start + timedelta(seconds=0.5)], pa.timestamp("us")),
            "amount": pa.array([Decimal("1.50"), None, Decimal("-3.00")], pa.decimal128(10, 2)),
            "lat": pa.array([10, None, -90], pa.int16()),
            "lon": pa.array([20, None, 180], pa.int64()),
            "age": pa.array([33.0, None, 1000.0], pa.float32()),
            "kind": pa.array(["food", None, "fu,el"]).dictionary_encode(),
            "first": pa.array([True, None, False]),
            "card": pa.array(["0042", None, "0042"], pa.large_string()),
            "shop": ["s1", None, "s 2"],
            "fraud": pa.array([0, None, 1], pa.int8()),
        }
    )


def plain(data: LabeledEvents) -> tuple[list[int], list[float], list[int]]:
    return data.labels.tolist(), data.known_s.tolist(), data.rows.tolist()


@pytest.fixture(scope="module")
def from_parquet(tmp_path_factory: pytest.TempPathFactory) -> LabeledEvents:
    path = tmp_path_factory.mktemp("typed") / "t.parquet"
    pq.write_table(typed_table(), path)
    return read_labeled_events(path, TYPE)


TEXT = "\n".join((HEADER, *ROWS)) + "\n"


def serve(path: Path) -> dict[str, list[Any]]:
    """Return the columns of a small file as the file door reads them."""
    (chunk,) = open_chunks(path.name, Held(path.read_bytes()))
    return dict(zip(chunk.names, map(python_values, chunk.columns), strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma.csv", TEXT.encode()),
        ("bom.csv", b"\xef\xbb\xbf" + TEXT.encode()),
        ("crlf.csv", TEXT.replace("\n", "\r\n").encode()),
        ("unended.csv", TEXT.rstrip().encode()),
        ("blank_lines.csv", TEXT.replace("\n", "\n\n").encode()),
        ("semicolon.csv", TEXT.replace(",", ";").replace("fu;el", "fu,el").encode()),
        ("tab.csv", TEXT.replace(",", "\t").replace("fu\tel", "fu,el").encode()),
        ("quoted.csv", TEXT.replace(HEADER, ",".join(f'"{name}"' for name in HEADER.split(","))).encode()),
        ("spaced.csv", TEXT.replace(HEADER, HEADER.replace(",", ", ")).encode()),
        ("zipped.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("CAPITALS.CSV", TEXT.encode()),
        ("CAPITALS.CSV.GZ", gzip.compress(TEXT.encode(), mtime=0)),
        ("bom.csv.gz", gzip.compress(b"\xef\xbb\xbf" + TEXT.encode(), mtime=0)),
    ],
)
def test_every_spelling_of_a_text_file_gives_what_parquet_gives(
    tmp_path: Path, from_parquet: LabeledEvents, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    data = read_labeled_events(path, TYPE)
    assert_same(data.events, from_parquet.events)
    assert plain(data) == plain(from_parquet)


def test_a_comma_inside_a_quoted_column_name_is_part_of_the_name(tmp_path: Path) -> None:
    path = write(tmp_path, '"id","time","amount","fraud","note, long"\na,2026-01-01,1,0,x\n')
    assert read_labeled_events(path, SMALL).unused_columns == ("note, long",)


def test_ids_keep_their_zeros(from_parquet: LabeledEvents, tmp_path: Path) -> None:
    data = read_labeled_events(write(tmp_path, TEXT), TYPE)
    assert list(data.events.ids) == list(from_parquet.events.ids) == ["007", "009", "008"]
    assert list(data.events.entities["card"].values) == ["0042"]


def test_whole_numbers_name_the_same_entity_in_any_column_type(tmp_path: Path) -> None:
    spelled = []
    for number, cards in enumerate((pa.array([7, None]), pa.array([7.0, None]), pa.array(["7", None]))):
        path = tmp_path / f"{number}.parquet"
        table = typed_table().slice(0, 2)
        place = table.column_names.index("card")
        pq.write_table(table.set_column(place, "card", cards), path)
        keys = read_labeled_events(path, TYPE).events.entities["card"]
        spelled.append((list(keys.values), keys.codes.tolist()))
    assert spelled == [(["7"], [0, -1])] * 3


def test_a_missing_number_of_parquet_may_be_nan(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    nan = float("nan")
    table = pa.table(
        {"id": ["a", "b"], "time": ["2026-01-01"] * 2, "amount": [1.0, nan], "fraud": [0.0, nan], "first": [1.0, nan]}
    )
    pq.write_table(table, path)
    data = read_labeled_events(path, replace(SMALL, boolean=("first",)))
    assert data.labels.tolist() == [0, -1]
    assert np.isnan(data.events.amounts[1])  # type: ignore[index]
    assert np.isnan(data.events.numeric["first"][1])
    assert list(serve(path).values())[2:] == [[1.0, None], [0.0, None], [1.0, None]]


@pytest.mark.parametrize(
    "times",
    [
        pa.array([1_767_225_600_123_456_789], pa.timestamp("ns")),
        pa.array([1_767_225_600_123_456], pa.timestamp("us", "America/New_York")),
        pa.array([1_767_225_600_123], pa.timestamp("ms", "UTC")),
        pa.array([1_767_225_600], pa.timestamp("s")),
        pa.array([date(2026, 1, 1)], pa.date32()),
        pa.array(["2026-01-01T00:00:00.123456789Z"]),
        pa.array([1_767_225_600], pa.int64()),
        pa.array([1_767_225_600.5], pa.float64()),
    ],
    ids=lambda times: str(times.type),
)
def test_training_and_serving_read_a_typed_time_alike(tmp_path: Path, times: pa.Array) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": ["a"], "time": times, "amount": [1.0], "fraud": [1]}), path)
    trained = read_labeled_events(path, SMALL).events
    served, problems = read_events(SMALL, serve(path))
    assert not problems
    assert trained.times_us.tolist() == served.times_us.tolist()
    assert trained.times_us[0] // 10**6 == 1_767_225_600


# What may stand in a cell, clean and not: the quick path and the core's have to agree on all of it.
NUMBERS = st.one_of(
    st.none(),
    st.floats(-1e6, 1e6).map(repr),
    st.integers(-10, 10**6).map(str),
    st.sampled_from(
        ["", " 1", "1 ", "+2", ".5", "1.", "1e3", "1e400", "nan", "inf", "-Infinity", "1_0", "0x1", "1,5", "x"]
    ),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["", " ", "a", " a", "a ", "b", "A", "0", "00", "1.0", "x" * 300, "é"]))
TIMES = st.one_of(
    st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1)).map(datetime.isoformat),
    st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone(timedelta(hours=-5)))).map(
        datetime.isoformat
    ),
    st.sampled_from(
        ["2026-01-01", "2026-01-01 10:00", " 2026-01-01", "1700000000", "1700000000.25", "2026-13-01", "", "x", None]
    ),
)
BOOLEANS = st.sampled_from([None, "", "true", "False", "1", "0", "1.0", " yes", "maybe"])


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[str | None]]:
    n = draw(st.integers(1, 4))

    def column(cells: st.SearchStrategy[Any]) -> list[str | None]:
        return draw(st.lists(cells, min_size=n, max_size=n))

    ids: list[str | None] = column(TEXTS) if draw(st.booleans()) else [str(row) for row in range(n)]
    columns: dict[str, list[str | None]] = {"id": ids, "time": column(TIMES)}
    columns |= {"amount": column(NUMBERS), "age": column(NUMBERS)}
    columns |= {"lat": column(NUMBERS), "lon": column(NUMBERS), "first": column(BOOLEANS)}
    columns |= {name: column(TEXTS) for name in ("kind", "card", "shop")}
    # Most tables should be read whole: a single bad cell hides all the others.
    for name, clean in {"time": "2026-01-01T00:00:00Z", "amount": "1", "age": "2", "lat": "3", "lon": "4"}.items():
        if draw(st.integers(0, 3)):
            columns[name] = [clean] * n
    return columns


@settings(max_examples=examples(400))
@given(columns=tables())
def test_the_quick_path_reads_what_the_core_reads(columns: dict[str, list[str | None]]) -> None:
    expected, problems = read_events(TYPE, columns)
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    if problems:
        with pytest.raises(TrainingDataError) as caught:
            read_arrow(TYPE, table)
        named = {problem.column for problem in problems}
        assert any(f'olumn "{name}"' in str(caught.value) for name in named)
    else:
        assert_same(read_arrow(TYPE, table), expected)


@settings(max_examples=examples(100))
@given(
    st.lists(
        st.one_of(st.none(), st.integers(-(2**60), 2**60), st.floats(-1e9, 1e9), st.booleans()), min_size=1, max_size=3
    )
)
def test_the_quick_path_reads_typed_numbers_as_the_core_does(given_values: list[Any]) -> None:
    kinds = {type(value) for value in given_values if value is not None}
    values: Sequence[Any] = given_values if len(kinds) < 2 else [None if v is None else float(v) for v in given_values]
    table = pa.table(
        {"id": [str(n) for n in range(len(values))], "time": ["2026-01-01"] * len(values), "amount": pa.array(values)}
    )
    expected, problems = read_events(SMALL, table.to_pydict())
    if problems:
        with pytest.raises(TrainingDataError, match=f'Row {problems[0].row + 1}, column "amount"'):
            read_arrow(SMALL, table)
    else:
        np.testing.assert_array_equal(read_arrow(SMALL, table).amounts, expected.amounts)


def test_a_column_without_any_value_is_read_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = typed_table()
    for name in ("amount", "age", "kind", "first", "card", "fraud"):
        table = table.set_column(table.column_names.index(name), name, pa.nulls(3))
    pq.write_table(table, path)
    data = read_labeled_events(path, TYPE)
    assert data.labels.tolist() == [-1, -1, -1]
    assert np.isnan(data.events.amounts).all()
    assert (data.events.entities["card"].codes == -1).all()
    assert (data.events.entities["card_shop"].codes == -1).all()


def test_the_table_is_kept_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path, "id,time,amount,fraud\n007,2026-01-01,1.50,0\n")
    assert python_values(read_table(path, SMALL).column("amount")) == ["1.50"]
