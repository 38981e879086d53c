"""The simulated past has frauds enough to train, validate and test on, whenever the demo is started."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from localstack.demo import NEW_ROWS, ROWS, SMOKE_NEW_ROWS, SMOKE_ROWS
from localstack.running import DETECTOR_FILE, PAST
from localstack.sample_days import SEED, cut_days, simulate
from model_build.data.split import split_by_time
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.detector_file.reader import read_detector_file
from model_build.simulator import write_sample

MONDAY = datetime(2026, 11, 30, 5, 50, tzinfo=UTC)
WEEK = [MONDAY + timedelta(hours=hours) for hours in range(0, 7 * 24, 2)]
ENOUGH = 10


def first_rows(data: LabeledEvents, rows: int) -> LabeledEvents:
    return replace(
        data, events=data.events.part(0, rows), labels=data.labels[:rows], known_s=data.known_s[:rows]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "coming"),
    [(SMOKE_ROWS, SMOKE_NEW_ROWS), (ROWS, NEW_ROWS), (15_000, 1_000)],
    ids=["smoke", "demo", "tests"],
)
def test_each_part_of_the_split_has_frauds_enough_at_every_moment_of_a_week(
    rows: int, coming: int, tmp_path: Path
) -> None:
    """Payments are moved by whole weeks, so that what is before a moment depends on its place in the week alone."""
    file = read_detector_file(DETECTOR_FILE)
    write_sample(rows + coming, SEED, tmp_path / "all.csv")
    data = read_labeled_events(tmp_path / "all.csv", file.event_type)
    times = pa.chunked_array([pa.array(data.events.times_s.astype("int64")).cast(pa.timestamp("s", tz="UTC"))])
    for now in WEEK:
        split = split_by_time(first_rows(data, cut_days(times, now, PAST).began), file.training)
        frauds = {name: int((data.labels[part] == 1).sum()) for name, part in split.parts()}
        assert min(frauds.values()) >= ENOUGH, f"{now:%A %H:%M}: {frauds}"


def test_the_past_ends_now_and_what_comes_follows(tmp_path: Path) -> None:
    file = read_detector_file(DETECTOR_FILE)
    for now in (MONDAY, datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)):
        payments = simulate(tmp_path, 3_000, 200, file, now, PAST)
        past = read_labeled_events(payments.past, file.event_type).events.times_s
        assert now - PAST <= datetime.fromtimestamp(past[0], UTC)
        assert now - timedelta(days=1) <= datetime.fromtimestamp(past[-1], UTC) < now


def test_the_new_payments_lie_before_now_and_behind_their_customers_past(tmp_path: Path) -> None:
    file = read_detector_file(DETECTOR_FILE)
    for now in WEEK[::21]:
        payments = simulate(tmp_path, 3_000, 200, file, now, PAST)
        with payments.learned.open() as learned, payments.past.open() as past, payments.coming.open() as coming:
            before, lately, new = (list(csv.DictReader(table)) for table in (learned, past, coming))
        assert len(new) == 200
        assert before[-1]["timestamp"] < new[0]["timestamp"]
        assert datetime.fromisoformat(new[-1]["timestamp"]) <= now
        last = {row["customer_id"]: row["timestamp"] for row in lately}
        assert all(last.get(row["customer_id"], "") <= row["timestamp"] for row in new)
