"""The HTTP door's searches: what they take, what they answer, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.rules.rule import Rule, RuleBook

from tests.doors.doors import call, invoke
from tests.services.backend import Backend, Payment, Publish
from tests.services.decision_stream import read_stream

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("backend")]


def decide_and_index(backend: Backend, payments: list[Payment]) -> None:
    for payment in payments:
        assert call("POST", "/v1/decisions", {"event": payment})[0] == 200
    assert invoke("index", {"Records": read_stream(backend)}) == {"batchItemFailures": []}


def test_decisions_are_listed_in_pages(backend: Backend, later_payments: list[Payment]) -> None:
    decide_and_index(backend, later_payments[:5])
    status, first = call("GET", "/v1/decisions", query="limit=3&sort=amount")
    assert status == 200
    status, second = call("GET", "/v1/decisions", query=f"limit=3&sort=amount&cursor={first['cursor']}")
    assert status == 200
    listed = [one["amount"] for one in (*first["decisions"], *second["decisions"])]
    assert listed == sorted((payment["amount"] for payment in later_payments[:5]), reverse=True)
    assert second["cursor"] is None
    assert first["indexed_until"] == second["indexed_until"]


def test_an_entity_is_searched_for_by_name_and_key(backend: Backend, payment: Payment) -> None:
    decide_and_index(backend, [{**payment, "customer_id": "a:b c&d/ü"}, {**payment, "event_id": "other"}])
    status, answer = call("GET", "/v1/decisions", query="entity=customer%3Aa%3Ab%20c%26d%2F%C3%BC")
    assert (status, [one["event_id"] for one in answer["decisions"]]) == (200, [payment["event_id"]])


def test_days_are_summed_up(backend: Backend, payment: Payment) -> None:
    decide_and_index(backend, [payment, {**payment, "event_id": "again"}])
    status, answer = call("GET", "/v1/summaries")
    assert status == 200
    (day,) = answer["days"]
    assert (day["decisions"], day["amount"]) == (2, pytest.approx(2 * payment["amount"]))
    hours = [of_one["decisions"] for of_one in day["hours"].values()]  # by outcome: the second may get another one
    assert {len(each) for each in hours} == {24}
    assert sum(map(sum, hours)) == 2
    assert len(day["scores"]["none"]["decisions"]) == 201
    assert call("GET", "/v1/summaries", query="from=2026-01-01&to=2026-01-31")[1]["days"] == []


def test_no_word_is_taken_from_the_ids_of_events(payment: Payment) -> None:
    for event_id in ("summary", "search"):
        call("POST", "/v1/decisions", {"event": {**payment, "event_id": event_id}})
        assert call("GET", f"/v1/decisions/{event_id}")[1]["event_id"] == event_id


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/v1/decisions", "customer=c1", "query.customer"),
        ("/v1/decisions", "limit=201", "query.limit"),
        ("/v1/decisions", "label=maybe", "query.label"),
        ("/v1/decisions", "sort=oldest", "query.sort"),
        ("/v1/decisions", "from_score=1001", "query.from_score"),
        ("/v1/decisions", "day=yesterday", "query.day"),
        ("/v1/decisions", "day=1780272000", 'query.day: "1780272000" is not a day; write it as in 2026-11-25.'),
        ("/v1/decisions", "from=1780272000", 'query.from: "1780272000" is not a day; write it as in'),
        ("/v1/decisions", "from=20260601", 'query.from: "20260601" is not a day'),
        ("/v1/decisions", "from=1780272000.0", 'query.from: "1780272000.0" is not a day'),
        ("/v1/decisions", "from=2026-06-01&to=46174", 'query.to: "46174" is not a day'),
        ("/v1/decisions", "from=2026-02-30", 'query.from: "2026-02-30" is not a day'),
        ("/v1/decisions", "from=2026-06-01T12:00:00Z", "is not a day"),
        ("/v1/summaries", "from=1780272000", 'query.from: "1780272000" is not a day'),
        ("/v1/decisions", "entity=customer:", "write its name and its key"),
        ("/v1/decisions", "entity=customer:%20", "write its name and its key"),
        ("/v1/decisions", "entity=customer:c1%1f", "has a control character"),
        ("/v1/decisions", "day=2026-01-01&from=2026-01-01", "not both"),
        ("/v1/decisions", "to=2026-01-01", "to needs from"),
        ("/v1/decisions", "entity=shop:1", 'no entity "shop"'),
        (
            "/v1/decisions",
            "outcome=blocked",
            'There is no outcome "blocked" (did you mean "block"?); there are approve, review, block.',
        ),
        ("/v1/decisions", "rule=no%20such", 'There is no rule "no such"; the detector has no rules.'),
        ("/v1/decisions", "cursor=x", "begin without it"),
        ("/v1/summaries", "from=2026-01-01&to=2026-12-31", "92 at most"),
        ("/v1/summaries", "outcome=block", "query.outcome"),
    ],
)
def test_what_cannot_be_searched_for_is_refused_in_one_sentence(path: str, query: str, said: str) -> None:
    status, answer = call("GET", path, query=query)
    assert (status, answer["retry"]) == (422, False)
    assert said in answer["message"]


def test_a_day_may_come_with_its_midnight() -> None:
    assert call("GET", "/v1/summaries", query="from=2026-01-01T00:00:00Z&to=2026-01-02")[0] == 200


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/summaries"])
def test_an_unknown_detector_is_not_found(path: str) -> None:
    assert call("GET", path, query="detector=nobody")[0] == 404


def test_what_an_earlier_version_had_can_be_searched_for(
    backend: Backend, publish: Publish, sample_version: Path
) -> None:
    rule = Rule("hold large", "amount > 1e6", "hold", priority=0, shadow=False, enabled=True)
    publish(None, rules=RuleBook("FIRST_MATCHED", (rule,), {}, ("approve", "hold", "block")).to_json())
    backend.publish(sample_version)

    for query in ("outcome=hold", "rule=hold%20large", "outcome=review", "outcome=hold,review&label=fraud"):
        assert call("GET", "/v1/decisions", query=query)[1]["decisions"] == []
    unknown = ("outcome=held", "outcome=review,held", "outcome=", "rule=hold%20small", "outcome=hold&rule=hold%20small")
    for query in unknown:
        assert call("GET", "/v1/decisions", query=query)[0] == 422
