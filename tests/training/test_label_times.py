"""Times of labels, and the order of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from tollgate.core.events.event_type import LabelRule

from model_build.data.table import read_labeled_events
from tests.training.small_table import SMALL, refusal, write


def test_rows_out_of_order_are_sorted_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    text = "id,time,amount,fraud\nc,2026-01-03,3,1\na,2026-01-01,1,0\nb,2026-01-02,2,\n"
    data = read_labeled_events(write(tmp_path, text), SMALL)
    assert list(data.events.ids) == ["a", "b", "c"]
    assert data.events.amounts.tolist() == [1.0, 2.0, 3.0]  # type: ignore[union-attr]
    assert data.labels.tolist() == [0, -1, 1]
    assert data.rows.tolist() == [1, 2, 0]
    assert data.frauds.rows.tolist() == [2]


KNOWN = replace(SMALL, label=LabelRule("fraud", 86_400.0, "known"))


def test_a_label_is_known_when_its_column_says_and_after_the_delay_otherwise(tmp_path: Path) -> None:
    text = "id,time,amount,fraud,known\na,2026-01-01,1,0,\nb,2026-01-01,1,1,2026-01-01T06:00:00Z\n"
    data = read_labeled_events(write(tmp_path, text), KNOWN)
    assert (data.known_s - data.events.times_s).tolist() == [86_400.0, 21_600.0]


def test_a_label_before_its_event_is_refused_with_its_row(tmp_path: Path) -> None:
    text = "id,time,amount,fraud,known\na,2026-01-05,1,0,\nb,2026-01-05,1,1,2026-01-04\n"
    assert refusal(write(tmp_path, text), KNOWN).startswith('Row 2, column "known": the label became known before')


def test_a_label_dated_by_the_day_of_its_event_is_known_from_the_event_on(tmp_path: Path) -> None:
    rows = "a,2026-01-05T10:00:00Z,1,1,2026-01-05\nb,2026-01-05T00:00:00Z,1,0,2026-01-05\nc,2026-01-05,1,1,2026-01-06\n"
    data = read_labeled_events(write(tmp_path, f"id,time,amount,fraud,known\n{rows}"), KNOWN)
    assert dict(zip(data.events.ids, (data.known_s - data.events.times_s).tolist(), strict=True)) == {
        "a": 0.0,
        "b": 0.0,
        "c": 86_400.0,
    }
    zoned = replace(KNOWN, timezone="Asia/Tokyo")
    rows = "a,2026-01-05T03:00:00,1,1,2026-01-05\nb,2026-01-05T03:00:00,1,1,2026-01-05T02:00:00\n"
    said = refusal(write(tmp_path, f"id,time,amount,fraud,known\n{rows}"), zoned)
    assert said.startswith('Row 2, column "known": the label became known before its event; correct it')


def test_a_label_time_that_is_none_is_refused_with_its_own_row(tmp_path: Path) -> None:
    text = "id,time,amount,fraud,known\na,2026-01-05,1,0,\nb,2026-01-05,1,0,\nc,2026-01-05,1,1,soon\n"
    assert refusal(write(tmp_path, text), KNOWN).startswith('Row 3, column "known": "soon" is no time')


def test_a_blank_label_time_of_parquet_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns: Mapping[str, list[Any]] = {"id": ["a"], "time": ["2026-01-01"], "amount": [1], "fraud": [1], "known": [""]}
    pq.write_table(pa.table(columns), path)
    assert (read_labeled_events(path, KNOWN).known_s[0]) == 1_767_225_600 + 86_400
