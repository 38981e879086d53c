"""Rows that were not let through, on Spark: later spans see them, and histories get them, as from the file door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tollgate.core.history.latest_addition import latest_us, without_latest

from model_build.deployment.publish import open_folder
from tests.core.files.scored import score, to_csv
from tests.core.files.test_withheld_rows import make_payments, make_strict
from tests.services.backend import Backend
from tests.services.expected import settled, under_pks
from tests.spark.job_results import assert_same, read_results
from tests.spark.needs import MARKS, need_spark

need_spark()

from spark_job.job import Job, run_job  # noqa: E402 - it imports PySpark
from spark_job.sealed import load_folder  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest_plugins = ("tests.services.backend_fixture", "tests.spark.spark_fixture")
pytestmark = MARKS


@pytest.mark.parametrize("span_rows", [60, 1000])
def test_a_table_of_weeks_is_decided_on_and_recorded_as_by_the_file_door(
    spark: SparkSession,
    empty_backend: Backend,
    sample_version: Path,
    sample_csv: Path,
    tmp_path: Path,
    span_rows: int,
) -> None:
    folder = make_strict(sample_version, tmp_path / "sealed", records=True)
    version = open_folder(folder)
    payments = make_payments(version, sample_csv)
    content = to_csv(payments)
    (tmp_path / "in.csv").write_bytes(content)
    whole = score(version, content, tmp_path / "whole")

    table = empty_backend.container.histories.table
    job = Job(str(tmp_path / "in.csv"), "csv", str(tmp_path / "out"), "csv", table, span_rows=span_rows)
    assert run_job(spark, load_folder(folder), job)

    assert_same(read_results(tmp_path / "out"), whole.rows)
    assert {row["outcome"] for row in whole.rows} >= {"approve", "block"}
    sums: dict[str, dict[str, dict[str, int]]] = {}
    for entity, key, its in whole.scoring.additions():
        assert latest_us(its) is not None
        sums.setdefault(entity, {})[key] = dict(without_latest(its))
    later_s = whole.scoring.latest_s + 20 * 86_400
    found = settled(version, empty_backend.histories(), later_s)
    assert found == settled(version, under_pks(version, sums), later_s)
