"""Results of the Spark job, compared with those of the file door."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

Row = dict[str, str]
_DECIDED = ("event_id", "score", "outcome", "rules", "status", *(f"reason_{number}" for number in (1, 2, 3)))


def read_results(folder: Path) -> list[Row]:
    """Return the rows of a folder of CSV files in the order of the input."""
    rows: dict[int, Row] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                number = int(row.pop("row"))
                assert number not in rows, "a row is there twice"
                rows[number] = row
    assert sorted(rows) == list(range(1, len(rows) + 1))
    return [rows[number] for number in sorted(rows)]


def assert_same(found: list[Row], expected: list[Row]) -> None:
    """Hold results to those of the file door: the same in all that was decided and said."""
    assert len(found) == len(expected)
    for row, same in zip(found, expected, strict=True):
        if same["probability"]:
            assert float(row["probability"]) == pytest.approx(float(same["probability"]), abs=1e-6)
        names = [name for name in same if name in _DECIDED]
        assert {name: row[name] for name in names} == {name: same[name] for name in names}
