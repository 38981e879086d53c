"""The dead-letter queue: what it holds and why, and putting files back without losing one."""

from __future__ import annotations

import json
from itertools import count

import pytest
from click.testing import CliRunner
from tollgate.adapters import clients
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.services.batches.lease import Delivery
from tollgate.services.batches.process import GivenUpError, score_batch

from model_build.cli.main import main
from tests.doors.doors import invoke, write_notice
from tests.services.backend import Backend, Payment, forget_storage, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

_numbers = count(1)


@pytest.fixture
def queues(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The dead-letter queue and the queue of files, empty; the environment names the latter."""
    number = next(_numbers)
    dead, live = (
        clients.sqs().create_queue(QueueName=f"{name}-{backend.bucket}-{number}")["QueueUrl"] for name in ("d", "q")
    )
    monkeypatch.setenv("TOLLGATE_QUEUE_URL", live)
    forget_storage()
    return dead, live


def redrive(backend: Backend, queues: tuple[str, str], *options: str, status: int = 0) -> str:
    where = ["--dead-letter-url", queues[0], "--queue-url", queues[1], "--bucket", backend.bucket]
    done = CliRunner().invoke(main, ["redrive", *where, *options])
    assert done.exit_code == status, done.output
    return done.output


def bodies(url: str) -> list[str]:
    found = clients.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in found.get("Messages", [])]


def give_up(backend: Backend, key: str, content: bytes, dead: str) -> str:
    """Have a file fail four times, as when its model is damaged, and put its notice where the queue does."""
    etag = backend.drop(key, content)
    (model,) = (stored for stored in backend.keys("detectors/") if stored.endswith("model.onnx"))
    whole = backend.get(model)
    backend.drop(model, b"another model")
    forget_storage()
    for receives in range(1, 5):
        with pytest.raises(Exception, match=r"model\.onnx"):
            score_batch(backend.container, key, etag, Delivery("m", receives))
    backend.drop(model, whole)
    forget_storage()
    body = write_notice(key, etag)["body"]
    clients.sqs().send_message(QueueUrl=dead, MessageBody=body)
    return etag


def test_a_file_that_was_given_up_is_listed_with_its_reason_and_scored_once_it_is_put_back(
    backend: Backend, queues: tuple[str, str], payment: Payment
) -> None:
    key = "inbox/payments/a.csv"
    etag = give_up(backend, key, write_payments([payment]), queues[0])
    batch_id = BatchFile.of(key, etag, "payments").batch_id
    state = backend.container.states.find(batch_id)
    assert state is not None
    assert state.status == "failed"
    said = redrive(backend, queues)
    assert key in said
    assert "model.onnx" in said
    assert "1 messages, 0 put back" in said
    assert (len(bodies(queues[0])), bodies(queues[1])) == (1, []), "listing changes nothing"
    assert "1 put back" in redrive(backend, queues, "--all")
    assert bodies(queues[0]) == []
    (body,) = bodies(queues[1])
    record = {**write_notice(key, etag, "put back"), "body": body, "receiptHandle": "none"}
    assert invoke("batch", {"Records": [record]}) == {"batchItemFailures": []}
    done = backend.container.states.find(batch_id)
    assert done is not None
    assert (done.status, done.reason) == ("done", None)


def test_chosen_messages_alone_are_put_back(backend: Backend, queues: tuple[str, str]) -> None:
    ids = [
        clients.sqs().send_message(QueueUrl=queues[0], MessageBody=write_notice(f"inbox/{n}.csv", "e")["body"])
        for n in range(3)
    ]
    said = redrive(backend, queues, "--message", ids[1]["MessageId"])
    assert "3 messages, 1 put back" in said
    (body,) = bodies(queues[1])
    assert "inbox/1.csv" in body
    assert len(bodies(queues[0])) == 2
    assert "Message nobody is not in the dead-letter queue" in redrive(backend, queues, "--message", "nobody", status=1)
    assert len(bodies(queues[0])) == 2


def test_records_of_streams_stay_unless_the_stream_function_is_named(backend: Backend, queues: tuple[str, str]) -> None:
    poison = {"stream_record": {"source": "kinesis", "place": {}}, "reason": "not JSON"}
    given_up = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "KinesisBatchInfo": {"shardId": "s-0"}}
    ids = [
        clients.sqs().send_message(QueueUrl=queues[0], MessageBody=body)["MessageId"]
        for body in (json.dumps(poison), json.dumps(given_up), "hello")
    ]
    said = redrive(backend, queues, "--all")
    assert "a record from kinesis: not JSON" in said
    assert "RetryAttemptsExhausted" in said
    assert "3 messages, 0 put back" in said
    assert "add --stream-function" in redrive(backend, queues, "--message", ids[0], status=1)
    named = ("--stream-function", "anything")
    assert "it cannot be redriven" in redrive(backend, queues, *named, "--message", ids[2], status=1)
    assert (len(bodies(queues[0])), bodies(queues[1])) == (3, [])


def test_what_cannot_be_put_back_stays_and_stops_nothing(backend: Backend, queues: tuple[str, str]) -> None:
    record = json.dumps({"stream_record": {"source": "kinesis", "place": {}}, "reason": "not JSON"})
    for body in (record, write_notice("inbox/a.csv", "e")["body"], record):
        clients.sqs().send_message(QueueUrl=queues[0], MessageBody=body)
    said = redrive(backend, queues, "--stream-function", "no-such-function", "--all", status=1)
    assert said.count("failed: a record from kinesis: The stream function answered ResourceNotFound") == 2
    assert "3 messages, 1 put back, 0 decided" in said
    assert bodies(queues[0]) == [record, record]
    assert len(bodies(queues[1])) == 1


def test_the_last_receive_fails_and_a_given_up_message_fails_again(
    backend: Backend, queues: tuple[str, str], payment: Payment
) -> None:
    key = "inbox/payments/a.csv"
    etag = give_up(backend, key, write_payments([payment]), queues[0])
    with pytest.raises(GivenUpError):
        score_batch(backend.container, key, etag, Delivery("m", 5))
