"""Unusually large amounts: many times what is usual for the judging entity, or above a fixed amount."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tollgate.core.history.labels import Frauds
from tollgate.core.history.plan import amount_excess, plan_history
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.unusual_amounts import MAX_EXCESS, is_unusual

from tests.core.one_by_one import PAYMENT, make_events, read_sum
from tests.core.same import assert_replay_is_one_by_one

HOUR_S, DAY_S = 3600.0, 86_400.0
PLAN = plan_history(PAYMENT, (HOUR_S, DAY_S))
NOW_S = 1_767_225_600.0


@pytest.mark.parametrize(
    ("counts", "amount", "unusual"),
    [
        (3.0, 24.99, 0),
        (3.0, 25.0, 1),
        (2.99, 1e6, 0),
        (1000.0, 24.0, 0),
        (3.0, float("nan"), 0),
        (float("nan"), 99.0, 0),
    ],
)
def test_an_amount_is_unusual_at_so_many_times_the_usual(counts: float, amount: float, unusual: int) -> None:
    sums = PLAN.sums["customer"]
    read = np.array([[counts if s.kind == "n" else counts * 10.0 for s in sums]])

    excess = amount_excess(PLAN, make_events([NOW_S], ["c"], amounts=[amount]), {"customer": read})
    assert is_unusual(excess)[0] == unusual


@pytest.mark.parametrize(
    ("amount", "excess"),
    [(0.0, 0.0), (10.0, 0.0), (17.5, 0.0), (18.25, 0.01), (25.0, 1.0), (32.5, 4.0), (40.0, 9.0), (4e6, MAX_EXCESS)],
)
def test_excess_grows_with_the_square_from_seventy_percent_of_unusual(amount: float, excess: float) -> None:
    read = np.array([[100.0 if s.kind == "n" else 1000.0 for s in PLAN.sums["customer"]]])
    judged = amount_excess(PLAN, make_events([NOW_S], ["c"], amounts=[amount]), {"customer": read})
    assert judged.tolist() == [pytest.approx(excess, abs=1e-4)]
    assert float(repr(float(judged[0]))) == round(float(judged[0]), 4), "it is stored in steps of 1/10,000"


def test_where_the_usual_amount_is_nothing_any_payment_is_beyond_it() -> None:
    read = np.array([[4.0 if s.kind == "n" else -40.0 for s in PLAN.sums["customer"]]])
    events = make_events([NOW_S] * 3, ["c"] * 3, amounts=[5.0, 0.0, -5.0])
    assert amount_excess(PLAN, events, {"customer": np.repeat(read, 3, axis=0)}).tolist() == [MAX_EXCESS, 0, 0]


def test_a_refund_is_no_large_amount_where_refunds_are_usual() -> None:
    events = make_events([NOW_S + second for second in range(5)], ["c"] * 5, amounts=[-10.0] * 4 + [-5.0])

    assert not replay_histories(PLAN, events).excess.any()


def test_an_amount_above_a_fixed_one_is_unusual_whoever_makes_it() -> None:
    plan = plan_history(PAYMENT, (HOUR_S, DAY_S), unusual_amount=220.0)
    events = make_events([NOW_S] * 3, [None] * 3, amounts=[220.0, 220.01, float("nan")])

    judged = amount_excess(plan, events, {"customer": np.full((3, len(plan.sums["customer"])), np.nan)})
    assert judged.tolist() == [0, MAX_EXCESS, 0]


def test_without_amounts_or_entities_nothing_is_unusual() -> None:
    for event_type in (replace(PAYMENT, amount=None), replace(PAYMENT, entities={"pair": ("a", "b")})):
        plan = plan_history(event_type, (HOUR_S, DAY_S))
        assert plan.unusual is None
        assert not any(s.kind in "uvw" for sums in plan.sums.values() for s in sums)
        assert amount_excess(plan, make_events([NOW_S], ["c"], amounts=[1e9]), {}).tolist() == [0]


def test_three_usual_payments_make_a_large_one_unusual_and_it_is_remembered() -> None:
    times_s = [NOW_S + 60.0 * minute for minute in range(6)]
    events = make_events(times_s, ["c"] * 6, amounts=[10.0, 10.0, 90.0, 10.0, 95.0, 10.0])

    replayed = replay_histories(PLAN, events)

    # Two payments are too few to judge the 90 by; after it, 95 is three times the usual 30.
    assert is_unusual(replayed.excess).tolist() == [0, 0, 0, 0, 1, 0]
    assert read_sum(PLAN, "customer", "u", replayed.reads["customer"]) == pytest.approx([0] * 5 + [1], rel=1e-2)
    assert_replay_is_one_by_one(PLAN, events)


def test_only_frauds_of_ordinary_amounts_are_counted_as_such() -> None:
    times_s = [NOW_S + 60.0 * minute for minute in range(7)]
    events = make_events(times_s, ["c"] * 7, amounts=[10.0] * 5 + [500.0, 10.0], devices=["d"] * 7)
    frauds = Frauds(np.array([4, 5]), np.array([NOW_S + 330.0, NOW_S + 331.0]))

    reads = replay_histories(PLAN, events, frauds).reads["device"]

    assert read_sum(PLAN, "device", "f", reads)[-1] == pytest.approx(2, rel=1e-2)
    assert read_sum(PLAN, "device", "v", reads)[-1] == pytest.approx(1, rel=1e-2)
    assert_replay_is_one_by_one(PLAN, events, frauds)
