"""The HTTP door's rules and lists: checked, tried, drafted and changed, by one and by two at once."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList

from tests.doors.doors import call
from tests.services.backend import Backend, Payment, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = [pytest.mark.emulator]

Json = dict[str, Any]
LISTS = {"denied": ValueList.of("text", ["c1", "c2"]), "amounts": ValueList.of("number", [9.5, 100.0])}
DENIED = Rule("denied", "customer_id in denied // ours\n  || false", "block", priority=1)
BOOK = RuleBook(
    "FIRST_MATCHED", (DENIED, Rule("large", "amount > 500", "review")), LISTS, ("approve", "review", "call", "block")
)
LARGE = {"name": "large", "expression": "amount > 500", "outcome": "review"}


@pytest.fixture(scope="module")
def ruled_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample version with two rules and two lists."""
    return reseal(sample_version, tmp_path_factory.mktemp("ruled"), rules=BOOK.to_json())


@pytest.fixture
def ruled(empty_backend: Backend, ruled_version: Path) -> Backend:
    empty_backend.publish(ruled_version)
    return empty_backend


def change(method: str, path: str, body: object, etag: str | None) -> tuple[int, Json]:
    return call(method, path, body, headers={"if-none-match": "*"} if etag is None else {"if-match": f'"{etag}"'})


def check(*rules: Json) -> list[Json]:
    status, answer = call("POST", "/v1/rules/check", {"rules": list(rules)})
    assert status == 200, answer
    return list(answer["findings"])


@pytest.mark.usefixtures("ruled")
def test_a_mistake_is_found_with_its_place_and_the_nearest_name() -> None:
    (found,) = check({**LARGE, "expression": "amount > 500\n  && amout < 3"})
    assert (found["severity"], found["kind"], found["line"], found["column"]) == ("error", "unreadable", 2, 6)
    assert found["message"] == '"amout" is not a variable or a feature (did you mean "amount"?)'


@pytest.mark.usefixtures("ruled")
def test_what_cannot_have_been_meant_is_found() -> None:
    found = check(
        {**LARGE, "name": "all", "expression": "amount > 1 || amount <= 1 || amount == null", "shadow": True},
        {**LARGE, "name": "none", "expression": "amount > 10 && amount < 5"},
        {**LARGE, "name": "first"},
        {**LARGE, "name": "hidden", "expression": "amount > 600"},
        {**LARGE, "name": "unreadable", "expression": "amount >"},
    )
    assert {(one["rule"], one["kind"], one["line"]) for one in found} == {
        ("unreadable", "unreadable", 1),
        ("all", "always_matches", None),
        ("none", "never_matches", None),
        ("hidden", "never_reached", None),
    }


@pytest.mark.usefixtures("ruled")
@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{**LARGE, "outcome": "blok"}], 'which does not exist (did you mean "block"?)'),
        ([LARGE, LARGE], '2 rules have the name "large"'),
        ([{**LARGE, "name": "a;b"}], "without ;"),
        ([{**LARGE, "priority": 0}], "greater than or equal to 1"),
        ([{**LARGE, "expression": "a" * 10_001}], "at most 10000 characters"),
        ([{**LARGE, "name": f"n{number}"} for number in range(501)], "give at most 500, not 501"),
        ([{**LARGE, "expires_at": "soon"}], "expires_at"),
        (
            [{**LARGE, "expires_at": 1780272000}],
            'expires_at: "1780272000" is not a time; write it as in 2026-11-25T10:00:00Z',
        ),
        ([{**LARGE, "expires_at": "1780272000"}], 'expires_at: "1780272000" is not a time'),
        ([{**LARGE, "expires_at": "20260601T100000Z"}], "is not a time"),
        ([{**LARGE, "expires_at": "2026-02-30T10:00:00Z"}], "expires_at"),
        ([{**LARGE, "when": "true"}], "when"),
    ],
)
def test_rules_that_no_detector_file_could_have_are_refused(rules: list[Json], said: str) -> None:
    for path in ("/v1/rules/check", "/v1/rules/trial"):
        status, answer = call("POST", path, {"rules": rules})
        assert (status, said in answer["message"]) == (422, True), answer


