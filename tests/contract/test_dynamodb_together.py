"""Many items of DynamoDB at once: transactions, reads in bulk, pages, the listing, and the stream of a table."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localstack.table_source import TableSource
from tests.contract.named import Named, refused

pytest_plugins = ("tests.contract.clients_fixture",)


def key(name: object) -> dict[str, Any]:
    return {"pk": {"S": f"k{name}"}}


def put(tables: Named, name: object, **more: Mapping[str, object]) -> dict[str, Any]:
    return {"Put": {"TableName": tables.decisions, "Item": {**key(name), **more}}}


def put_once(tables: Named, name: object) -> dict[str, Any]:
    asked = {"ConditionExpression": "attribute_not_exists(pk)", "Item": key(name)}
    return {"Put": {"TableName": tables.decisions, **asked}}


def add_one(tables: Named, name: object, **more: object) -> dict[str, Any]:
    values = {":n": {"N": "1"}}
    asked = {"Key": key(name), "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": values}
    return {"Update": {"TableName": tables.histories, **asked, **more}}


def write(tables: Named, *actions: object) -> None:
    tables.dynamodb.transact_write_items(TransactItems=actions)


def read(tables: Named, table: str, *names: object) -> list[dict[str, Any]]:
    asked = {table: {"Keys": [key(name) for name in names], "ConsistentRead": True}}
    answer = tables.dynamodb.batch_get_item(RequestItems=asked)
    assert not answer["UnprocessedKeys"]
    return sorted(answer["Responses"][table], key=lambda item: item["pk"]["S"])


def test_a_transaction_writes_all(tables: Named) -> None:
    write(tables, put(tables, 0), put(tables, 1, d={"B": b"\0"}))
    gone = {"Delete": {"TableName": tables.decisions, "Key": key(0)}}
    write(tables, gone, put_once(tables, 2), add_one(tables, 3), add_one(tables, 4))
    assert read(tables, tables.decisions, 0, 1, 2) == [{**key(1), "d": {"B": b"\0"}}, key(2)]
    assert read(tables, tables.histories, 3, 4) == [{**key(3), "n": {"N": "1"}}, {**key(4), "n": {"N": "1"}}]


def test_where_conditions_fail_nothing_is_written_and_their_places_are_told(tables: Named) -> None:
    write(tables, put(tables, 1), put(tables, 2))
    actions = [add_one(tables, 9), put_once(tables, 1), put_once(tables, 3), put_once(tables, 2)]
    with pytest.raises(ClientError) as error:
        write(tables, *actions)
    answer: Any = error.value.response
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason.get("Code") for reason in answer["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed", "None", "ConditionalCheckFailed"]
    assert read(tables, tables.histories, 9) == []
    assert read(tables, tables.decisions, 3) == []


@pytest.mark.parametrize("case", ["too many", "the same twice", "a wrong one"])
def test_wrong_transactions_are_refused_whole(tables: Named, case: str) -> None:
    actions = {
        "too many": [put(tables, number) for number in range(101)],
        "the same twice": [put(tables, 1), {"Delete": {"TableName": tables.decisions, "Key": key(1)}}],
        "a wrong one": [put(tables, 1), {"Delete": {"TableName": tables.decisions, "Key": {"pk": {"S": ""}}}}],
    }[case]
    code = refused(tables.dynamodb.transact_write_items, TransactItems=actions)
    assert code in ("ValidationException", "TransactionCanceledException")
    assert read(tables, tables.decisions, 1) == []


def test_a_transaction_takes_a_hundred(tables: Named) -> None:
    write(tables, *(put(tables, number) for number in range(100)))
    assert len(read(tables, tables.decisions, *range(100))) == 100


def test_writers_at_once_lose_and_double_nothing(tables: Named) -> None:
    writers, each = 8, 6
    gate = threading.Barrier(writers)

    def work(writer: int) -> int:
        gate.wait(timeout=30)
        first = 0
        for number in range(each):
            once = put_once(tables, f"once-{number}")
            shared = add_one(tables, "shared")
            try:
                write(tables, once, shared, put(tables, f"{writer}-{number}"))
            except ClientError as error:
                told: Any = error.response
                assert told["CancellationReasons"][0]["Code"] in ("ConditionalCheckFailed", "TransactionConflict")
            else:
                first += 1
        return first

    with ThreadPoolExecutor(writers) as pool:
        written = sum(pool.map(work, range(writers)))
    (shared,) = read(tables, tables.histories, "shared")
    assert int(shared["n"]["N"]) == written <= each
    assert len(read(tables, tables.decisions, *(f"once-{number}" for number in range(each)))) == written


def test_reads_in_bulk_leave_out_what_is_not_there(tables: Named) -> None:
    write(tables, put(tables, 1), {"Put": {"TableName": tables.histories, "Item": key(2)}})
    asked = {
        tables.decisions: {"Keys": [key(1), key(2)], "ConsistentRead": True},
        tables.histories: {"Keys": [key(1), key(2)], "ConsistentRead": True},
    }
    answer = tables.dynamodb.batch_get_item(RequestItems=asked)
    assert answer["Responses"] == {tables.decisions: [key(1)], tables.histories: [key(2)]}


@pytest.mark.parametrize("names", [[1, 2, 1], range(101)], ids=["the same twice", "too many"])
def test_wrong_reads_in_bulk_are_refused(tables: Named, names: Sequence[int]) -> None:
    asked = {tables.decisions: {"Keys": [key(name) for name in names]}}
    assert refused(tables.dynamodb.batch_get_item, RequestItems=asked) == "ValidationException"


# The emulator answers with any size.
@pytest.mark.parametrize("named", ["fakes"], indirect=True)
def test_what_an_answer_does_not_hold_is_left_unread_and_told(tables: Named) -> None:
    large = {"b": {"B": bytes(390 * 1024)}}
    for number in range(44):
        tables.dynamodb.put_item(TableName=tables.decisions, Item={**key(number), **large})
    request: Any = {tables.decisions: {"Keys": [key(number) for number in range(44)], "ConsistentRead": True}}
    found, answers = set[str](), 0
    while request:
        answer = tables.dynamodb.batch_get_item(RequestItems=request)
        found |= {item["pk"]["S"] for item in answer["Responses"][tables.decisions]}
        request, answers = answer["UnprocessedKeys"], answers + 1
    assert len(found) == 44
    assert answers > 1


def test_a_scan_reads_all_in_pages(tables: Named) -> None:
    write(tables, *(put(tables, number, n={"N": str(number)}) for number in range(25)))
    pages = list(tables.dynamodb.get_paginator("scan").paginate(TableName=tables.decisions, Limit=10))
    assert [page["Count"] for page in pages] == [10, 10, 5]
    found = [item["pk"]["S"] for page in pages for item in page["Items"]]
    assert sorted(found) == sorted(f"k{number}" for number in range(25))


def test_a_scan_gives_no_more_than_a_page_holds(tables: Named) -> None:
    for number in range(8):
        tables.dynamodb.put_item(TableName=tables.decisions, Item={**key(number), "b": {"B": bytes(300 * 1024)}})
    pages = list(tables.dynamodb.get_paginator("scan").paginate(TableName=tables.decisions))
    assert len(pages) > 1
    assert sum(page["Count"] for page in pages) == 8


def test_a_scan_chooses_items_and_attributes(tables: Named) -> None:
    label = {"label": {"S": "fraud"}}
    write(tables, put(tables, 1, d={"B": b"1"}, x={"N": "1"}, **label), put(tables, 2, **label), put(tables, 3))
    asked = {
        "FilterExpression": "attribute_exists(d) AND begins_with(pk, :k)",
        "ProjectionExpression": "pk, d, #label",
        "ExpressionAttributeNames": {"#label": "label"},
        "ExpressionAttributeValues": {":k": {"S": "k"}},
    }
    answer = tables.dynamodb.scan(TableName=tables.decisions, **asked)
    assert answer["Items"] == [{**key(1), "d": {"B": b"1"}, **label}]
    assert (answer["Count"], answer["ScannedCount"]) == (1, 3)


def list_page(tables: Named, condition: str = "", **more: Any) -> Any:  # noqa: ANN401 - boto3's answer
    values = {":lk": {"S": "batches"}, **more.pop("values", {})}
    asked = {"IndexName": "listing", "KeyConditionExpression": f"lk = :lk{condition}"}
    return tables.dynamodb.query(
        TableName=tables.decisions, ExpressionAttributeValues=values, ScanIndexForward=False, **asked, **more
    )


def test_the_listing_has_the_newest_first_in_pages(tables: Named) -> None:
    for number in (3, 1, 2, 5, 4):
        listed = {"lk": {"S": "batches"}, "ls": {"S": f"2026-01-0{number}"}}
        write(tables, put(tables, number, **listed))
    write(tables, put(tables, "other", lk={"S": "others"}, ls={"S": "2026"}), put(tables, "none"))
    days = [item["ls"]["S"][-1] for item in list_page(tables)["Items"]]
    assert days == ["5", "4", "3", "2", "1"]
    first = list_page(tables, Limit=2)
    assert [item["ls"]["S"][-1] for item in first["Items"]] == ["5", "4"]
    further = list_page(tables, Limit=2, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [item["ls"]["S"][-1] for item in further["Items"]] == ["3", "2"]
    before = list_page(tables, " AND ls < :before", Limit=2, values={":before": {"S": "2026-01-03"}})
    assert [item["ls"]["S"][-1] for item in before["Items"]] == ["2", "1"]


def test_the_stream_of_a_table_tells_of_every_change(tables: Named) -> None:
    marked: Mapping[str, Mapping[str, object]] = {"d": {"B": b"\0\1"}, "n": {"N": "1"}}
    write(tables, put(tables, 1, **marked), put(tables, 2, **marked))
    update = {"Key": key(1), "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    tables.dynamodb.update_item(TableName=tables.decisions, **update)
    tables.dynamodb.delete_item(TableName=tables.decisions, Key=key(2))
    source = TableSource(os.environ["AWS_ENDPOINT_URL"], tables.decisions)
    told = []
    while lot := source.read():
        told += [sent.record for sent in lot]
    seen = [(record["eventName"], record["dynamodb"]["NewImage"]["n"]["N"]) for record in told]
    assert sorted(seen) == [("INSERT", "1"), ("INSERT", "1"), ("MODIFY", "2")]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in told]
    assert numbers == sorted(set(numbers))
    assert {record["dynamodb"]["NewImage"]["d"]["B"] for record in told} == {"AAE="}
