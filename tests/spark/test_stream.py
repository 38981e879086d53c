"""A stream in micro-batches: each row decided on once, each addition made once, though a micro-batch is repeated."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.history.replay import sum_additions

from model_build.deployment.publish import load_folder_histories, open_folder, publish_version
from tests.core.aggregates import aggregate
from tests.services.backend import Backend, Payment
from tests.services.expected import add_up, read_payments_as_events, under_pks, withheld_by
from tests.spark.needs import MARKS, need_spark

need_spark()

from spark_job.input.lines import CORRUPT  # noqa: E402
from spark_job.input.records import read_records  # noqa: E402
from spark_job.scoring import Scoring  # noqa: E402 - it imports PySpark
from spark_job.sealed import load_champion, load_folder  # noqa: E402
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
                assert row["status"] == "error: The record is not valid JSON: expecting value at character 1."
                continue
            assert row["event_id"] not in found, "an event is there twice"
            found[row["event_id"]] = (int(epoch.name.partition("=")[2]), row["score"], row["status"])
    return found


def test_records_are_read_as_the_stream_function_reads_them(
    spark: SparkSession, sample_version: Path, payment: Payment
) -> None:
    plain = json.dumps(payment).encode()
    records: list[tuple[bytes | None, str | None]] = [
        (plain, "columns of the event"),
        (gzip.compress(plain), "columns of the event"),
        (b"\x00\x00\x00\x00\x07" + plain, "columns of the event"),
        (None, None),
        (b"hello", "The record is not valid JSON: expecting value at character 1."),
        (
            plain[:-1] + b', "amount": 1}',
            'The record is JSON with the name "amount" twice in one object',
        ),
        (plain.replace(str(payment["amount"]).encode(), b"NaN"), "NaN is not a number"),
        (json.dumps({**payment, "customer_id": {"a": 1}}).encode(), "a nested value is not a text"),
        (json.dumps({**payment, "amuont": 1}).encode(), '(did you mean "amount"?)'),
        (json.dumps({"before": None, "after": payment, "op": "c"}).encode(), "Debezium"),
        (b"\xf3\x89\x9a\xc2damaged", "Kinesis Producer Library"),
    ]
    frame = spark.createDataFrame([(data, b"k") for data, _ in records], "value binary, key binary").coalesce(1)
    sealed = spark.sparkContext.broadcast(load_folder(sample_version))
    rows = read_records(frame, sealed, "value", "key").collect()
    assert len(rows) == len(records) - 1
    for row, (_, words) in zip(rows, [record for record in records if record[0]], strict=True):
        if row[CORRUPT] is None:
            assert words == "columns of the event"
            assert (row.event_id, row.amount) == (payment["event_id"], str(payment["amount"]))
        else:
            assert words is not None
            assert words in row[CORRUPT]
    both = aggregate([("a", plain), ("b", b"poison")])
    (good, bad) = read_records(spark.createDataFrame([(both,)], "value binary"), sealed, "value", "key").collect()
    assert (good.event_id, good[CORRUPT]) == (payment["event_id"], None)
    assert "not valid JSON" in bad[CORRUPT]


@pytest.mark.slow
def test_a_stream_that_is_killed_and_started_again_decides_on_every_event_once(
    spark: SparkSession,
    empty_backend: Backend,
    small_version: Path,
    later_payments: list[Payment],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    container = empty_backend.container
    publish_version(small_version, empty_backend.bucket, container.histories.table)
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
        withheld = withheld_by(version, decided.outcomes)
        added = sum_additions(version.history, events, decided.reads.excess, withheld=withheld)
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
        container.histories.table,
        {"path": str(inbox), "maxFilesPerTrigger": "1"},
    )
    record = Scoring.record

    def dying(scoring: Scoring, name: str) -> int:
        record(scoring, name)
        if name.endswith("#0"):
            raise RuntimeError("killed after the first micro-batch was recorded")
        return 0

    monkeypatch.setattr(Scoring, "record", dying)
    query = start_stream(spark, lambda: load_champion(container.versions, "payments"), stream)
    with pytest.raises(Exception, match="killed after"):
        query.awaitTermination()
    first = read_decisions(tmp_path / "out")
    assert [row[2] for row in first.values()] == ["ok"] * EACH
    monkeypatch.setattr(Scoring, "record", record)
    start_stream(spark, lambda: load_champion(container.versions, "payments"), stream).awaitTermination()

    found = read_decisions(tmp_path / "out")
    assert {event: found[event] for event in first} == first
    ids = [payment["event_id"] for payment in later_payments[: FILES * EACH]]
    assert [found[event][1] for event in ids] == scores
    assert [found[event][0] for event in ids] == sorted(found[event][0] for event in ids)
    assert empty_backend.histories() == expected != before
