"""The Spark job gives every row the decision of the file door, once, whatever happens to it on the way."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.safety import Clock, Safety
from tollgate.core.events.reader import read_events
from tollgate.core.history.replay import replay_histories, sum_additions
from tollgate.services.batches.catalog import show_batch
from tollgate.services.batches.process import score_batch

from model_build.deployment.publish import load_folder_histories, open_folder, publish_version
from model_build.deployment.score_file import score_file
from tests.core.files.scored import score
from tests.services.backend import Backend, Payment, reseal, write_payments
from tests.services.expected import Histories, add_up, under_pks, withheld_by
from tests.spark.job_results import Row, assert_same, read_results
from tests.spark.needs import MARKS, need_spark

need_spark()

from spark_job import job as jobs  # noqa: E402 - it imports PySpark
from spark_job.__main__ import main  # noqa: E402
from spark_job.job import Job, run_job  # noqa: E402
from spark_job.sealed import load_champion  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest_plugins = ("tests.services.backend_fixture", "tests.spark.spark_fixture")
pytestmark = MARKS


class KilledError(Exception):
    """The process ends here."""


@pytest.fixture(scope="session")
def recording_small_version(small_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reseal(small_version, tmp_path_factory.mktemp("recording-small"), record_batches=True)


def spoil(payments: Sequence[Payment]) -> list[str]:
    """Return payments as the lines of a CSV file: in no order, some with missing values, some that cannot be used."""
    chance = random.Random(7)
    rows: list[dict[str, Any]] = [dict(payment) for payment in payments]
    for row in chance.sample(rows, 60):
        row[chance.choice(["amount", "customer_id", "merchant_id", "device_id", "latitude"])] = ""
    for row in chance.sample(rows, 20):
        row[chance.choice(["amount", "timestamp", "longitude"])] = "=a, lot"
    for row, same in zip(chance.sample(rows, 5), chance.sample(rows, 5), strict=True):
        row["event_id"] = same["event_id"]
    chance.shuffle(rows)
    for row in rows[100:140]:
        row["timestamp"] = rows[100]["timestamp"]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    lines = out.getvalue().splitlines()
    lines[30] += ",more,cells"
    lines[500] = "few,cells"
    return lines


def recorded(folder: Path, rows: list[Row]) -> Histories:
    """Return what rows add to the histories that a version's training left, faded sums among it."""
    version = open_folder(folder)
    events, _ = read_events(version.event_type, {name: [row[name] for row in rows] for name in rows[0]})
    excess = replay_histories(version.history, events, stored=load_folder_histories(version, folder)).excess
    withheld = withheld_by(version, (row["outcome"] for row in rows))
    sums = sum_additions(version.history, events, excess, withheld=withheld)
    return under_pks(version, sums)


@pytest.mark.slow
def test_a_file_in_spans_is_decided_on_as_by_the_file_door_and_recorded_once(
    spark: SparkSession,
    empty_backend: Backend,
    small_version: Path,
    recording_small_version: Path,
    later_payments: list[Payment],
    tmp_path: Path,
) -> None:
    container, table = empty_backend.container, empty_backend.container.histories.table
    content = ("\n".join(spoil(later_payments)) + "\n").encode()
    publish_version(small_version, empty_backend.bucket, table)
    before = empty_backend.histories()
    key = "inbox/payments/a.csv"
    batch = show_batch(container, score_batch(container, key, empty_backend.drop(key, content)).batch_id)
    expected = list(csv.DictReader(io.StringIO(empty_backend.get(batch["summary"]["results"]).decode())))
    assert len({row["status"] for row in expected}) > 8, "the rows have to differ for this to say anything"

    publish_version(recording_small_version, empty_backend.bucket, table)
    (tmp_path / "a.csv").write_bytes(content)
    output = tmp_path / "out"
    job = Job(str(tmp_path / "a.csv"), "csv", str(output), "csv", table, span_rows=300)
    sealed = load_champion(VersionStore(container.versions.s3, empty_backend.bucket, refresh_s=0.0), "payments")
    assert sealed.name == recording_small_version.name

    # It ends before anything is written; then after all is recorded, before it can note that.
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(jobs, "write_results", killed)
        with pytest.raises(KilledError):
            run_job(spark, sealed, job)
    assert empty_backend.histories() == before
    assert not output.exists()
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr("spark_job.staging.Stages.drop", killed)
        with pytest.raises(KilledError):
            run_job(spark, sealed, job)
    after = add_up(before, recorded(small_version, [row for row in expected if row["status"] == "ok"]))
    assert empty_backend.histories() == after
    assert run_job(spark, sealed, job)
    assert empty_backend.histories() == after
    assert not run_job(spark, sealed, job), "it was done before"
    assert empty_backend.histories() == after
    assert_same(read_results(output), expected)
    assert not (tmp_path / "out.work").exists()


