"""What would be decided is what is decided, and asking leaves no trace."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tollgate.core.decisions.decision import Decision
from tollgate.core.detectors.safety import Safety
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList
from tollgate.errors import EventError, InputError, NotFoundError
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.what_if import MAX_EXPLAINED, WhatIf, what_if

from tests.services.backend import DETECTOR, Backend, Payment, Publish, reseal
from tests.services.faulty_endpoint import FaultyEndpoint

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator

ANSWERED = ("score", "probability", "outcome", "rules")


def answered(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in ANSWERED}


@pytest.fixture
def past(container: Container, later_payments: list[Payment]) -> list[Payment]:
    """Payments of one customer that were decided on; the last is the one to ask about."""
    of_one = [{**payment, "customer_id": "c-1", "device_id": "d-1"} for payment in later_payments[:8]]
    for payment in of_one[:-1]:
        decide_event(container, payment)
    return of_one


def test_what_would_be_decided_is_decided(container: Container, past: list[Payment]) -> None:
    payment = past[-1]
    changed: list[Payment] = [
        {"amount": 9_000.0},
        {"device_id": "d-new"},
        {"customer_id": None},
        {"channel": "online", "amount": 1.5},
    ]
    told = what_if(container, WhatIf(payment, variants=changed))
    assert len({one.probability for one in told.variants}) == len(changed)
    for one, supposed in zip(changed, told.variants, strict=True):
        assert answered(supposed) == answered(what_if(container, WhatIf({**payment, **one})).unchanged)
    assert answered(told.unchanged) == answered(decide_event(container, payment))


def test_asking_leaves_no_trace(backend: Backend, past: list[Payment], capsys: pytest.CaptureFixture[str]) -> None:
    before = backend.histories(), list(backend._scan_decisions())
    capsys.readouterr()
    what_if(backend.container, WhatIf(past[-1], variants=[{"amount": 5.0}], reasons="all", histories=True))
    assert (backend.histories(), list(backend._scan_decisions())) == before
    assert capsys.readouterr().out == ""


def test_a_decided_event_meets_what_it_met_then(container: Container, past: list[Payment]) -> None:
    payment = past[-1]
    decided = decide_event(container, payment)
    for number in range(3):
        decide_event(container, {**payment, "event_id": f"more-{number}", "amount": 7_000.0})
    told = what_if(container, WhatIf(event_id=payment["event_id"], variants=[{}, {"device_id": "d-1"}]))
    assert answered(told.unchanged) == answered(decided)
    assert told.variants == [told.unchanged] * 2
    now = what_if(container, WhatIf({**payment, "event_id": "another"})).unchanged
    assert now.probability != decided.probability


def test_an_event_can_stand_in_for_the_decided_one(container: Container, past: list[Payment]) -> None:
    decide_event(container, past[-1])
    event_id, changed = past[-1]["event_id"], {**past[-1], "amount": 4_321.0}
    other = what_if(container, WhatIf(event_id=event_id, variants=[{"amount": 4_321.0}])).variants[0]
    assert answered(what_if(container, WhatIf(changed, event_id)).unchanged) == answered(other)


def test_another_hour_changes_the_hour_alone(container: Container, past: list[Payment]) -> None:
    payment = past[-1]
    told = what_if(container, WhatIf(payment, variants=[{"timestamp": "2030-01-01T03:00:00Z"}], reasons="all"))
    then, other = ({r.name: r.sentence for r in a.reasons or ()} for a in (told.unchanged, told.variants[0]))
    assert {name for name in then if then[name] != other[name]} <= {"Time of day", "Day of the week"}


def test_reasons_add_up_and_only_the_first_carry_them(container: Container, past: list[Payment]) -> None:
    variants = [{"amount": 10.0 + n} for n in range(MAX_EXPLAINED + 3)]
    told = what_if(container, WhatIf(past[-1], variants=variants, reasons="all"))
    for answer in (told.unchanged, told.variants[4]):
        assert answer.base_log_odds is not None
        log_odds = answer.base_log_odds + sum(reason.contribution for reason in answer.reasons or ())
        assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(answer.probability, abs=1e-5)
    assert [one.reasons is not None for one in told.variants] == [True] * MAX_EXPLAINED + [False] * 3
    assert len(what_if(container, WhatIf(past[-1], reasons="top")).unchanged.reasons or ()) == 3


def test_what_was_known_is_told(container: Container, past: list[Payment]) -> None:
    event = {**past[-1], "device_id": "never-seen", "ip": None}
    told = {known.entity: known for known in what_if(container, WhatIf(event, histories=True)).histories or ()}
    customer, device = told["customer"], told["device"]
    assert customer.key == ("c-1",)
    assert customer.remembered
    assert not device.remembered
    assert told["ip"].key is None
    counts = {fact.half_life_s: fact.value or 0.0 for fact in customer.facts if fact.operation == "count"}
    assert max(counts.values()) == pytest.approx(len(past) - 1, rel=0.05)
    usual = [fact for fact in customer.facts if fact.operation == "mean_amount"][-1]
    assert usual.unit == "amount"
    assert usual.value == pytest.approx(sum(one["amount"] for one in past[:-1]) / (len(past) - 1), rel=0.05)


def test_lists_answer_as_they_did(
    empty_backend: Backend, sample_version: Path, payment: Payment, tmp_path: Path
) -> None:
    lists = {"bad": ValueList.of("text", ["somebody"])}
    rules = RuleBook("ALL_MATCHED", (Rule("known_bad", "customer_id in bad", "block"),), lists, ("approve", "block"))
    outcomes = [{"name": "approve", "from_score": 0}, {"name": "block", "from_score": 975}]
    empty_backend.publish(reseal(sample_version, tmp_path, rules=rules.to_json(), outcomes=outcomes))
    container = empty_backend.container
    empty_backend.drop(f"lists/{DETECTOR}/bad.txt", str(payment["customer_id"]).encode())
    decide_event(container, payment)
    empty_backend.drop(f"lists/{DETECTOR}/bad.txt", b"other")
    told = what_if(
        container, WhatIf(event_id=payment["event_id"], variants=[{"customer_id": "other"}, {"customer_id": "new"}])
    )
    assert [bool(one.rules) for one in (told.unchanged, *told.variants)] == [True, True, False]


def test_a_bad_variant_is_named(container: Container, payment: Payment) -> None:
    with pytest.raises(EventError, match=r'^Variant 2: Column "amount": "much" is not a number\.$'):
        what_if(container, WhatIf(payment, variants=[{"amount": 1}, {"amount": "much"}]))
    with pytest.raises(EventError, match=r'^Unknown column "amout"'):
        what_if(container, WhatIf({**payment, "amout": 1}))


def test_without_a_decision_there_is_nothing_pinned(container: Container) -> None:
    with pytest.raises(NotFoundError, match='There is no decision on event "nobody"'):
        what_if(container, WhatIf(event_id="nobody"))


def test_a_decision_without_a_score_cannot_be_varied(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="review", required=("amount",)))
    with pytest.raises(EventError, match="Variant 1: Without amount this detector gives no score"):
        what_if(backend.container, WhatIf(payment, variants=[{"amount": None}]))
    endpoint.faults["BatchGetItem"] = "throttle"
    decide_event(backend.container, payment)
    endpoint.faults.clear()
    with pytest.raises(InputError, match="was decided without a score"):
        what_if(backend.container, WhatIf(event_id=payment["event_id"]))
