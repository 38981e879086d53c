"""DynamoDB: reads in parts, writes all or none, conflicts tried again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from tollgate.adapters.dynamodb.decisions import decision_key
from tollgate.adapters.dynamodb.histories import history_key
from tollgate.adapters.dynamodb.items import ConditionFailedError, get_items, write_together
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.errors import ConflictError, UnavailableError

from tests.services.backend import Backend

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def put(table: str, pk: str, *, once: bool = False) -> dict[str, Any]:
    condition = {"ConditionExpression": "attribute_not_exists(pk)"} if once else {}
    return {"Put": {"TableName": table, "Item": {"pk": {"S": pk}}, **condition}}


def test_more_items_than_one_read_takes_are_read(empty_backend: Backend) -> None:
    table = empty_backend.container.histories.table
    for start in range(0, 250, 100):
        write_together(empty_backend.dynamodb, [put(table, str(n)) for n in range(start, min(start + 100, 250))])
    wanted = [str(n) for n in range(300)]
    assert set(get_items(empty_backend.dynamodb, {table: wanted})[table]) == {str(n) for n in range(250)}


def test_a_key_asked_for_twice_is_read_once(empty_backend: Backend) -> None:
    table = empty_backend.container.histories.table
    write_together(empty_backend.dynamodb, [put(table, "a")])
    assert list(get_items(empty_backend.dynamodb, {table: ["a", "a", "b"]})[table]) == ["a"]


def test_keys_left_unread_are_asked_for_again(empty_backend: Backend) -> None:
    table = empty_backend.container.histories.table
    write_together(empty_backend.dynamodb, [put(table, "a"), put(table, "b")])
    calls: list[int] = []

    def leave_one(parsed: dict[str, Any], **_call: Any) -> None:  # noqa: ANN401 - botocore's own signature
        calls.append(1)
        if len(calls) == 1:
            taken = parsed["Responses"][table].pop()
            parsed["UnprocessedKeys"] = {table: {"Keys": [{"pk": taken["pk"]}], "ConsistentRead": True}}

    empty_backend.dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", leave_one)
    assert set(get_items(empty_backend.dynamodb, {table: ["a", "b"]})[table]) == {"a", "b"}
    assert len(calls) == 2


def test_nothing_is_written_when_a_condition_fails(empty_backend: Backend) -> None:
    table = empty_backend.container.histories.table
    write_together(empty_backend.dynamodb, [put(table, "a", once=True)])
    with pytest.raises(ConditionFailedError):
        write_together(empty_backend.dynamodb, [put(table, "a", once=True), put(table, "b")])
    assert set(get_items(empty_backend.dynamodb, {table: ["a", "b"]})[table]) == {"a"}


def test_one_of_many_at_once_is_the_first(empty_backend: Backend) -> None:
    table = empty_backend.container.histories.table
    outcomes: list[bool] = []

    def work() -> None:
        try:
            write_together(empty_backend.dynamodb, [put(table, "a", once=True)])
            outcomes.append(True)
        except ConditionFailedError:
            outcomes.append(False)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 19 + [True]


def cancel(backend: Backend, times: int, reasons: list[str]) -> list[int]:
    """Let transactions be cancelled so many times; return the growing list of calls."""
    calls: list[int] = []

    def answer(parsed: dict[str, Any], http_response: Any, **_call: Any) -> None:  # noqa: ANN401
        calls.append(1)
        if len(calls) <= times:
            http_response.status_code = 400
            parsed["Error"] = {"Code": "TransactionCanceledException", "Message": "cancelled"}
            parsed["CancellationReasons"] = [{"Code": reason} for reason in reasons]

    backend.dynamodb.meta.events.register("after-call.dynamodb.TransactWriteItems", answer)
    return calls


def test_a_conflict_is_tried_again(empty_backend: Backend) -> None:
    calls = cancel(empty_backend, 3, ["None", "TransactionConflict"])
    table = empty_backend.container.histories.table
    write_together(empty_backend.dynamodb, [put(table, "a"), put(table, "b")])
    assert len(calls) == 4


def test_a_conflict_that_goes_on_is_told(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tollgate.adapters.dynamodb.items.pause", lambda _attempt: None)
    cancel(empty_backend, 1_000, ["TransactionConflict"])
    with pytest.raises(ConflictError) as caught:
        write_together(empty_backend.dynamodb, [put(empty_backend.container.histories.table, "a")])
    assert caught.value.retry


def test_an_action_that_cannot_be_is_not_tried_again(empty_backend: Backend) -> None:
    calls = cancel(empty_backend, 1_000, ["ValidationError"])
    with pytest.raises(UnavailableError):
        write_together(empty_backend.dynamodb, [put(empty_backend.container.histories.table, "a")])
    assert len(calls) == 1


def test_storage_that_does_not_answer_is_told(empty_backend: Backend) -> None:
    def refuse(**_request: Any) -> None:  # noqa: ANN401 - botocore's own signature
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    empty_backend.dynamodb.meta.events.register("before-send.dynamodb", refuse)
    with pytest.raises(UnavailableError, match="EndpointConnectionError"):
        get_items(empty_backend.dynamodb, {empty_backend.container.histories.table: ["a"]})


def test_a_table_that_is_not_there_is_told(empty_backend: Backend) -> None:
    with pytest.raises(UnavailableError, match="ResourceNotFoundException"):
        get_items(empty_backend.dynamodb, {"nowhere": ["a"]})


@pytest.mark.parametrize("make", [lambda text: decision_key("d", text), lambda text: history_key("d", "e", text)])
def test_keys_fit_whatever_they_hold(make: Any) -> None:  # noqa: ANN401 - a lambda
    keys = [make("🂡" * n) for n in (1, 500, 600, 601)]
    assert len(set(keys)) == 4
    assert all(len(key.encode()) <= 2_048 for key in keys)


def test_presigned_addresses_are_signed_as_new_buckets_want(empty_backend: Backend) -> None:
    file = BatchFile.of("inbox/payments/März +1.csv", "", "payments")
    for url in (
        empty_backend.container.batches.presign_upload(file.key),
        empty_backend.container.batches.presign_download(file.key),
    ):
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
        assert "M%C3%A4rz%20%2B1.csv" in url
