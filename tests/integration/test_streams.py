"""Streams end to end: the emulator's Kinesis and a Kafka cluster, the deployed function, and Lambda's part between."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from confluent_kafka import Producer
from tollgate.adapters.sqs import RefusedRecords
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError

from localstack.deployment import connection, find_output
from localstack.kafka_source import KafkaSource, running_cluster
from localstack.kinesis_source import KinesisSource
from localstack.running import RunningStack, call
from localstack.stream import deliver_all, map_function, put_on_kafka, put_on_kinesis
from tests.integration.test_whole_path import read_events, stored_history
from tests.services.stream_reading import take_messages

pytestmark = pytest.mark.emulator

Row = dict[str, str]


def write_rows(stack: RunningStack, customer: str, count: int) -> list[Row]:
    """Payments of one customer that are the same but for their ids, from ten devices, as the rows of a file."""
    (event, *_) = read_events(stack)
    row = {name: str(value) for name, value in event.items()} | {"customer_id": customer}
    return [{**row, "event_id": f"{customer}-{n}", "device_id": f"{customer}-d{n % 10}"} for n in range(count)]


def assert_each_counts_once(stack: RunningStack, rows: Sequence[Row]) -> None:
    """Hold that each row has its decision, and was added to its customer's history exactly once."""
    for row in rows:
        assert call(stack.deployment, "GET", f"/v1/decisions/{row['event_id']}")["event_id"] == row["event_id"]
    customer = rows[0]["customer_id"]
    alone = {**rows[0], "event_id": f"{customer}-alone", "customer_id": f"{customer}-alone"}
    call(stack.deployment, "POST", "/v1/decisions", {"event": alone})
    time_us, once = stored_history(stack, "customer", alone["customer_id"])
    assert once
    all_of_them = {name: len(rows) * number for name, number in once.items()}
    assert stored_history(stack, "customer", customer) == (time_us, all_of_them)


def redrive(stack: RunningStack, *options: str) -> subprocess.CompletedProcess[str]:
    deployment = stack.deployment
    command = [sys.executable, "-m", "model_build.cli.main", "redrive", "--bucket", deployment.bucket, *options]
    command += ["--dead-letter-url", deployment.dead_letter_url, "--queue-url", deployment.queue_url]
    command += ["--stream-function", find_output(stack.emulator.endpoint_url, "StreamFunctionArn")]
    environment = {**os.environ, **stack.emulator.environment()}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def read_letters(stack: RunningStack) -> list[dict[str, Any]]:
    queues = boto3.client("sqs", **connection(stack.emulator.endpoint_url))
    return take_messages(queues, stack.deployment.dead_letter_url)


@pytest.fixture
def kinesis(tollgate: RunningStack) -> Any:  # noqa: ANN401 - boto3's client
    return boto3.client("kinesis", **connection(tollgate.emulator.endpoint_url))


@pytest.fixture
def cluster() -> Iterator[str]:
    with running_cluster() as servers:
        yield servers


def test_events_on_kinesis_count_once_and_poison_is_kept(tollgate: RunningStack, kinesis: Any) -> None:  # noqa: ANN401
    read_letters(tollgate)  # those of other tests
    rows = write_rows(tollgate, "kinesis", 30)
    put_on_kinesis(kinesis, "kept", rows[:15], "device_id")
    kinesis.put_record(StreamName="kept", Data=b"poison", PartitionKey=rows[0]["device_id"])
    put_on_kinesis(kinesis, "kept", rows[15:], "device_id")
    mapping, given_up = map_function(tollgate.emulator.endpoint_url)
    # The second reading repeats all of it, as a mapping does that is made anew.
    for _ in range(2):
        assert deliver_all(mapping, KinesisSource(kinesis, "kept", 7)) == 31
    assert_each_counts_once(tollgate, rows)
    assert given_up == []
    letters = read_letters(tollgate)
    assert [(letter["code"], letter["stream_record"]["source"]) for letter in letters] == [
        ("invalid_input", "kinesis")
    ] * 2


