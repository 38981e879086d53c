"""What a caller gets when something is missing: what the detector chose, and never anything else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import pytest
from tollgate.core.decisions.decision import Decision, Degraded
from tollgate.core.detectors.safety import Safety
from tollgate.core.detectors.version import MODEL
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.errors import SealError, UnavailableError
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.detectors.describe import describe_detector

from tests.services.backend import Backend, Payment, Publish, forget_storage
from tests.services.expected import expected_histories
from tests.services.faulty_endpoint import FaultyEndpoint

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator

ORDER = ("approve", "review", "block")
BOOK = RuleBook(
    rules=(
        Rule("online", 'channel == "online" && customer_id != null', "block"),
        Rule("new customer", "customer_count_30d < 0.5", "block"),
        Rule("any score", "score >= 0", "block"),
    ),
    order=ORDER,
)
ONLINE, IN_STORE = {"channel": "online"}, {"channel": "pos"}
Chosen = Literal["review", "allow"]
OUTCOMES: dict[Chosen, str] = {"review": "review", "allow": "approve"}


def missing(answer: Decision) -> list[str]:
    assert answer.degraded is not None
    return list(answer.degraded.missing)


@pytest.mark.parametrize("fault", ["hang", "throttle"])
@pytest.mark.parametrize("fail", OUTCOMES)
def test_histories_that_cannot_be_read_give_the_chosen_outcome_and_are_recorded(
    backend: Backend,
    publish: Publish,
    endpoint: FaultyEndpoint,
    payment: Payment,
    fail: Literal["review", "allow"],
    fault: str,
) -> None:
    publish(Safety(fail=fail))
    endpoint.faults["BatchGetItem"] = fault  # type: ignore[assignment]
    answer = decide_event(backend.container, payment)
    assert len([request for request in endpoint.seen if "BatchGetItem" in request]) == 2, "it gives up soon"
    assert answer.outcome == OUTCOMES[fail]
    assert answer.degraded == Degraded(fail, ("history",))
    assert (answer.score, answer.probability, answer.recorded) == (None, None, True)
    endpoint.faults.clear()
    assert backend.histories() == expected_histories(backend.container, payment)
    assert find_decision(backend.container, payment["event_id"]).degraded == answer.degraded
    again = decide_event(backend.container, payment)
    assert again.repeated is True
    assert again.outcome == answer.outcome


def test_without_a_choice_it_is_an_error_and_nothing_is_recorded(
    backend: Backend, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    backend.container.champion()
    endpoint.faults["BatchGetItem"] = "throttle"
    with pytest.raises(UnavailableError):
        decide_event(backend.container, payment)
    endpoint.faults.clear()
    assert not backend.histories()


@pytest.mark.parametrize(("channel", "outcome"), [(ONLINE, "block"), (IN_STORE, "approve")])
def test_rules_only_asks_rules_to_which_what_is_missing_equals_nothing(
    backend: Backend,
    publish: Publish,
    endpoint: FaultyEndpoint,
    payment: Payment,
    channel: dict[str, str],
    outcome: str,
) -> None:
    publish(Safety(fail="rules_only"), rules=BOOK.to_json())
    endpoint.faults["BatchGetItem"] = "hang"
    answer = decide_event(backend.container, payment | channel)
    assert answer.outcome == outcome
    assert {hit.rule for hit in answer.rules} == ({"online"} if outcome == "block" else set())


def test_an_event_decided_before_keeps_its_decision_when_it_cannot_be_read_first(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="review"))
    first = decide_event(backend.container, payment)
    histories = backend.histories()
    endpoint.faults["BatchGetItem"] = "throttle"
    with pytest.raises(UnavailableError):
        decide_event(backend.container, payment)
    endpoint.faults.clear()
    again = decide_event(backend.container, payment)
    assert (again.repeated, again.outcome, again.degraded) == (True, first.outcome, None)
    assert backend.histories() == histories


def test_a_table_out_of_reach_gives_an_answer_that_says_it_was_not_recorded(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="review"))
    backend.container.champion()
    endpoint.faults["DynamoDB"] = "hang"
    answer = decide_event(backend.container, payment)
    assert (answer.outcome, answer.recorded, missing(answer)) == ("review", False, ["history", "record"])
    endpoint.faults.clear()
    assert not backend.histories()
    later = decide_event(backend.container, payment)
    assert (later.repeated, later.recorded, later.degraded) == (False, True, None)
    assert backend.histories() == expected_histories(backend.container, payment)


def test_a_decision_in_full_that_cannot_be_recorded_stands(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="review"))
    backend.container.champion()
    endpoint.faults["TransactWriteItems"] = "throttle"
    answer = decide_event(backend.container, payment)
    assert (answer.recorded, missing(answer)) == (False, ["record"])
    assert answer.score is not None
    assert answer.outcome == backend.container.champion().outcome(answer.score)


def test_a_write_whose_answer_was_lost_is_recorded_once(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="review"))
    backend.container.champion()
    endpoint.faults["TransactWriteItems"] = "drop the answer"
    decide_event(backend.container, payment)
    endpoint.faults.clear()
    assert decide_event(backend.container, payment).repeated is True
    assert backend.histories() == expected_histories(backend.container, payment)


def test_a_required_variable_that_is_missing_is_said(backend: Backend, publish: Publish, payment: Payment) -> None:
    publish(Safety(fail="review", required=("amount", "device_id")))
    without = {**payment, "device_id": " "}
    del without["amount"]
    answer = decide_event(backend.container, without)
    assert (answer.outcome, answer.score) == ("review", None)
    assert missing(answer) == ["variable:amount", "variable:device_id"]
    whole = decide_event(backend.container, {**payment, "event_id": "whole", "latitude": None, "longitude": None})
    assert whole.degraded is None


def damage_model(backend: Backend, folder: Path) -> None:
    backend.s3.put_object(Bucket=backend.bucket, Key=f"detectors/payments/{folder.name}/{MODEL}", Body=b"not it")
    forget_storage()


def test_a_model_that_cannot_be_loaded_is_done_without_until_it_can(
    backend: Backend, publish: Publish, payment: Payment
) -> None:
    folder = publish(Safety(fail="review"))
    damage_model(backend, folder)
    answer = decide_event(backend.container, payment)
    assert (answer.outcome, missing(answer)) == ("review", ["model"])
    assert backend.histories() == expected_histories(backend.container, payment)
    assert describe_detector(backend.container.champion())["detector"] == "payments"
    backend.publish(folder)
    version = backend.container.versions.champion("payments", time.monotonic() + 3600)
    assert version.is_whole
    assert decide_event(backend.container, {**payment, "event_id": "later"}).degraded is None


@pytest.mark.long
def test_a_model_that_the_bucket_does_not_give_is_done_without(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(Safety(fail="allow"))
    endpoint.faults[MODEL] = "hang"
    assert missing(decide_event(backend.container, payment)) == ["model"]


def test_without_a_choice_a_model_that_cannot_be_loaded_is_an_error(
    backend: Backend, publish: Publish, payment: Payment
) -> None:
    damage_model(backend, publish(None))
    with pytest.raises(SealError, match=MODEL):
        decide_event(backend.container, payment)


def test_a_damaged_manifest_cannot_say_what_was_chosen(backend: Backend, publish: Publish, payment: Payment) -> None:
    folder = publish(Safety(fail="allow"))
    key = f"detectors/payments/{folder.name}/detector.json"
    backend.s3.put_object(Bucket=backend.bucket, Key=key, Body=backend.get(key) + b" ")
    forget_storage()
    with pytest.raises(SealError, match="changed after sealing"):
        decide_event(backend.container, payment)
