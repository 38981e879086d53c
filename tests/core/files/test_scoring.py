"""A file scored in chunks: the same bytes however it is cut or interrupted, and those of one look at the whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import read_events
from tollgate.core.files.results import safe_cell
from tollgate.core.history.stored import StoredHistories
from tollgate.errors import TableError

from tests.core.files.scored import score, to_csv

Row = Mapping[str, str]


@pytest.fixture(scope="module")
def payments(sample_csv: Path) -> list[Row]:
    """The last 1,500 sample payments, without their labels."""
    with sample_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[-1500:]
    return [{name: cell for name, cell in row.items() if name not in ("is_fraud", "fraud_kind")} for row in rows]


def changed(rows: list[Row], changes: Mapping[int, Row]) -> list[Row]:
    return [{**row, **changes.get(place, {})} for place, row in enumerate(rows)]


def test_the_decisions_are_those_of_one_look_at_all_payments(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row], tmp_path: Path
) -> None:
    columns = {name: [row[name] for row in payments] for name in version.event_type.variables}
    decided = decide_in_order(version, read_events(version.event_type, columns)[0], stored)

    scored = score(version, to_csv(payments), tmp_path, stored, chunk_rows=200)

    assert [float(row["probability"]) for row in scored.rows] == decided.probabilities.tolist()
    assert [int(row["score"]) for row in scored.rows] == decided.scores.tolist()
    assert [row["outcome"] for row in scored.rows] == list(decided.outcomes)
    assert [{name: row[name] for name in payments[0]} for row in scored.rows] == payments


@pytest.mark.parametrize("cut_after", [0, 1, 3, 99])
def test_a_run_that_is_cut_goes_on_to_the_same_bytes(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row], tmp_path: Path, cut_after: int
) -> None:
    rows = changed(payments, {7: {"amount": "?"}, 900: {"event_id": payments[3]["event_id"]}})
    whole = score(version, to_csv(rows), tmp_path / "whole", stored, chunk_rows=300)
    if cut_after == 0:
        cut = score(version, to_csv(rows), tmp_path / "again", stored, chunk_rows=300)
    else:
        cut = score(version, to_csv(rows), tmp_path / "cut", stored, chunk_rows=300, cut_after=cut_after)

    assert cut.results == whole.results
    assert cut.summary == whole.summary
    assert list(cut.scoring.additions()) == list(whole.scoring.additions())
    assert cut.scoring.latest_s == whole.scoring.latest_s
    assert (
        whole.rows[900]["status"]
        == f'error: column "event_id": id "{payments[3]["event_id"]}" was already used in row 4'
    )


def test_the_size_of_pieces_shows_nowhere(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row], tmp_path: Path
) -> None:
    one, many = (
        score(version, to_csv(payments), tmp_path / str(rows), stored, chunk_rows=rows) for rows in (10_000, 130)
    )

    assert one.results == many.results
    assert one.summary == many.summary
    by_key = [{(entity, key): sums for entity, key, sums in its.scoring.additions()} for its in (one, many)]
    assert by_key[0] == by_key[1]


def test_bad_rows_change_nothing_for_the_others(version: DetectorVersion, payments: list[Row], tmp_path: Path) -> None:
    bad = changed(payments[:200], {place: {"amount": "?"} for place in (7, 8, 99)})
    with_bad = score(version, to_csv(bad), tmp_path / "bad", chunk_rows=50)
    rows = [row for place, row in enumerate(payments[:200]) if place not in (7, 8, 99)]
    without = score(version, to_csv(rows), tmp_path / "good", chunk_rows=50)

    assert [row for row in with_bad.rows if row["status"] == "ok"] == without.rows
    assert [error["row"] for error in with_bad.summary["errors"]] == [8, 9, 100]
    assert (with_bad.summary["scored"], with_bad.summary["failed"]) == (197, 3)


def test_a_piece_of_bad_rows_only_has_their_reasons(
    version: DetectorVersion, payments: list[Row], tmp_path: Path
) -> None:
    bad = changed(payments[:150], {place: {"timestamp": "soon"} for place in range(50, 100)})
    scored = score(version, to_csv(bad), tmp_path, chunk_rows=50)
    rows = scored.rows

    assert ["is no time" in row["status"] for row in rows] == [50 <= place < 100 for place in range(150)]
    assert all(row["score"] == row["outcome"] == "" for row in rows[50:100])
    assert scored.summary["failed"] == 50
    assert sum(scored.summary["score_histogram"]["counts"]) == 100


def test_any_kind_of_file_gets_the_same_decisions(
    version: DetectorVersion, payments: list[Row], tmp_path: Path
) -> None:
    import json  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    few = payments[:300]
    numbers = ("amount", "latitude", "longitude")
    typed = [{name: float(cell) if name in numbers else cell for name, cell in row.items()} for row in few]
    out = io.BytesIO()
    pa.parquet.write_table(pa.Table.from_pylist(typed), out)
    lines = "\n".join(json.dumps(row) for row in typed).encode()
    contents = {"x.csv": to_csv(few), "x.parquet": out.getvalue(), "x.jsonl": lines}
    decided = [
        [
            (row["score"], row["probability"], row["outcome"], row["status"])
            for row in score(version, content, tmp_path / name, name=name, chunk_rows=100).rows
        ]
        for name, content in contents.items()
    ]

    assert decided[0] == decided[1] == decided[2]


def test_cells_that_a_spreadsheet_would_run_are_escaped(
    version: DetectorVersion, payments: list[Row], tmp_path: Path
) -> None:
    hostile = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\tx",
        "=",
        "-12.5",
        "+4.5",
        "-1e3",
        'a "b", c\nd',
        "ü",
        "1-2",
        "--5",
    ]
    rows = [{**row, "note": cell} for row, cell in zip(payments, hostile, strict=False)]

    scored = score(version, to_csv(rows), tmp_path)

    assert [row["note"] for row in scored.rows] == [safe_cell(cell) for cell in hostile]
    assert all(row["status"] == "ok" for row in scored.rows)


def test_a_missing_column_refuses_the_file(version: DetectorVersion, payments: list[Row], tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r'lacks the declared column "amount" \(did you mean "amounts"\?\)'):
        score(version, to_csv(payments[:3]).replace(b"amount", b"amounts"), tmp_path)


def test_tables_for_parquet_have_one_schema(version: DetectorVersion, payments: list[Row], tmp_path: Path) -> None:
    from tollgate.core.files.readers.chunks import ReadOptions, open_chunks  # noqa: PLC0415
    from tollgate.core.files.readers.source import Held  # noqa: PLC0415
    from tollgate.core.files.scoring import FileScoring  # noqa: PLC0415

    content = to_csv(changed(payments[:90], {place: {"amount": "?"} for place in range(30, 60)}))
    scoring = FileScoring(replace(version), tmp_path)
    tables = [scored.table for scored in scoring.score(open_chunks("x.csv", Held(content), ReadOptions(chunk_rows=30)))]

    assert len({table.schema for table in tables}) == 1
    assert tables[1]["score"].null_count == 30
    assert np.isfinite(tables[0]["probability"].to_numpy()).all()