@pytest.mark.usefixtures("backend")
def test_rules_are_tried_on_the_past_events_of_the_version(sample_csv: Path) -> None:
    status, answer = call(
        "POST",
        "/v1/rules/trial",
        {
            "rules": [
                {**LARGE, "name": "top", "expression": "score >= 900", "outcome": "block", "enabled": False},
                {**LARGE, "expression": "amount > 200", "shadow": True},
                {**LARGE, "name": "again", "expression": "amount > 300"},
            ]
        },
    )
    assert status == 200, answer
    top, large, again = answer["rules"]
    assert answer["frauds"] > 0
    # The test part is small enough to be sealed whole: figures are those of its payments themselves.
    assert answer["estimated"] is False
    assert answer["rows"] == answer["events"]
    with sample_csv.open(newline="") as file:
        test = [row for row in csv.DictReader(file) if answer["period"]["from"] <= row["timestamp"]]
    assert large["hits"]["events"] == sum(float(row["amount"]) > 200 for row in test)
    assert large["hits"]["frauds"] == sum(float(row["amount"]) > 200 and row["is_fraud"] == "1" for row in test)
    assert top["hits"]["saved"] > 0
    assert again["added"]["events"] == 0 < again["hits"]["events"]
    assert top["precision"] > large["precision"]


@pytest.mark.usefixtures("backend")
def test_a_rule_that_cannot_be_read_is_not_tried() -> None:
    status, answer = call("POST", "/v1/rules/trial", {"rules": [{**LARGE, "expression": "amout > 1"}]})
    assert status == 422
    assert answer["message"].startswith('Rule "large": "amout" is not a variable')


@pytest.mark.usefixtures("ruled")
def test_a_version_without_past_events_says_so() -> None:
    status, answer = call("POST", "/v1/rules/trial", {"rules": [LARGE]})
    assert (status, "was sealed without past events" in answer["message"]) == (404, True)


def test_a_draft_begins_with_the_rules_that_decide_and_decides_nothing(ruled: Backend, payment: Payment) -> None:
    status, begun = call("GET", "/v1/rules/draft")
    assert status == 200
    assert (begun["etag"], begun["saved_at"]) == (None, None)
    assert begun["outcomes"] == list(BOOK.order)
    assert begun["rules"] == begun["deciding"]
    assert begun["rules"][0]["expression"] == DENIED.when, "as it is written"
    rules = [{**LARGE, "expression": "true", "outcome": "call", "expires_at": "2027-01-31T12:00:00+02:00"}]
    status, saved = change("PUT", "/v1/rules/draft", {"rules": rules, "saved_by": "Ada"}, None)
    assert status == 200, saved
    assert saved == call("GET", "/v1/rules/draft")[1]
    assert saved["saved_by"] == "Ada"
    assert [rule["expires_at"] for rule in saved["rules"]] == ["2027-01-31T10:00:00Z"]
    assert saved["deciding"] == begun["deciding"]
    assert call("POST", "/v1/decisions", {"event": {**payment, "amount": 9.0}})[1]["rules"] == []
    assert ruled.keys("detectors/payments/draft") == ["detectors/payments/draft.json"]


@pytest.mark.usefixtures("ruled")
def test_two_who_draft_do_not_overwrite_each_other() -> None:
    _, first = change("PUT", "/v1/rules/draft", {"rules": [LARGE]}, None)
    again, refused = change("PUT", "/v1/rules/draft", {"rules": []}, None)
    assert (again, refused["code"], refused["retry"]) == (412, "changed_meanwhile", False)
    status, second = change("PUT", "/v1/rules/draft", {"rules": [{**LARGE, "name": "x"}]}, first["etag"])
    assert status == 200
    assert change("PUT", "/v1/rules/draft", {"rules": []}, first["etag"])[0] == 412
    assert call("GET", "/v1/rules/draft")[1] == second
    assert call("PUT", "/v1/rules/draft", {"rules": []})[0] == 428


