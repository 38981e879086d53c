"""Payments that were blocked: legitimate only once somebody says so, whatever is labeled, corrected or repeated."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.history.stored_names import OPEN
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.what_if import WhatIf, what_if
from tollgate.services.labels.label import label_events

from model_build.deployment.publish import open_folder
from tests.core.decisions import make_decision
from tests.services.backend import Backend, Payment, reseal, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
ORDER = ("approve", "review", "block")


@pytest.fixture(scope="session")
def strict_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample version, which blocks by amount alone, and records its files."""
    rules = (Rule("large", "amount > 500", "block"), Rule("small", "amount <= 500", "approve"))
    book = RuleBook("FIRST_MATCHED", rules, {}, ORDER)
    folder = tmp_path_factory.mktemp("strict")
    return reseal(sample_version, folder, rules=book.to_json(), record_batches=True)


@pytest.fixture
def strict(empty_backend: Backend, strict_version: Path) -> Backend:
    empty_backend.publish(strict_version)
    return empty_backend


def at(payment: Payment, days: float, event_id: str, amount: float = 20.0) -> Payment:
    when = (BEGIN + timedelta(days=days)).isoformat()
    return {**payment, "event_id": event_id, "timestamp": when, "amount": amount}


def legitimate(container: Container, payment: Payment, days: float) -> float:
    """Return how many payments of the merchant count as legitimate so many days later."""
    answer = what_if(container, WhatIf(event=at(payment, days, "asked"), histories=True))
    (merchant,) = (one for one in answer.histories or () if one.entity == "merchant")
    facts = [fact for fact in merchant.facts if fact.operation == "legitimate_count"]
    return float(facts[-1].value or 0.0)


def say(container: Container, event_id: str, label: str, days: float) -> None:
    known_at = (BEGIN + timedelta(days=days)).isoformat()
    answer = label_events(container, [{"event_id": event_id, "label": label, "known_at": known_at}])
    assert answer["failed"] == 0, answer


@pytest.mark.parametrize(("amount", "outcome", "expected"), [(20.0, "approve", 1.0), (900.0, "block", 0.0)])
def test_eight_days_later_an_approved_payment_is_legitimate_and_a_blocked_one_is_not(
    strict: Backend, payment: Payment, amount: float, outcome: str, expected: float
) -> None:
    assert decide_event(strict.container, at(payment, 0, "e", amount)).outcome == outcome

    assert legitimate(strict.container, payment, 8) == pytest.approx(expected, abs=0.05)
    decide_event(strict.container, at(payment, 8, "later"))  # it folds what has matured
    assert legitimate(strict.container, payment, 8.1) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("amount", [20.0, 900.0])
def test_a_blocked_payment_that_is_labelled_legitimate_is_one_from_then_on(
    strict: Backend, payment: Payment, amount: float
) -> None:
    container = strict.container
    decide_event(container, at(payment, 0, "e", amount))
    say(container, "e", "legitimate", 2)

    soon = 1.0 if amount > 500 else 0.0
    assert legitimate(container, payment, 2.5) == pytest.approx(soon, abs=0.05)
    assert legitimate(container, payment, 8) == pytest.approx(1.0, abs=0.2)


def test_labels_and_corrections_of_a_blocked_payment_leave_no_trace(strict: Backend, payment: Payment) -> None:
    container = strict.container
    decide_event(container, at(payment, 0, "e", 900.0))
    before = strict.histories()
    assert not [name for sums in before.values() for name in sums if name[0] == OPEN]
    for days in (1, 2, 2):
        say(container, "e", "fraud", days)
    frauds = strict.histories()
    assert not [name for sums in frauds.values() for name in sums if name[0] in (OPEN, "l")]
    say(container, "e", "legitimate", 3)
    say(container, "e", "legitimate", 3)
    said = strict.histories()
    (merchant,) = (sums for pk, sums in said.items() if "#merchant#" in pk)
    assert {name[0] for name in merchant} >= {"l"}
    assert not {name[0] for name in merchant} & {"f", "v", OPEN}
    say(container, "e", "fraud", 4)

    assert strict.histories() != said
    assert legitimate(container, payment, 30) == 0.0
    say(container, "e", "legitimate", 5)
    assert {pk: {n for n in sums if n[0] not in "lm"} for pk, sums in strict.histories().items()} == {
        pk: set(sums) for pk, sums in before.items()
    }


def test_a_label_that_waited_counts_with_a_blocked_payment(strict: Backend, payment: Payment) -> None:
    say(strict.container, "e", "legitimate", 1)
    decide_event(strict.container, at(payment, 0, "e", 900.0))

    assert legitimate(strict.container, payment, 1.5) == pytest.approx(1.0, abs=0.05)


def test_a_file_agrees_with_single_payments(strict: Backend, payment: Payment) -> None:
    payments = [at(payment, day, f"e{day}", 900.0 if day % 3 == 0 else 20.0) for day in range(20)]
    key = "inbox/payments/a.csv"
    score_batch(strict.container, key, strict.drop(key, write_payments(payments)))
    of_file = legitimate(strict.container, payment, 40)

    alone = [{**one, "event_id": f"alone-{one['event_id']}", "merchant_id": "another"} for one in payments]
    for one in alone:
        decide_event(strict.container, one)

    assert of_file == legitimate(strict.container, {**payment, "merchant_id": "another"}, 40) > 5


def test_a_record_of_older_code_was_let_through() -> None:
    record = DecisionRecord(make_decision(outcome="block"), {}, 1e9, "space", {"customer": "c"})

    assert DecisionRecord.from_item(record.to_item("payments", 2e9)).let_through


@pytest.mark.parametrize("reasons", [None, ["a"]])
def test_a_record_keeps_that_its_payment_was_blocked(reasons: list[str] | None) -> None:
    record = DecisionRecord(
        make_decision(repeated=True), {}, 1e9, "space", {"customer": "c"}, reasons=reasons, let_through=False
    )

    assert DecisionRecord.from_item(record.to_item("payments", 2e9)) == record


@pytest.mark.parametrize(
    ("order", "block", "review", "withheld"),
    [
        (("approve", "review", "block"), "block", "review", {"block"}),
        (("approve", "review", "block", "report"), "block", "review", {"block", "report"}),
        (("approve", "challenge", "decline"), "block", "review", {"decline"}),
        (("approve", "decline", "close"), "decline", "review", {"decline", "close"}),
        (("approve", "review"), "block", "review", set()),
        (("approve", "check"), "block", "check", set()),
        (("approve",), "block", "review", set()),
    ],
)
def test_which_outcomes_do_not_let_a_payment_through(
    strict_version: Path, order: tuple[str, ...], block: str, review: str, withheld: set[str]
) -> None:
    version = open_folder(strict_version)
    safety = type(version.safety)(block=block, review=review)

    found = _with_order(version, order, safety)

    assert {name for name in order if not found.lets_through(name)} == withheld


def _with_order(version: DetectorVersion, order: tuple[str, ...], safety: object) -> DetectorVersion:
    found = replace(version, safety=safety)  # type: ignore[arg-type]
    found.__dict__["order"] = order
    return found
