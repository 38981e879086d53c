"""Too many blocks become reviews, whichever function decides, and storage that fails changes no decision."""

from __future__ import annotations

from itertools import count

import pytest
from tollgate.core.decisions.decision import Decision
from tollgate.core.detectors.safety import Safety
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.services import circuit_breaker
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision

from tests.services.backend import Backend, Payment, Publish, forget_storage
from tests.services.faulty_endpoint import FaultyEndpoint

pytest_plugins = ("tests.services.safety_fixture",)
pytestmark = pytest.mark.emulator

BRAKED = Safety(most_blocked=0.5, over_s=3600.0, at_least=6)
BOOK = RuleBook(
    rules=(Rule("dear", "amount >= 100", "block"), Rule("cheap", "amount < 100", "approve")),
    order=("approve", "review", "block"),
)
_numbers = count(1)


def decide(container: Container, payment: Payment, amount: float, event_id: str | None = None) -> Decision:
    return decide_event(container, {**payment, "event_id": event_id or f"brake-{next(_numbers)}", "amount": amount})


@pytest.fixture
def braked(publish: Publish) -> None:
    publish(BRAKED, rules=BOOK.to_json())


@pytest.fixture
def asks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts are exchanged with every decision, instead of every two seconds."""
    monkeypatch.setattr(circuit_breaker, "_ASK_EVERY_S", 0.0)


@pytest.mark.usefixtures("braked")
def test_blocks_above_the_share_become_reviews_and_say_so(backend: Backend, payment: Payment) -> None:
    outcomes = [decide(backend.container, payment, 500.0).outcome for _ in range(8)]
    assert outcomes == ["block"] * 5 + ["review"] * 3
    answer = decide(backend.container, payment, 500.0, "held back")
    assert (answer.outcome, answer.braked) == ("review", True)
    assert answer.rules[0].outcome == "block"
    assert find_decision(backend.container, "held back").braked is True
    assert decide(backend.container, payment, 5.0).outcome == "approve"


@pytest.mark.usefixtures("braked")
def test_a_usual_share_is_left_alone(backend: Backend, payment: Payment) -> None:
    answers = [decide(backend.container, payment, 500.0 if number % 3 == 2 else 5.0) for number in range(15)]
    assert [answer.outcome for answer in answers].count("block") == 5
    assert not any(answer.braked for answer in answers)


@pytest.mark.usefixtures("braked")
def test_functions_know_of_each_others_blocks(backend: Backend, payment: Payment) -> None:
    answers = []
    for _ in range(7):
        forget_storage()
        answers.append(decide(backend.container, payment, 500.0))
    assert [answer.braked for answer in answers] == [False] * 5 + [True] * 2


@pytest.mark.usefixtures("braked")
def test_counts_are_asked_for_seldom(backend: Backend, endpoint: FaultyEndpoint, payment: Payment) -> None:
    for _ in range(6):
        decide(backend.container, payment, 5.0)
    assert 1 <= len([request for request in endpoint.seen if "UpdateItem" in request]) <= 4


@pytest.mark.usefixtures("braked", "asks_at_once")
def test_counts_that_cannot_be_exchanged_fail_no_decision(
    backend: Backend, endpoint: FaultyEndpoint, payment: Payment, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.faults["UpdateItem"] = "throttle"
    outcomes = [decide(backend.container, payment, 500.0).outcome for _ in range(7)]
    assert outcomes == ["block"] * 5 + ["review"] * 2
    assert "goes by older counts" in caplog.text


def test_without_a_limit_nothing_is_counted(
    backend: Backend, publish: Publish, endpoint: FaultyEndpoint, payment: Payment
) -> None:
    publish(None, rules=BOOK.to_json())
    assert all(decide(backend.container, payment, 500.0).outcome == "block" for _ in range(8))
    assert not [request for request in endpoint.seen if "UpdateItem" in request]


@pytest.mark.usefixtures("braked")
def test_a_repeated_event_is_counted_once(backend: Backend, payment: Payment) -> None:
    for _ in range(10):
        decide(backend.container, payment, 500.0, "the same")
    assert decide(backend.container, payment, 500.0).braked is False


def test_ids_force_outcomes_in_a_test_deployment_only(
    backend: Backend, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = decide(backend.container, payment, 5.0, "tollgate-force-block-1")
    assert (usual.outcome, usual.forced) == ("approve", False)
    monkeypatch.setenv("TOLLGATE_FORCED_OUTCOMES", "true")
    forget_storage()
    for outcome in ("approve", "review", "block"):
        answer = decide(backend.container, payment, 5.0, f"tollgate-force-{outcome}")
        assert (answer.outcome, answer.forced, answer.braked) == (outcome, True, False)
        assert find_decision(backend.container, f"tollgate-force-{outcome}").outcome == outcome
    assert decide(backend.container, payment, 5.0, "tollgate-force-nothing").forced is False
