"""Items of DynamoDB, one at a time: what is stored, conditions, updates, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.named import Named, refused

pytest_plugins = ("tests.contract.clients_fixture",)
KEY = {"pk": {"S": "a#1"}}
ITEM = {**KEY, "n": {"N": "7"}, "s": {"S": "über"}, "b": {"B": b"\0\xff"}, "label": {"S": "fraud"}}
CONDITION_FAILED = "ConditionalCheckFailedException"


def get(tables: Named, key: Mapping[str, Any] = KEY) -> Any:  # noqa: ANN401 - an item
    return tables.dynamodb.get_item(TableName=tables.decisions, Key=key, ConsistentRead=True).get("Item")


def put(tables: Named, item: Mapping[str, Any] = ITEM, **more: object) -> None:
    tables.dynamodb.put_item(TableName=tables.decisions, Item=item, **more)


def update(tables: Named, expression: str, values: Mapping[str, Any] | None = None, **more: object) -> Any:  # noqa: ANN401
    given = {"ExpressionAttributeValues": values} if values else {}
    asked = {"TableName": tables.decisions, "Key": KEY, "UpdateExpression": expression, "ReturnValues": "ALL_NEW"}
    return tables.dynamodb.update_item(**asked, **given, **more)["Attributes"]


def test_an_item_is_what_was_put_until_it_is_deleted(tables: Named) -> None:
    assert get(tables) is None
    put(tables)
    assert get(tables) == ITEM
    put(tables, KEY)
    assert get(tables) == KEY
    tables.dynamodb.delete_item(TableName=tables.decisions, Key=KEY)
    assert get(tables) is None
    tables.dynamodb.delete_item(TableName=tables.decisions, Key=KEY)


@pytest.mark.parametrize(
    ("written", "read"),
    [("1.50", "1.5"), ("1e3", "1000"), ("-0", "0"), ("1764500000.125", "1764500000.125"), ("0.00001", "0.00001")],
)
def test_numbers_are_written_plainly(tables: Named, written: str, read: str) -> None:
    put(tables, {**KEY, "n": {"N": written}})
    assert get(tables)["n"] == {"N": read}


CONDITIONS = [
    ("attribute_exists(pk)", {}, True),
    ("attribute_not_exists(pk)", {}, False),
    ("attribute_not_exists(lease)", {}, True),
    ("attribute_exists(pk) AND attribute_not_exists(lease)", {}, True),
    ("n = :v", {":v": {"N": "7.0"}}, True),
    ("n = :v", {":v": {"S": "7"}}, False),
    ("n < :v", {":v": {"N": "10"}}, True),
    ("s < :v", {":v": {"S": "z"}}, False),
    ("n >= :v AND n <= :v", {":v": {"N": "7"}}, True),
    ("n > :v OR s = :w", {":v": {"N": "7"}, ":w": {"S": "über"}}, True),
    ("NOT n > :v", {":v": {"N": "7"}}, True),
    ("(n > :v OR s = :w) AND attribute_not_exists(s)", {":v": {"N": "7"}, ":w": {"S": "über"}}, False),
    ("lease = :v", {":v": {"S": "mine"}}, False),
    ("lease <> :v", {":v": {"S": "mine"}}, True),
    ("lease < :v", {":v": {"N": "7"}}, False),
    ("begins_with(s, :v)", {":v": {"S": "ü"}}, True),
    ("b = :v", {":v": {"B": b"\0\xff"}}, True),
]


@pytest.mark.parametrize(("condition", "values", "holds"), CONDITIONS)
def test_a_write_goes_ahead_where_its_condition_holds(
    tables: Named, condition: str, values: Mapping[str, Any], holds: bool
) -> None:
    put(tables)
    given = {"ConditionExpression": condition, **({"ExpressionAttributeValues": values} if values else {})}
    asked = {"TableName": tables.decisions, "Item": {**KEY, "new": {"S": "yes"}}, **given}
    if holds:
        tables.dynamodb.put_item(**asked)
    else:
        assert refused(tables.dynamodb.put_item, **asked) == CONDITION_FAILED
    assert ("new" in get(tables)) is holds


def test_conditions_on_an_item_that_is_not_there(tables: Named) -> None:
    asked = {"TableName": tables.decisions, "Item": ITEM}
    assert refused(tables.dynamodb.put_item, **asked, ConditionExpression="attribute_exists(pk)") == CONDITION_FAILED
    put(tables, ConditionExpression="attribute_not_exists(pk)")
    assert get(tables) == ITEM


def test_names_that_are_kept_for_dynamodb_stand_behind_a_sign(tables: Named) -> None:
    put(tables)
    names = {"#label": "label", "#said": "note"}
    expression = "SET #label = :new REMOVE #said"
    changed = update(tables, expression, {":new": {"S": "legitimate"}}, ExpressionAttributeNames=names)
    assert changed["label"] == {"S": "legitimate"}


def test_an_update_sets_adds_and_removes(tables: Named) -> None:
    put(tables)
    values = {":x": {"N": "1800000000"}, ":n": {"N": "-9"}, ":m": {"N": str(10**25)}}
    changed = update(tables, "SET x = :x ADD n :n, m :m REMOVE s, nothing", values)
    assert changed == {
        **KEY, "n": {"N": "-2"}, "m": {"N": str(10**25)}, "x": {"N": "1800000000"},
        "b": ITEM["b"], "label": ITEM["label"],
    }  # fmt: skip
    again = update(tables, "ADD m :m", {":m": {"N": str(2 * 10**25)}})
    assert again["m"] == {"N": str(3 * 10**25)}
    assert get(tables) == again


def test_an_update_makes_an_item_that_is_not_there(tables: Named) -> None:
    values = {":one": {"N": "1"}, ":zero": {"N": "0"}, ":at": {"S": "now"}}
    expression = "SET run = if_not_exists(run, :zero) + :one, started = if_not_exists(started, :at)"
    assert update(tables, expression, values) == {**KEY, "run": {"N": "1"}, "started": {"S": "now"}}
    later = {**values, ":at": {"S": "later"}}
    assert update(tables, expression, later) == {**KEY, "run": {"N": "2"}, "started": {"S": "now"}}


def test_an_update_reads_what_was_there_before_it(tables: Named) -> None:
    put(tables, {**KEY, "a": {"N": "1"}, "c": {"N": "2"}})
    changed = update(tables, "SET a = c, c = a")
    assert (changed["a"], changed["c"]) == ({"N": "2"}, {"N": "1"})


def test_an_update_whose_condition_fails_changes_nothing(tables: Named) -> None:
    put(tables)
    asked = {"TableName": tables.decisions, "Key": KEY, "UpdateExpression": "ADD n :n", "ConditionExpression": "n = :w"}
    values = {":n": {"N": "1"}, ":w": {"N": "8"}}
    assert refused(tables.dynamodb.update_item, **asked, ExpressionAttributeValues=values) == CONDITION_FAILED
    assert get(tables) == ITEM


WRONG_UPDATES = [
    ("SET a = nothing", {}),  # an attribute that is not there
    ("ADD s :v", {":v": {"N": "1"}}),
    ("SET a = :v", {":v": {"N": "1"}, ":unused": {"N": "1"}}),
    ("SET a = :undefined", {":v": {"N": "1"}}),
    ("ADD n :v", {":v": {"N": "1" * 39}}),  # too many digits
]
# AWS refuses these too, and the emulator does not.
WRONG_UPDATES_ALONE = [
    ("SET n = n + :v", {":v": {"S": "text"}}),
    ("SET a = :v, a = :v", {":v": {"N": "1"}}),  # the same twice
    ("SET a :v", {":v": {"N": "1"}}),  # no sign between
]


@pytest.mark.parametrize(("expression", "values"), WRONG_UPDATES)
def test_a_wrong_update_is_refused_and_changes_nothing(
    tables: Named, expression: str, values: Mapping[str, Any]
) -> None:
    check_refused(tables, expression, values)


@pytest.mark.parametrize("named", ["fakes"], indirect=True)
@pytest.mark.parametrize(("expression", "values"), WRONG_UPDATES_ALONE)
def test_further_wrong_updates_are_refused_by_the_fakes(
    tables: Named, expression: str, values: Mapping[str, Any]
) -> None:
    check_refused(tables, expression, values)


def check_refused(tables: Named, expression: str, values: Mapping[str, Any]) -> None:
    put(tables)
    given = {"ExpressionAttributeValues": values} if values else {}
    asked = {"TableName": tables.decisions, "Key": KEY, "UpdateExpression": expression}
    assert refused(tables.dynamodb.update_item, **asked, **given) == "ValidationException"
    assert get(tables) == ITEM


@pytest.mark.parametrize("pk", ["", "k" * 2049], ids=["empty", "long"])
def test_keys_are_neither_empty_nor_long(tables: Named, pk: str) -> None:
    asked = {"TableName": tables.decisions, "Item": {"pk": {"S": pk}}}
    assert refused(tables.dynamodb.put_item, **asked) == "ValidationException"


def test_items_have_an_upper_size(tables: Named) -> None:
    put(tables, {**KEY, "b": {"B": bytes(390 * 1024)}})
    large = {**KEY, "b": {"B": bytes(400 * 1024)}}
    assert refused(tables.dynamodb.put_item, TableName=tables.decisions, Item=large) == "ValidationException"


@pytest.mark.parametrize("operation", ["get_item", "delete_item"])
def test_a_table_that_is_not_there(named: Named, operation: str) -> None:
    call = getattr(named.dynamodb, operation)
    assert refused(call, TableName="nothing", Key=KEY) == "ResourceNotFoundException"


def test_a_table_is_made_once_and_goes(tables: Named) -> None:
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
    asked = {"KeySchema": key, "AttributeDefinitions": attributes, "BillingMode": "PAY_PER_REQUEST"}
    assert refused(tables.dynamodb.create_table, TableName=tables.decisions, **asked) == "ResourceInUseException"
    tables.dynamodb.delete_table(TableName=tables.decisions)
    assert refused(tables.dynamodb.get_item, TableName=tables.decisions, Key=KEY) == "ResourceNotFoundException"
