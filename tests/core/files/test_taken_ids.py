"""Ids that rows of a file take: only a row that is decided on takes its id, however the file is cut."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_events
from tollgate.core.files.columns.arrow_reader import EventReader, repeated_in_chunk
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.history.key_index import SeenIds
from tollgate.core.files.readers.chunks import ReadOptions, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.core.times.timestamps import to_microseconds
from tollgate.errors import TrainingDataError

from model_build.data.table import read_table_events
from tests.core.files.scored import score, to_csv
from tests.hypothesis_profiles import examples

TYPE = EventType(
    name="payment",
    id="id",
    timestamp="time",
    amount="amount",
    latitude="latitude",
    longitude="longitude",
    numeric=("items",),
    boolean=("first",),
    categorical=("kind",),
    entities={"card": ("card",)},
)
LIMIT = SkewLimit("time", to_microseconds(datetime(2026, 6, 1, tzinfo=UTC)))
GOOD = {
    "id": "q1",
    "time": "2026-05-01T10:00:00Z",
    "amount": "12.5",
    "latitude": "1",
    "longitude": "2",
    "items": "3",
    "first": "true",
    "kind": "a",
    "card": "c1",
}
# Why a row is refused, though its id can be read.
DEFECTS: Mapping[str, Mapping[str, str]] = {
    "ahead": {"time": "2036-05-01T10:00:00Z"},
    "empty time": {"time": ""},
    "no time": {"time": "soon"},
    "amount": {"amount": "a lot"},
    "huge amount": {"amount": "1e13"},
    "place": {"latitude": "91"},
    "number": {"items": "many"},
    "truth": {"first": "perhaps"},
    "category": {"kind": "x" * 300},
    "key": {"card": "a\x1fb"},
}
Row = Mapping[str, str]


def csv_of(rows: Sequence[Row]) -> bytes:
    return to_csv([dict(row) for row in rows])


def lines_of(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


FORMS = {"x.csv": csv_of, "x.jsonl": lines_of}


def read(name: str, content: bytes, folder: Path, chunk_rows: int, *, stops: bool = False) -> dict[int, str]:
    """Read a file in chunks; return the problems of its rows. With ``stops``, another run goes on after each chunk."""
    hashing, ids = KeyHashes(), SeenIds(MemoryBudget(1 << 20))
    problems: dict[int, str] = {}
    for chunk in open_chunks(name, Held(content), ReadOptions(chunk_rows=chunk_rows)):
        found = EventReader(TYPE, hashing, ids.find_repeated, LIMIT).read(chunk)
        problems |= {chunk.first_row + row: message for row, (_, message) in found.problems.items()}
        if stops:
            ids.save(folder)
            ids = SeenIds(MemoryBudget(1 << 20))
            ids.load(folder)
    return problems


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("chunk_rows", [1, 2, 100])
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_refused_row_leaves_its_id_to_the_good_one(name: str, chunk_rows: int, defect: str, tmp_path: Path) -> None:
    rows = [{**GOOD, **DEFECTS[defect]}, GOOD, {**GOOD, **DEFECTS[defect]}, GOOD]
    problems = read(name, FORMS[name](rows), tmp_path, chunk_rows)
    assert list(problems) == [0, 2, 3]
    assert problems[2] == problems[0]
    assert problems[3] == 'id "q1" was already used in row 2'


def test_a_row_of_another_shape_takes_no_id(tmp_path: Path) -> None:
    few = csv_of([GOOD, GOOD]).decode().splitlines()
    few[1] = few[1].rpartition(",")[0]
    assert list(read("x.csv", "\n".join(few).encode(), tmp_path / "few", 1 << 10)) == [0]
    (header, *lines) = csv_of([GOOD, GOOD]).decode().splitlines()
    more = "\n".join([header, f"{lines[0]},more", *lines[1:]]).encode()
    assert list(read("x.csv", more, tmp_path / "more", 1 << 10)) == [0]
    twice = json.dumps(GOOD)[:-1] + ', "amount": 1}\n' + json.dumps(GOOD) + "\n"
    assert list(read("x.jsonl", twice.encode(), tmp_path / "twice", 1 << 10)) == [0]


@settings(max_examples=examples(150), deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", "", *DEFECTS])), min_size=1, max_size=24),
    chunk_rows=st.integers(1, 25),
    name=st.sampled_from(sorted(FORMS)),
    stops=st.booleans(),
)
def test_who_takes_an_id_depends_on_no_cut(
    rows: list[tuple[int, str]], chunk_rows: int, name: str, *, stops: bool
) -> None:
    written = [{**GOOD, "id": f"q{number}", **DEFECTS.get(defect, {})} for number, defect in rows]
    with TemporaryDirectory() as folder:
        problems = read(name, FORMS[name](written), Path(folder), chunk_rows, stops=stops)
    first: dict[int, int] = {}
    for row, (number, defect) in enumerate(rows):
        if not defect and first.setdefault(number, row) != row:
            assert problems.pop(row) == f'id "q{number}" was already used in row {first[number] + 1}'
        elif defect:
            assert "already used" not in problems.pop(row)
    assert problems == {}
    _, told = read_events(TYPE, {name: [row[name] for row in written] for name in GOOD}, limit=LIMIT)
    (chunk,) = open_chunks(name, Held(FORMS[name](written)))
    whole = EventReader(TYPE, KeyHashes(), repeated_in_chunk, LIMIT).read(chunk)
    assert whole.problems == {problem.row: (problem.column, problem.message) for problem in reversed(told)}


def test_training_names_the_row_that_is_wrong_and_not_the_good_one() -> None:
    rows = [GOOD, {**GOOD, "id": "q2", "amount": "?"}, {**GOOD, "id": "q2"}]
    (chunk,) = open_chunks("x.csv", Held(csv_of(rows)))
    with pytest.raises(TrainingDataError, match=r'^Row 2, column "amount": "\?" is not a number\.$'):
        read_table_events(TYPE, chunk)
    (chunk,) = open_chunks("x.csv", Held(csv_of([GOOD, {**GOOD, "id": "q2"}, GOOD])))
    with pytest.raises(TrainingDataError, match=r'^Row 3, column "id": id "q1" was already used in row 1\.$'):
        read_table_events(TYPE, chunk)


@pytest.mark.parametrize("cut_after", [None, 1, 2])
def test_the_good_row_is_decided_on_as_if_the_refused_one_were_not_there(
    version: DetectorVersion, sample_csv: Path, tmp_path: Path, cut_after: int | None
) -> None:
    with sample_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[-40:]
    with_bad = [*rows[:3], {**rows[17], "amount": "?"}, *rows[3:], rows[17]]
    clean = score(version, to_csv(rows), tmp_path / "clean").rows
    found = score(version, to_csv(with_bad), tmp_path / "bad", chunk_rows=10, cut_after=cut_after).rows
    assert [row for row in found if row["status"] == "ok"] == clean
    assert [place for place, row in enumerate(found) if row["status"] != "ok"] == [3, 41]
    assert found[41]["status"].endswith("was already used in row 19")