@pytest.mark.kafka
def test_events_on_kafka_count_once_and_poison_is_kept(tollgate: RunningStack, cluster: str) -> None:
    rows = write_rows(tollgate, "kafka", 30)
    put_on_kafka(cluster, "kept", rows[:15], "device_id")
    producer = Producer({"bootstrap.servers": cluster, "log_level": 3})
    producer.produce("kept", None, key=rows[0]["device_id"])
    producer.produce("kept", b"poison", key=rows[0]["device_id"])
    producer.flush(10)
    put_on_kafka(cluster, "kept", rows[15:], "device_id")
    mapping, given_up = map_function(tollgate.emulator.endpoint_url)
    for expected in (32, 0):
        source = KafkaSource(cluster, "kept", batch_size=7)
        assert deliver_all(mapping, source) == expected, "the group goes on from what is committed"
        source.close()
    assert_each_counts_once(tollgate, rows)
    assert given_up == []
    (letter,) = read_letters(tollgate)
    assert letter["stream_record"]["place"]["cluster"] == cluster


@pytest.mark.kafka
def test_every_event_on_kafka_counts_once_though_its_reader_is_killed(
    tollgate: RunningStack, cluster: str, tmp_path: Path
) -> None:
    rows = write_rows(tollgate, "killed", 60)
    put_on_kafka(cluster, "killed", rows, "device_id")
    nothing_more = tmp_path / "nothing.csv"
    nothing_more.write_text("event_id\n")
    command = [sys.executable, "-m", "localstack.stream", "kafka", str(nothing_more), "--stream", "killed"]
    command += ["--endpoint-url", tollgate.emulator.endpoint_url, "--bootstrap-servers", cluster, "--batch-size", "9"]
    for lots in (1, 2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
            assert reader.stderr is not None
            for _ in range(lots):
                while "Delivered" not in (line := reader.stderr.readline()):
                    assert line, "the reader ended by itself"
            reader.kill()  # while the function has the next lot
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"put": 0, "given_up": 0}
    assert_each_counts_once(tollgate, rows)


def test_what_was_given_up_is_decided_on_once_it_is_put_back(tollgate: RunningStack, kinesis: Any) -> None:  # noqa: ANN401
    rows = write_rows(tollgate, "redriven", 6)
    put_on_kinesis(kinesis, "redriven", rows[:4], "customer_id")
    source = KinesisSource(kinesis, "redriven", 100)
    queues = boto3.client("sqs", **connection(tollgate.emulator.endpoint_url))
    refused = RefusedRecords(tollgate.deployment.dead_letter_url, lambda: queues)
    for row in (*rows[4:], {**rows[0], "amuont": "3"}):
        record = StreamRecord("kafka", {"topic": "t"}, "t-0", None, json.dumps(row).encode())
        refused.keep(record, "payments", InputError("there was no such column"), "2026-11-25T16:00:00.000Z")
    lost = {"requestContext": {"condition": "RetryAttemptsExhausted"}, **source.describe(source.read())}
    queues.send_message(QueueUrl=tollgate.deployment.dead_letter_url, MessageBody=json.dumps(lost))

    listed = redrive(tollgate)
    assert (listed.returncode, listed.stdout.count("stays")) == (0, 4), listed.stderr
    done = redrive(tollgate, "--all")
    assert "4 messages, 0 put back, 3 decided" in done.stdout
    assert 'did you mean "amount"' in done.stdout
    assert done.returncode == 1
    assert_each_counts_once(tollgate, rows)
    (poison,) = read_letters(tollgate)
    assert poison["stream_record"]["place"] == {"topic": "t"}


@pytest.mark.parametrize("kind", ["kinesis", pytest.param("kafka", marks=pytest.mark.kafka)])
def test_the_command_puts_a_file_on_a_stream_and_has_it_decided(
    tollgate: RunningStack, tmp_path: Path, kind: str
) -> None:
    rows = write_rows(tollgate, f"command-{kind}", 12)
    with (tmp_path / "events.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    command = [sys.executable, "-m", "localstack.stream", kind, str(tmp_path / "events.csv"), "--key", "device_id"]
    command += ["--endpoint-url", tollgate.emulator.endpoint_url, "--stream", "by-command"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"put": 12, "given_up": 0}
    assert_each_counts_once(tollgate, rows)


def test_the_command_says_what_it_lacks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localstack.stream", "kinesis", str(tmp_path / "none.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert "none.csv" in done.stderr
