"""A stream in micro-batches: each row decided on once, each addition made once, though a micro-batch is repeated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tollgate.core.decision import decide_in_order
from tollgate.core.totals import totals

from model_build.publishing import load_folder_histories, open_folder, publish_version
from tests.services.backend import Backend, Payment
from tests.services.expected import add_up, read_payments_as_events, under_pks
from tests.spark.needs import MARKS, need_spark

need_spark()

from spark_job.scoring import Scoring  # noqa: E402 - it imports PySpark
from spark_job.sealed import take_champion  # noqa: E402
from spark_job.stream import Stream, start_stream  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest_plugins = ("tests.services.backend_fixture", "tests.spark.spark_fixture")
pytestmark = MARKS
FILES, EACH = 2, 80


def read_decisions(output: Path) -> dict[str, tuple[int, int, str]]:
    """Return epoch, score and outcome by the event's id."""
    found: dict[str, tuple[int, int, str]] = {}
    for epoch in sorted(output.glob("epoch=*")):
        for row in pq.read_table(epoch, partitioning=None).to_pylist():
            if row["event_id"] is None:
                assert row["status"] == "error: is not a JSON object"
                continue
            assert row["event_id"] not in found, "an event is there twice"
            found[row["event_id"]] = (int(epoch.name.partition("=")[2]), row["score"], row["status"])
    return found


@pytest.mark.slow
def test_a_stream_that_is_killed_and_started_again_decides_on_every_event_once(
    spark: SparkSession,
    empty_backend: Backend,
    small_version: Path,
    later_payments: list[Payment],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stores = empty_backend.stores
    publish_version(small_version, empty_backend.bucket, stores.histories.table)
    version, stored = open_folder(small_version), load_folder_histories(open_folder(small_version), small_version)
    before, expected, scores = empty_backend.histories(), empty_backend.histories(), []
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    so_far: dict[str, dict[str, Any]] = {entity: dict(keys) for entity, keys in stored.items()}
    for number in range(FILES):
        payments = later_payments[number * EACH : (number + 1) * EACH]
        lines = [json.dumps(payment) for payment in payments]
        (inbox / f"{number}.txt").write_text("\n".join([*lines, "no JSON"]) + "\n")
        events = read_payments_as_events(version, *payments)
        decided = decide_in_order(version, events, so_far)
        scores += decided.scores.tolist()
        added = {entity: totals(version.history, entity, events, decided.excess) for entity in events.entities}
        expected = add_up(expected, under_pks(version, added))
        for entity, keys in added.items():
            for key, sums in keys.items():
                old = so_far[entity].get(key, {})
                so_far[entity][key] = {name: old.get(name, 0) + sums.get(name, 0) for name in (*old, *sums)}
    assert len(np.unique(scores)) > 50, "the events have to differ for this to say anything"

    stream = Stream(
        "text",
        str(tmp_path / "out"),
        str(tmp_path / "checkpoint"),
        stores.histories.table,
        {"path": str(inbox), "maxFilesPerTrigger": "1"},
    )
    record = Scoring.record

    def dying(scoring: Scoring, name: str) -> int:
        record(scoring, name)
        if name.endswith("#0"):
            raise RuntimeError("killed after the first micro-batch was recorded")
        return 0

    monkeypatch.setattr(Scoring, "record", dying)
    query = start_stream(spark, lambda: take_champion(stores.versions, "payments"), stream)
    with pytest.raises(Exception, match="killed after"):
        query.awaitTermination()
    first = read_decisions(tmp_path / "out")
    assert [row[2] for row in first.values()] == ["ok"] * EACH
    monkeypatch.setattr(Scoring, "record", record)
    start_stream(spark, lambda: take_champion(stores.versions, "payments"), stream).awaitTermination()

    found = read_decisions(tmp_path / "out")
    assert {event: found[event] for event in first} == first
    ids = [payment["event_id"] for payment in later_payments[: FILES * EACH]]
    assert [found[event][1] for event in ids] == scores
    assert [found[event][0] for event in ids] == sorted(found[event][0] for event in ids)
    assert empty_backend.histories() == expected != before
