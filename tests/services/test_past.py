"""The demo's past is what deciding on its payments one by one, on their days, would have left."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.decide import read_histories
from tollgate.core.detectors.safety import missing_columns
from tollgate.core.events.reader import read_event
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.downgrade import downgrade_of
from tollgate.services.labels.label import label_events

from localstack.past import backfill_decisions

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator
DAYS = 9


@pytest.fixture
def payments(sample_csv: Path, tmp_path: Path) -> tuple[Path, datetime]:
    """Frauds and some others of the last days, more than the label delay of them, and when these end."""
    with sample_csv.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ends = datetime.fromisoformat(rows[-1]["timestamp"])
    late = [row for row in rows if datetime.fromisoformat(row["timestamp"]) > ends - timedelta(days=DAYS)]
    path = tmp_path / "past.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        chosen = [row for number, row in enumerate(late) if row["is_fraud"] == "1" or number % 40 == 0]
        # Some of what looks like fraud turns out legitimate: cases get either label.
        writer.writerows({**row, "is_fraud": "0"} if number % 3 == 0 else row for number, row in enumerate(chosen))
    return path, ends + timedelta(seconds=1)


def labels_by_moment(records: list[DecisionRecord]) -> Iterator[tuple[float, list[dict[str, str]]]]:
    known = sorted((record.known_s, record.decision.event_id, record.label) for record in records if record.known_s)
    for moment_s, group in groupby(known, key=lambda one: one[0]):
        known_at = datetime.fromtimestamp(moment_s or 0).astimezone().isoformat()
        yield (
            moment_s or 0,
            [{"event_id": name, "label": label or "", "known_at": known_at} for _, name, label in group],
        )


def test_a_past_is_what_the_api_would_have_left(container: Container, payments: tuple[Path, datetime]) -> None:
    version, (file, now) = container.champion(), payments
    past = backfill_decisions(version, {}, file, now)
    records = list(past.records.values())
    assert {record.label for record in records} == {None, "fraud", "legitimate"}
    waiting = list(labels_by_moment(records))
    for record in records:
        while waiting and waiting[0][0] <= record.time_s:
            assert label_events(container, waiting.pop(0)[1])["failed"] == 0
        answer = decide_event(container, record.event)
        assert answer == replace(
            record.decision,
            decided_at=answer.decided_at,
            downgraded=downgrade_of(container, record.decision),
            missing_columns=missing_columns(version.event_type, record.event),
            timings_ms=answer.timings_ms,
        )
    for _, labels in waiting:
        assert label_events(container, labels)["failed"] == 0
    for record in records:
        kept = container.decisions.find(version.detector, record.decision.event_id)
        assert kept is not None
        assert (kept.event, kept.entities, kept.reads) == (record.event, record.entities, record.reads)
        assert (kept.excess, kept.label, kept.known_s) == (record.excess, record.label, record.known_s)
        afterward = read_event(version.event_type, {**record.event, "timestamp": now.isoformat()})
        by_api = read_histories(version, afterward, container.histories.read(version, afterward))
        by_past = read_histories(version, afterward, past.added)
        for entity in version.history.sums:
            assert np.array_equal(by_api[entity], by_past[entity], equal_nan=True), (record.event, entity)
