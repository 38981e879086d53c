"""The real template in the emulator, the real handlers, a trained version: what a user does, and what goes wrong."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from tollgate.adapters.dynamodb.histories import HistoryTable, history_key, sums_of
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.events.reader import read_events as read_columns
from tollgate.core.history.item_packing import own_sums
from tollgate.core.history.latest_addition import latest_us, without_latest

from localstack.deployment import connection
from localstack.running import ApiProblemError, RunningStack, call
from localstack.smoke import check_stack, drop_file

pytestmark = pytest.mark.emulator

NUMBERS = ("amount", "latitude", "longitude")
MOST = 1_000_000_000
# Of the thousand new payments in their order of time: an answer of the emulator takes a tenth of a second and more.
POSTED = 250


def read_events(stack: RunningStack) -> list[dict[str, Any]]:
    with stack.new_payments.open(newline="") as file:
        return [
            {name: float(value) if name in NUMBERS else value for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def copy_as(stack: RunningStack, name: str) -> Path:
    """The new payments under another name: the same file again would be the same batch."""
    return Path(shutil.copy(stack.new_payments, stack.new_payments.with_name(name)))


def stored_history(stack: RunningStack, entity: str, key: str) -> tuple[int | None, dict[str, int]]:
    """Return the time of the latest addition to a stored history, in microseconds, and its sums."""
    table = boto3.client("dynamodb", **connection(stack.emulator.endpoint_url))
    pk = history_key(stack.version.history_space, entity, key)
    item = table.get_item(TableName=stack.deployment.history_table, Key={"pk": {"S": pk}}).get("Item")
    sums = sums_of(item)
    return latest_us(sums), dict(without_latest(own_sums(sums)))


def test_the_smoke_test_passes(tollgate: RunningStack) -> None:
    assert check_stack(tollgate)["batch_rows"] == 1_000


def test_http_file_and_python_give_the_same_decisions(tollgate: RunningStack) -> None:
    events = read_events(tollgate)
    version = tollgate.version
    given = list(csv.DictReader(tollgate.new_payments.read_text().splitlines()))
    read, _ = read_columns(version.event_type, {name: [row[name] for row in given] for name in given[0]})
    client = boto3.client("dynamodb", **connection(tollgate.emulator.endpoint_url))
    histories = HistoryTable(client, tollgate.deployment.history_table).read(version, read)
    decided = decide_in_order(version, read, histories)
    python = zip(read.ids, decided.scores.tolist(), decided.outcomes, decided.probabilities.tolist(), strict=True)
    # The file first: it leaves no trace in the histories. Then HTTP, where each event sees the ones before it.
    dropped = drop_file(tollgate, copy_as(tollgate, "the same.csv")).rows
    posted = [call(tollgate.deployment, "POST", "/v1/decisions", {"event": event}) for event in events[:POSTED]]
    assert len(dropped) == len(read) == 1_000
    for by_http, by_file, (event_id, score, outcome, probability) in zip(posted, dropped, python):  # noqa: B905 - fewer are posted
        assert by_http["event_id"] == by_file["event_id"] == event_id
        assert by_http["score"] == int(by_file["score"]) == score
        assert by_http["outcome"] == by_file["outcome"] == outcome
        probabilities = [by_http["probability"], float(by_file["probability"]), probability]
        assert max(probabilities) - min(probabilities) <= 1e-6


def test_the_same_event_posted_fifty_times_by_six_at_once_counts_once(tollgate: RunningStack) -> None:
    event = read_events(tollgate)[0] | {"event_id": "fifty", "customer_id": "fifty-customer"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda _: call(tollgate.deployment, "POST", "/v1/decisions", {"event": event}), range(50))
        )
    assert len({(answer["score"], answer["decided_at"]) for answer in answers}) == 1
    assert sum(not answer["repeated"] for answer in answers) == 1
    time_us, once = stored_history(tollgate, "customer", "fifty-customer")
    call(tollgate.deployment, "POST", "/v1/decisions", {"event": event | {"event_id": "fifty-first"}})
    assert once
    twice = {name: 2 * number for name, number in once.items()}
    assert stored_history(tollgate, "customer", "fifty-customer") == (time_us, twice)


def notices(stack: RunningStack, key: str) -> Iterator[dict[str, Any]]:
    s3 = boto3.client("s3", **connection(stack.emulator.endpoint_url))
    etag = s3.head_object(Bucket=stack.deployment.bucket, Key=key)["ETag"].strip('"')
    stored = {"key": key, "eTag": etag}
    yield {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": stored}}]}


def test_repeated_notices_in_any_order_give_one_result_to_the_byte(tollgate: RunningStack) -> None:
    s3 = boto3.client("s3", **connection(tollgate.emulator.endpoint_url))
    sqs = boto3.client("sqs", **connection(tollgate.emulator.endpoint_url))
    before = results_of(tollgate)
    lines = tollgate.new_payments.read_text().splitlines()
    keys = [f"inbox/payments/part {part}.csv" for part in range(4)]
    for part, key in enumerate(keys):
        body = "\n".join([lines[0], *lines[1 + part * 50 : 51 + part * 50]])
        s3.put_object(Bucket=tollgate.deployment.bucket, Key=key, Body=body.encode())
    again = [key.replace(" ", "+") for key in keys for _ in range(random.Random(1).randint(0, 2))]
    random.Random(2).shuffle(again)
    for key in again:
        for notice in notices(tollgate, key.replace("+", " ")):
            notice["Records"][0]["s3"]["object"]["key"] = key
            sqs.send_message(QueueUrl=tollgate.deployment.queue_url, MessageBody=json.dumps(notice))
    first = wait_for_results(tollgate, before, len(keys))
    time.sleep(2)  # whatever a repeated notice could still do, it does now
    assert results_of(tollgate) == first
    assert len(first.keys() - before.keys()) == 3 * len(keys)  # results as CSV and Parquet, and a summary, each


def results_of(stack: RunningStack) -> dict[str, str]:
    s3 = boto3.client("s3", **connection(stack.emulator.endpoint_url))
    listed = s3.list_objects_v2(Bucket=stack.deployment.bucket, Prefix="results/").get("Contents", [])
    bodies = ((o["Key"], s3.get_object(Bucket=stack.deployment.bucket, Key=o["Key"])["Body"].read()) for o in listed)
    return {key: hashlib.sha256(body).hexdigest() for key, body in bodies}


def wait_for_results(stack: RunningStack, before: dict[str, str], files: int) -> dict[str, str]:
    for _ in itertools.repeat(None, 120):
        found = results_of(stack)
        if len(found.keys() - before.keys()) >= 3 * files:
            return found
        time.sleep(0.5)
    raise AssertionError(f"only {found.keys() - before.keys()} came within a minute")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "a PNG picture"),
        ("empty.csv", b"", "empty"),
        ("header.csv", b"event_id,timestamp,amount\n", "no rows"),
        ("letter.docx", b"PK", ".parquet"),
        ("columns.csv", b"event_id,timestmp\n1,2026-01-01\n", '"timestmp"'),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01", "gzip"),
        ("not.parquet", b"PAR1nothing", "Parquet"),
    ],
)
def test_a_file_that_cannot_be_used_is_rejected_with_its_reason(
    tollgate: RunningStack, name: str, content: bytes, reason: str
) -> None:
    s3 = boto3.client("s3", **connection(tollgate.emulator.endpoint_url))
    s3.put_object(Bucket=tollgate.deployment.bucket, Key=f"inbox/payments/{name}", Body=content)
    for _ in range(120):
        batches = call(tollgate.deployment, "GET", "/v1/batches?limit=100")["batches"]
        states = [batch for batch in batches if batch["filename"] == name and batch["status"] == "rejected"]
        if states:
            batch = call(tollgate.deployment, "GET", f"/v1/batches/{states[0]['batch_id']}")
            assert reason in batch["reason"]
            assert "Traceback" not in batch["reason"]
            kept = s3.get_object(Bucket=tollgate.deployment.bucket, Key=f"inbox/payments/{name}")["Body"].read()
            assert kept == content
            return
        time.sleep(0.25)
    raise AssertionError(f"{name} was not rejected")


def test_a_parquet_file_is_read_through_the_layer(tollgate: RunningStack) -> None:
    import pyarrow.csv  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    path = tollgate.new_payments.with_suffix(".parquet")
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(tollgate.new_payments), path)
    assert {row["status"] for row in drop_file(tollgate, path).rows} == {"ok"}


def test_a_mistake_gets_a_sentence_and_no_trace(tollgate: RunningStack) -> None:
    event = read_events(tollgate)[0]
    event["amuont"] = event.pop("amount")
    with pytest.raises(ApiProblemError, match=r'422: .*\(did you mean "amount"\?\)'):
        call(tollgate.deployment, "POST", "/v1/decisions", {"event": event})
    with pytest.raises(ApiProblemError, match=r"413: The body has"):
        call(tollgate.deployment, "POST", "/v1/decisions", {"event": {"event_id": "x" * 300_000}})