@pytest.mark.usefixtures("ruled")
def test_a_draft_that_no_version_could_be_sealed_with_is_not_saved() -> None:
    status, answer = change("PUT", "/v1/rules/draft", {"rules": [{**LARGE, "expression": "score > 1000"}]}, None)
    assert (status, answer["message"]) == (
        422,
        'The draft was not saved: rule "large" can never match: score > 1000 is never true: '
        "score is a whole number from 0 to 1000.",
    )
    assert call("GET", "/v1/rules/draft")[1]["etag"] is None


def test_a_file_that_is_no_draft_is_said(ruled: Backend) -> None:
    ruled.drop("detectors/payments/draft.json", b"[]")
    status, answer = call("GET", "/v1/rules/draft")
    assert (status, answer["code"]) == (503, "broken_seal")


def test_a_list_is_read_in_pages_and_searched(ruled: Backend) -> None:
    values = [f"c{number:05}" for number in range(2_500)]
    status, put = change("PUT", "/v1/lists/denied", {"values": values}, None)
    assert (status, put["entries"], put["sealed"]) == (200, 2_500, False)
    found, cursor = [], ""
    while cursor is not None:
        status, page = call("GET", "/v1/lists/denied", query=f"limit=1000&cursor={cursor}" if cursor else "limit=1000")
        assert status == 200
        found += page["values"]
        cursor = page["cursor"]
    assert found == values
    status, page = call("GET", "/v1/lists/denied", query="search=C0249&limit=5")
    assert (page["matching"], page["values"], page["entries"]) == (10, values[2490:2495], 2_500)
    assert ruled.get("lists/payments/denied.txt") == "\n".join([*values, ""]).encode()


@pytest.mark.usefixtures("ruled")
def test_values_are_added_and_removed_by_one_at_a_time() -> None:
    _, sealed = call("GET", "/v1/lists/denied")
    assert (sealed["values"], sealed["sealed"], sealed["etag"]) == (["c1", "c2"], True, None)
    status, first = change("PATCH", "/v1/lists/denied", {"add": [" c3 ", "c1"], "remove": ["c2"]}, None)
    assert (status, first["entries"]) == (200, 2)
    assert call("GET", "/v1/lists/denied")[1]["values"] == ["c1", "c3"]
    for etag in (None, "0" * 32):
        assert change("PATCH", "/v1/lists/denied", {"add": ["c9"]}, etag)[0] == 412
    assert change("PATCH", "/v1/lists/denied", {"remove": ["c1", "c3"]}, first["etag"])[1]["entries"] == 0
    assert call("GET", "/v1/lists/denied")[1]["values"] == []
    assert call("PATCH", "/v1/lists/denied", {"add": ["c9"]})[0] == 428


@pytest.mark.usefixtures("ruled")
def test_a_list_is_emptied_if_the_caller_says_so() -> None:
    status, answer = change("PUT", "/v1/lists/denied", {"values": [], "allow_empty": True}, None)
    assert (status, answer["entries"], answer["sealed"]) == (200, 0, False)


@pytest.mark.usefixtures("ruled")
def test_values_are_the_keys_that_events_have() -> None:
    values = [36, 37.0, "38", True, 12345678901234567890]
    _, put = change("PUT", "/v1/lists/denied", {"values": values}, None)
    page = call("GET", "/v1/lists/denied")[1]
    assert page["values"] == ["12345678901234567890", "36", "37", "38", "true"]
    status, _ = change("PATCH", "/v1/lists/denied", {"add": [39], "remove": [36.0, 38, True]}, put["etag"])
    assert (status, call("GET", "/v1/lists/denied")[1]["values"]) == (200, ["12345678901234567890", "37", "39"])


