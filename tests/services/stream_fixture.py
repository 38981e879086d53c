"""A dead-letter queue and a result stream of each test's own, which the functions are told of.

A test module takes these fixtures with `pytest_plugins = ("tests.services.stream_fixture",)`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest

from tests.services.backend import Backend, forget_storage
from tests.services.faulty_endpoint import FaultyEndpoint
from tests.services.stream_reading import Letters, Results, read_stream, take_messages

pytest_plugins = ("tests.services.safety_fixture",)


@pytest.fixture
def failing(endpoint: FaultyEndpoint, backend: Backend) -> FaultyEndpoint:
    """The way to the storage, once the version has been read."""
    backend.container.champion()
    return endpoint


@pytest.fixture
def letters(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Letters]:
    """The dead-letter queue."""
    queues = boto3.client("sqs")
    url = queues.create_queue(QueueName=f"dead-{empty_backend.bucket}")["QueueUrl"]
    monkeypatch.setenv("TOLLGATE_DEAD_LETTER_URL", url)
    forget_storage()
    yield lambda: take_messages(queues, url)
    queues.delete_queue(QueueUrl=url)


@pytest.fixture
def results(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Results]:
    """The result stream, of two shards."""
    streams = boto3.client("kinesis")
    name = f"results-{empty_backend.bucket}"
    streams.create_stream(StreamName=name, ShardCount=2)
    streams.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    arn = streams.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    monkeypatch.setenv("TOLLGATE_RESULT_STREAM", arn)
    forget_storage()
    yield lambda: [(key, json.loads(data)) for key, data in read_stream(streams, name)]
    streams.delete_stream(StreamName=name)
