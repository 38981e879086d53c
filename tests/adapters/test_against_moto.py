"""The adapters against moto, one caller at a time: a second opinion on what they ask of S3 and DynamoDB.

What needs transactions under concurrency runs against the emulator: moto's are not atomic between threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from tollgate.adapters.dynamodb.batches import BatchTable
from tollgate.adapters.dynamodb.decisions import DecisionRecord, DecisionTable
from tollgate.adapters.dynamodb.histories import HistoryTable, sums_of
from tollgate.adapters.dynamodb.items import ConditionFailedError, get_items, write_together
from tollgate.adapters.s3.batch_files import BatchStore
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.s3.versions import VersionStore
from tollgate.errors import NotFoundError, SealError

from model_build.sealing.seal import read_version_files
from tests.core.decisions import make_decision

BUCKET, HISTORY, DECISIONS = "bucket", "history", "decisions"
RECORD = DecisionRecord(make_decision(repeated=True), {"id": "e1"}, 1e9, "space", {"customer": "c1"})


@dataclass(frozen=True)
class Adapters:
    versions: VersionStore
    histories: HistoryTable
    decisions: DecisionTable
    batches: BatchStore
    states: BatchTable


@pytest.fixture
def adapters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Adapters]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3, dynamodb = boto3.client("s3", "us-east-1"), boto3.client("dynamodb", "us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        for table in (HISTORY, DECISIONS):
            dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "lk", "ls")],
                GlobalSecondaryIndexes=[
                    {
                        "IndexName": "listing",
                        "KeySchema": [
                            {"AttributeName": "lk", "KeyType": "HASH"},
                            {"AttributeName": "ls", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            )
        yield Adapters(
            VersionStore(s3, BUCKET, refresh_s=0),
            HistoryTable(dynamodb, HISTORY),
            DecisionTable(dynamodb, DECISIONS),
            BatchStore(s3, BUCKET),
            BatchTable(dynamodb, DECISIONS),
        )


def test_a_published_version_is_the_champion(adapters: Adapters, sample_version: Path) -> None:
    with pytest.raises(NotFoundError):
        adapters.versions.champion("payments", 0.0)
    adapters.versions.publish("payments", sample_version.name, read_version_files(sample_version))
    assert adapters.versions.champion("payments", 0.0).version == sample_version.name


def test_a_damaged_version_is_refused_and_the_former_one_kept(adapters: Adapters, sample_version: Path) -> None:
    files = read_version_files(sample_version)
    adapters.versions.publish("payments", sample_version.name, files)
    kept = adapters.versions.champion("payments", 0.0)
    damaged = {**files, "model.onnx": files["model.onnx"][:-1] + b"\0"}
    adapters.versions.publish("payments", "20260101-0123456789abcdef", damaged)
    assert adapters.versions.champion("payments", 1.0) is kept
    with pytest.raises(SealError):
        VersionStore(adapters.versions.s3, BUCKET, refresh_s=0).champion("payments", 0.0)


def test_histories_add_up(adapters: Adapters) -> None:
    for _ in range(3):
        action = adapters.histories.addition("k", {"n0a": 10**25, "a0a": -7}, 2e9, stale=["n0b"])
        adapters.histories.client.update_item(**action)
    item = get_items(adapters.histories.client, {HISTORY: ["k", "absent"]})[HISTORY]
    assert sums_of(item["k"]) == {"n0a": 3 * 10**25, "a0a": -21}
    assert "absent" not in item


def test_a_lot_is_added_once(adapters: Adapters) -> None:
    additions = [(f"k{number}", {"n0a": number + 1}) for number in range(90)]
    for _ in range(2):
        list(adapters.histories.add_in_batches("lot", additions, 2e9))
    found = get_items(adapters.histories.client, {HISTORY: [pk for pk, _ in additions]})[HISTORY]
    assert {pk: sums_of(item) for pk, item in found.items()} == dict(additions)


def test_a_decision_is_written_once(adapters: Adapters) -> None:
    put = {"Put": adapters.decisions.put_once(RECORD, "payments", 2e9)}
    write_together(adapters.decisions.client, [put])
    with pytest.raises(ConditionFailedError):
        write_together(adapters.decisions.client, [put])
    assert adapters.decisions.find("payments", "e1") == RECORD


def test_an_object_is_written_once(adapters: Adapters) -> None:
    assert adapters.batches.write_once("results/a", b"first", "text/csv")
    assert not adapters.batches.write_once("results/a", b"second", "text/csv")
    assert adapters.batches.read("results/a") == b"first"


def test_batches_are_listed_newest_first_in_pages(adapters: Adapters) -> None:
    for day in range(1, 6):
        file = BatchFile.of(f"inbox/payments/{day}.csv", "etag", "payments")
        adapters.states.announce(file, f"2026-01-0{day}T00:00:00Z")
    first, cursor = adapters.states.page(3, None)
    second, _ = adapters.states.page(3, cursor)
    assert [state.filename for state in (*first, *second)] == ["5.csv", "4.csv", "3.csv", "2.csv", "1.csv"]
