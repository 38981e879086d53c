"""The Spark job reads odd CSV, JSON and Parquet files as the file door does."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.files.file_format import FileForm

from model_build.deployment.publish import open_folder
from model_build.deployment.score_file import score_file
from tests.core.files.scored import score
from tests.services.backend import Payment, write_payments
from tests.spark.job_results import Row, assert_same, read_results
from tests.spark.needs import MARKS, need_spark

need_spark()

from spark_job.__main__ import main  # noqa: E402
from spark_job.input.tables import read_table  # noqa: E402

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest_plugins = ("tests.services.backend_fixture", "tests.spark.spark_fixture")
pytestmark = MARKS

# One payment of an older Windows program.
FOREIGN = {
    "csv": "id:time:Straße\na:2026-01-01:Große Allee\n",
    "json": '{"id": "a", "time": "2026-01-01", "Straße": "Große Allee"}\n',
}


@pytest.mark.usefixtures("spark")
def test_odd_lines_of_json_are_treated_as_by_tollgate_score(
    sample_version: Path, later_payments: list[Payment], tmp_path: Path
) -> None:
    payments = [{name: value for name, value in one.items() if value is not None} for one in later_payments[:9]]
    lines = [json.dumps(payment) for payment in payments]
    lines[1] = lines[1][:-1] + f', "amount": {payments[1]["amount"]}}}'
    lines[2] = lines[2][:-1] + ', "latitude": NaN}'
    lines[3] = lines[3][:-3]
    lines[4] = json.dumps([payments[4]])
    lines[5] = json.dumps({**payments[5], "event_id": 777.0, "customer_id": 36.0})
    lines[6] = json.dumps({**payments[6], "merchant_id": {"name": "x"}})
    lines[7:7] = ["   ", "\t", "\x0b"]
    data, now = tmp_path / "in.jsonl", "2026-08-31T23:55:00Z"
    data.write_text("\n".join([*lines, ""]))
    score_file(data, sample_version, tmp_path / "local.csv", fresh=True, now=datetime.fromisoformat(now))
    with (tmp_path / "local.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    assert [place for place, row in enumerate(expected) if row["status"] != "ok"] == [1, 2, 3, 4, 6]
    assert "twice" in expected[1]["status"]

    output = str(tmp_path / "out")
    main(["score", str(data), output, "--version", str(sample_version), "--now", now])
    found = sorted(pa.parquet.read_table(output).to_pylist(), key=lambda row: int(row["row"]))
    told = ("score", "outcome", "status")
    assert [{name: "" if row[name] is None else str(row[name]) for name in told} for row in found] == [
        {name: row[name] for name in told} for row in expected
    ]


@pytest.mark.usefixtures("spark")
def test_odd_lines_of_csv_are_treated_as_by_tollgate_score(
    sample_version: Path, later_payments: list[Payment], tmp_path: Path
) -> None:
    lines = write_payments(later_payments[:9]).decode().splitlines()
    ids = [payment["event_id"] for payment in later_payments]
    for place, written in enumerate(('"a\\"b"', "a\0b", '"a"b', 'a"b', '"a""b"', ' "a"', '"a')):
        lines[place + 1] = lines[place + 1].replace(ids[place], written)
    assert all(one in line for one, line in zip(("\\", "\0", '"'), lines[1:], strict=False))
    lines[2:2] = ["  ", "\t", "", lines[8] + "\r" + lines[9]]
    content = "\n".join(["sep=,", *lines, ""]).encode() + b"\xff\n"
    expected = score(open_folder(sample_version), content, tmp_path / "kept").rows
    assert len({row["status"] for row in expected}) > 5
    assert assert_decided_alike(content, "in.csv", sample_version, tmp_path, expected)


@pytest.mark.usefixtures("spark")
def test_types_of_parquet_that_spark_refuses_are_taken_or_named(
    sample_version: Path, later_payments: list[Payment], tmp_path: Path
) -> None:
    table = pa.Table.from_pylist([dict(payment) for payment in later_payments[:6]])
    times = pa.array([datetime.fromisoformat(payment["timestamp"]) for payment in later_payments[:6]])
    for number, kind in enumerate((pa.timestamp("ns", "UTC"), pa.timestamp("ns"))):
        place = table.schema.get_field_index("timestamp")
        changed = table.set_column(place, "timestamp", times.cast(pa.timestamp("us")).cast(kind))
        changed = changed.append_column("Amount", pa.array(range(6)))
        content = write_parquet(changed)
        expected = score(open_folder(sample_version), content, tmp_path / "kept" / str(number), name="x.parquet").rows
        assert {row["status"] for row in expected} == {"ok"}
        assert assert_decided_alike(content, f"{number}.parquet", sample_version, tmp_path, expected)
    timed = table.append_column("at", pa.array(range(6), pa.int32()).cast(pa.time32("ms")))
    (tmp_path / "timed.parquet").write_bytes(write_parquet(timed))
    with pytest.raises(SystemExit, match='column "at" has the type TIME'):
        main(["score", str(tmp_path / "timed.parquet"), str(tmp_path / "no"), "--version", str(sample_version)])


def write_parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pa.parquet.write_table(table, out)
    return out.getvalue()


def assert_decided_alike(content: bytes, name: str, version: Path, folder: Path, expected: list[Row]) -> int:
    """Decide on a file by the job, and hold it to what is expected; return how many rows there are."""
    (folder / name).write_bytes(content)
    output = folder / f"{name}-out"
    main(["score", str(folder / name), str(output), "--out-format", "csv", "--version", str(version)])
    found = read_results(output)
    assert_same(found, expected)
    return len(found)


@pytest.mark.usefixtures("spark")
def test_lines_that_cannot_be_read_together_end_in_a_sentence(
    sample_version: Path, later_payments: list[Payment], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for name, order in (("a.csv", 1), ("b.csv", -1)):
        payments = [dict(list(payment.items())[::order]) for payment in later_payments[:2]]
        (tmp_path / "in" / name).write_bytes(write_payments(payments))
    (tmp_path / "x.jsonl").write_text("\r".join(json.dumps(payment) for payment in later_payments[:2]))
    version = ["--version", str(sample_version)]
    with pytest.raises(SystemExit, match=r'/in/[ab]\.csv" has a different header'):
        main(["score", str(tmp_path / "in"), str(tmp_path / "out"), "--format", "csv", *version])
    with pytest.raises(SystemExit, match="end in a carriage return alone"):
        main(["score", str(tmp_path / "x.jsonl"), str(tmp_path / "out"), *version])


@pytest.mark.parametrize("form", FOREIGN)
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_declared_delimiter_and_encoding_are_taken(
    spark: SparkSession, tmp_path: Path, form: str, encoding: str
) -> None:
    path = tmp_path / "payments"
    path.write_bytes(FOREIGN[form].encode(encoding))
    event_type = EventType("payment", "id", "time", categorical=("Straße",))
    table = read_table(spark, str(path), form, event_type, FileForm(":", encoding))
    (found,) = table.frame.select("cells").collect()
    cells = dict(zip(table.names, found.cells, strict=True))
    assert cells == {"id": "a", "time": "2026-01-01", "Straße": "Große Allee"}