def killed(*_arguments: object, **_more: object) -> None:
    raise KilledError


@pytest.mark.usefixtures("spark")
def test_files_in_spans_get_the_decisions_of_the_file_door(
    sample_version: Path, later_payments: list[Payment], tmp_path: Path
) -> None:
    payments: list[dict[str, Any]] = [dict(payment) for payment in later_payments[:240]]
    for place, payment in enumerate(payments):
        payment["amount"] = None if place % 17 == 0 else Decimal(str(payment["amount"])).quantize(Decimal("0.01"))
        payment["latitude"] = float("nan") if place % 19 == 0 else payment["latitude"]
        payment["note"] = place if place % 2 else None
    table = pa.Table.from_pylist(payments)
    (tmp_path / "in").mkdir()
    pa.parquet.write_table(table[:120], tmp_path / "in" / "a.parquet", row_group_size=50)
    pa.parquet.write_table(table[120:], tmp_path / "in" / "b.parquet")
    pa.parquet.write_table(table, tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    expected = score(open_folder(sample_version), whole, tmp_path / "kept", name="whole.parquet").rows

    output = str(tmp_path / "out")
    arguments = ["--format", "parquet", "--version", str(sample_version), "--span-rows", "120"]
    main(["score", str(tmp_path / "in"), output, *arguments])
    found = sorted(pa.parquet.read_table(output).to_pylist(), key=lambda row: int(row["row"]))
    assert [row["note"] for row in found[:2]] == [None, 1]
    assert_same(
        [{name: "" if row[name] is None else str(row[name]) for name in expected[0]} for row in found], expected
    )


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("mode", ["event", "now"])
def test_what_lies_ahead_of_the_clock_is_treated_as_by_tollgate_score(
    sample_version: Path, later_payments: list[Payment], tmp_path: Path, mode: Clock
) -> None:
    payments = [dict(payment) for payment in later_payments[:40]]
    payments[7]["timestamp"], payments[30]["timestamp"] = "2062-03-01T10:00:00Z", "2026-09-01T00:00:00Z"
    # A row that is refused takes no id: of two more that have it, the first is decided on.
    payments[8]["event_id"] = payments[35]["event_id"] = payments[7]["event_id"]
    payments[20]["amount"], payments[21]["event_id"] = "?", payments[20]["event_id"]
    data, now = tmp_path / "in.csv", "2026-08-31T23:55:00Z"
    data.write_bytes(write_payments(payments))
    folder = reseal(sample_version, tmp_path / "sealed", safety=Safety(clock=mode).to_json())
    score_file(data, folder, tmp_path / "local.csv", fresh=True, now=datetime.fromisoformat(now))
    with (tmp_path / "local.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    refused = [7, 20, 35] if mode == "event" else [8, 20, 35]
    assert [place for place, row in enumerate(expected) if row["status"] != "ok"] == refused
    assert [row["clock"] for row in expected if row.get("clock")] == ([] if mode == "event" else [now])

    output = str(tmp_path / "out")
    main(["score", str(data), output, "--version", str(folder), "--span-rows", "20", "--now", now])
    found = sorted(pa.parquet.read_table(output).to_pylist(), key=lambda row: int(row["row"]))
    assert_same(
        [{name: "" if row[name] is None else str(row[name]) for name in expected[0]} for row in found], expected
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["score", "payments.xlsx", "out", "--version", "."], "does not say its format"),
        (["score", "payments.csv", "out"], "add --version, or --bucket and --detector."),
        (
            ["score", "payments.csv", "out", "--version", "nowhere"],
            "The version folder nowhere does not exist; check --version.",
        ),
    ],
)
@pytest.mark.usefixtures("spark")
def test_mistakes_are_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit, match=sentence):
        main(arguments)


@pytest.mark.usefixtures("spark")
def test_a_missing_column_is_named(small_version: Path, payment: Payment, tmp_path: Path) -> None:
    del payment["amount"]
    (tmp_path / "a.csv").write_bytes(write_payments([payment]))
    with pytest.raises(SystemExit, match='The table lacks the declared column "amount"'):
        main(["score", str(tmp_path / "a.csv"), str(tmp_path / "out"), "--version", str(small_version)])
