"""The file door: notices in any shape and order; what fails comes again alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

import pytest
from tollgate.errors import UnavailableError
from tollgate.services.batches.catalog import list_inbox
from tollgate.services.batches.process import score_batch as really_score

from tests.doors.doors import Payload, invoke, load_event, write_notice
from tests.services.backend import Backend, Payment, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def deliver(*records: Payload) -> list[str]:
    """Hand SQS records to the function; return the ids of the messages that failed."""
    answer = invoke("batch", {"Records": list(records)})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def read_keys(name: str) -> list[tuple[str, str]]:
    from tollgate.handlers.batch import read_notice  # noqa: PLC0415 - it reads the environment

    return [pair for record in load_event(name)["Records"] for pair in read_notice(record["body"])]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("sqs_s3_put", ["inbox/payments/june.csv"]),
        ("sqs_s3_url_encoded", ["inbox/payments/März + April (1).csv"]),
        ("sqs_s3_percent_in_name", ["inbox/payments/100%25 sure.csv"]),
        ("sqs_s3_multipart", ["inbox/payments/june.csv"]),
        ("sqs_s3_two_records", ["inbox/payments/a.csv", "inbox/payments/b.csv"]),
        ("sqs_s3_test_event", []),
        ("sqs_s3_folder", []),
        ("sqs_s3_elsewhere", []),
    ],
)
def test_a_notice_names_its_files(name: str, keys: list[str]) -> None:
    assert [key for key, _ in read_keys(name)] == keys


@pytest.mark.parametrize(
    "name", ["plain.csv", "with space.csv", "plus+.csv", "März 🂡.csv", "100% & 50%25.csv", "a=b;c,d.csv", "%2F.csv"]
)
def test_a_key_is_decoded_once(backend: Backend, payment: Payment, name: str) -> None:
    etag = backend.drop(f"inbox/payments/{name}", write_payments([payment]))
    assert deliver(write_notice(quote_plus(f"inbox/payments/{name}", safe="/"), etag)) == []
    (batch,) = backend.container.states.page(10, None)[0]
    assert (batch.status, batch.filename) == ("done", name)


@pytest.mark.parametrize(
    "key",
    [
        "_SUCCESS", ".DS_Store", "payments/_SUCCESS", "payments/._june.csv", "payments/.june.csv.crc",
        "payments/_temporary/0/part-0.csv", "payments/june_$folder$", "payments/_committed_17", "payments/done",
        "payments/Thumbs.db", "payments/__MACOSX/june.csv",
    ],
)  # fmt: skip
@pytest.mark.parametrize("folder", ["inbox", "labels"])
def test_what_programs_leave_beside_files_is_passed_over(backend: Backend, folder: str, key: str) -> None:
    content = b"" if key.endswith("done") else b"x"
    etag = backend.drop(f"{folder}/{key}", content)
    notice = write_notice(quote_plus(f"{folder}/{key}", safe="/"), etag)
    body = json.loads(notice["body"])
    body["Records"][0]["s3"]["object"]["size"] = len(content)
    assert deliver({**notice, "body": json.dumps(body)}) == []
    assert backend.container.states.page(10, None)[0] == []
    assert backend.keys("rejected/") == []
    assert list_inbox(backend.container)["files"] == []


def test_an_empty_file_and_one_that_begins_with_an_underscore_are_files(backend: Backend, payment: Payment) -> None:
    empty = backend.drop("inbox/payments/a.csv", b"")
    named = backend.drop("inbox/payments/_b.csv", write_payments([payment]))
    assert deliver(write_notice("inbox/payments/a.csv", empty), write_notice("inbox/payments/_b.csv", named)) == []
    assert sorted(batch.status for batch in backend.container.states.page(10, None)[0]) == ["done", "rejected"]


def test_messages_that_fail_come_again_alone(backend: Backend, payment: Payment) -> None:
    etag = backend.drop("inbox/payments/a.csv", write_payments([payment]))
    good = write_notice("inbox/payments/a.csv", etag, "good")
    bad = {**good, "messageId": "bad", "body": "hello"}
    assert deliver(bad, good, {**bad, "messageId": "bad too"}) == ["bad", "bad too"]
    assert backend.container.states.page(10, None)[0][0].status == "done"


def test_a_rejected_file_is_no_failure(backend: Backend) -> None:
    etag = backend.drop("inbox/payments/a.xlsx", b"PK")
    assert deliver(write_notice("inbox/payments/a.xlsx", etag)) == []
    assert backend.container.states.page(10, None)[0][0].status == "rejected"


def test_storage_that_fails_brings_the_message_again(
    backend: Backend, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = backend.drop("inbox/payments/a.csv", write_payments([payment]))
    notice = write_notice("inbox/payments/a.csv", etag)
    failing = [True]

    def fail_once(*arguments: Any) -> Any:  # noqa: ANN401 - as the service
        if failing.pop() if failing else False:
            raise UnavailableError("DynamoDB did not answer; try again.")
        return really_score(*arguments)

    monkeypatch.setattr("tollgate.handlers.batch.score_batch", fail_once)
    assert deliver(notice) == ["m"]
    assert deliver(notice) == []
    assert backend.container.states.page(10, None)[0][0].status == "done"


def test_a_broken_version_brings_the_message_again(backend: Backend, payment: Payment) -> None:
    etag = backend.drop("inbox/payments/a.csv", write_payments([payment]))
    (key,) = (key for key in backend.keys("detectors/") if key.endswith("model.onnx"))
    backend.drop(key, b"another model")
    assert deliver(write_notice("inbox/payments/a.csv", etag)) == ["m"]
    assert backend.container.states.page(10, None)[0][0].status == "running"


ORDERS = [order for order in itertools.product("ab", repeat=4) if set(order) == set("ab")][::3]


@pytest.mark.parametrize("order", ORDERS, ids="".join)
def test_files_told_of_repeatedly_in_any_order_give_one_result_each(
    backend: Backend, later_payments: list[Payment], order: Sequence[str]
) -> None:
    files = {"a": write_payments(later_payments[:15]), "b": write_payments(later_payments[15:30])}
    etags = {name: backend.drop(f"inbox/payments/{name}.csv", content) for name, content in files.items()}
    notices = [write_notice(f"inbox/payments/{name}.csv", etags[name], str(n)) for n, name in enumerate(order)]
    assert deliver(*notices[:2]) == []
    before = {key: backend.get(key) for key in backend.keys("results/")}
    assert deliver(*notices[2:]) == []
    after = {key: backend.get(key) for key in backend.keys("results/")}
    assert before.items() <= after.items()
    assert len(after) == 6
    summaries = [json.loads(content) for key, content in after.items() if key.endswith("summary.json")]
    assert sorted(summary["filename"] for summary in summaries) == ["a.csv", "b.csv"]
