"""When the circuit breaker trips, and how it looks at time."""

from __future__ import annotations

import pytest
from tollgate.core.decisions.circuit_breaker import BlockCounter, in_window, span_of, span_s
from tollgate.core.detectors.safety import Safety, forced_outcome

SAFETY = Safety(most_blocked=0.2, over_s=300.0, at_least=50)
NOW_S = 1_800_000_000.0


def counted(decided: int, blocked: int, at_s: float = NOW_S, safety: Safety = SAFETY) -> BlockCounter:
    counter = BlockCounter()
    for number in range(decided):
        counter.count(safety, at_s, block=number < blocked)
    return counter


@pytest.mark.parametrize(
    ("decided", "blocked", "brakes"),
    [
        (0, 0, False),
        (49, 49, False),
        (50, 50, True),
        (50, 10, False),
        (50, 11, True),
        (100, 20, False),
        (100, 21, True),
    ],
)
def test_it_holds_above_the_share_and_from_enough_decisions_on(decided: int, blocked: int, *, brakes: bool) -> None:
    assert counted(decided, blocked).is_tripped(SAFETY, NOW_S) is brakes


def test_what_others_told_counts_as_what_was_counted_here() -> None:
    counter = counted(20, 0)
    assert not counter.is_tripped(SAFETY, NOW_S)
    counter.shared[span_of(SAFETY, NOW_S)] = (80, 40)
    assert counter.is_tripped(SAFETY, NOW_S)


def test_what_is_older_than_the_window_no_longer_counts() -> None:
    counter = counted(100, 100)
    assert counter.is_tripped(SAFETY, NOW_S + SAFETY.over_s - span_s(SAFETY))
    assert not counter.is_tripped(SAFETY, NOW_S + SAFETY.over_s)
    assert in_window(SAFETY, counter.unshared, NOW_S + SAFETY.over_s) == {}


def test_without_a_share_it_never_holds() -> None:
    assert not counted(1000, 1000, safety=Safety()).is_tripped(Safety(), NOW_S)


@pytest.mark.parametrize(
    ("event_id", "outcome"),
    [
        ("tollgate-force-block", "block"),
        ("tollgate-force-block-17", "block"),
        ("tollgate-force-block-list-1", "block-list"),
        ("tollgate-force-blocked", None),
        ("tollgate-force-", None),
        ("tollgate-force-else", None),
        ("p-1 tollgate-force-block", None),
        ("p-1", None),
    ],
)
def test_an_id_forces_a_known_outcome_alone(event_id: str, outcome: str | None) -> None:
    assert forced_outcome(event_id, ("approve", "block", "block-list")) == outcome