@pytest.mark.usefixtures("ruled")
def test_a_value_that_should_not_be_there_can_be_taken_out(ruled: Backend) -> None:
    ruled.drop("lists/payments/denied.txt", b"c1\nc2,stolen\nNULL\n")
    _, page = call("GET", "/v1/lists/denied")
    status, answer = change("PATCH", "/v1/lists/denied", {"remove": ["c2,stolen", "NULL"], "add": ["c3"]}, page["etag"])
    assert (status, answer["entries"]) == (200, 2)
    assert call("GET", "/v1/lists/denied")[1]["values"] == ["c1", "c3"]


@pytest.mark.usefixtures("ruled")
def test_numbers_are_in_order_of_size() -> None:
    change("PATCH", "/v1/lists/amounts", {"add": [20, "1e3", 0.25]}, None)
    _, page = call("GET", "/v1/lists/amounts", query="limit=3")
    assert page["values"] == ["0.25", "9.5", "20"]
    _, rest = call("GET", "/v1/lists/amounts", query=f"cursor={page['cursor']}")
    assert (rest["values"], rest["cursor"]) == (["100", "1000"], None)


@pytest.mark.usefixtures("ruled")
@pytest.mark.parametrize(
    ("name", "values", "status", "said"),
    [
        ("denid", ["c1"], 404, 'has no list "denid" (did you mean "denied"?); it has denied, amounts.'),
        ("amounts", ["ten"], 422, 'has the value "ten", which is not a number'),
        ("denied", ["a\nb"], 422, "which has a line break"),
        ("denied", [" "], 422, "which is not text"),
        ("denied", [], 422, "has no values; to empty the list, use --allow-empty"),
        ("denied", ["card,reason", "c1,stolen"], 422, "which looks like a row of CSV"),
        ("denied", ["customer_id", "c1"], 422, "which is a column header; remove the line"),
        ("denied", ["c1", "4.11E+15"], 422, "which was rounded by a spreadsheet"),
        ("denied", ["c1", "a\x1f"], 422, "which has a control character (U+001F); remove it"),
        ("amounts", [True], 422, "has the value True, which is not a number"),
        ("denied", ["x" * 300], 422, "longer than 256 characters"),
        ("denied", ["x"] * 100_001, 422, "give at most 100,000, not 100,001"),
    ],
)
def test_what_no_list_can_hold_is_refused(name: str, values: list[object], status: int, said: str) -> None:
    refused, answer = change("PUT", f"/v1/lists/{name}", {"values": values}, None)
    assert (refused, said in answer["message"]) == (status, True), answer
    assert call("GET", "/v1/lists/denied")[1]["etag"] is None


@pytest.mark.usefixtures("ruled")
def test_a_whole_list_goes_into_one_request() -> None:
    values = [f"customer-{number:029}" for number in range(100_000)]
    assert len(json.dumps({"values": values})) > 4 * 10**6
    status, answer = change("PUT", "/v1/lists/denied", {"values": values}, None)
    assert (status, answer["entries"]) == (200, 100_000)


def test_a_changed_list_decides(ruled: Backend, payment: Payment) -> None:
    change("PUT", "/v1/lists/denied", {"values": [payment["customer_id"]]}, None)
    ruled.container.versions._open.clear()
    assert call("POST", "/v1/decisions", {"event": payment})[1]["outcome"] == "block"


def test_versions_are_listed_newest_first(ruled: Backend, sample_version: Path) -> None:
    ruled.publish(sample_version)
    ruled.container.versions._open.clear()
    ruled.drop("detectors/payments/20200101-damaged/detector.json", b"{}")
    status, answer = call("GET", "/v1/detector/versions")
    assert status == 200
    assert answer["count"] == len(answer["versions"]) == 3
    (deciding,) = (one for one in answer["versions"] if one["decides"])
    assert deciding["detector_version"] == sample_version.name
    assert deciding["trained_on"] > 0
    assert answer["versions"][-1] == {
        **dict.fromkeys(deciding),
        "detector_version": "20200101-damaged",
        "decides": False,
    }
    assert call("GET", "/v1/detector/versions", query="limit=1")[1]["count"] == 3
