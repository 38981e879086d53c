"""Events that were not let through: they never mature, and are legitimate only if somebody says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Events
from tollgate.core.history.labels import Frauds, Withheld
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored import add_fraud, add_legitimate, add_to_all, add_up

from tests.core.one_by_one import FOLDING, LAZILY, TIDILY, Keeping, Store, make_events, read_sum
from tests.core.same import Table, assert_file_is_one_by_one, assert_replay_is_one_by_one
from tests.core.test_maturing import DAY_S, DAY_US, MADE, PAYMENTS, Made, Payment, plan_with
from tests.core.timeline import Timeline
from tests.hypothesis_profiles import examples

# For each payment: whether it was withheld, and how many days later it was labeled legitimate, if ever.
FATES = st.lists(
    st.tuples(st.booleans(), st.one_of(st.none(), st.integers(0, 30 * DAY_US), st.integers(0, 30).map(DAY_US.__mul__))),
    min_size=16,
    max_size=16,
)
Fate = tuple[bool, int | None]


def table_of(made: Made, payments: list[Payment], fates: list[Fate]) -> Table:
    """Return a table some of whose events were withheld; what is fraud is never labeled legitimate."""
    events, frauds = made.table(payments)[:2]
    rows = [row for row in range(len(events)) if fates[row][0]]
    accused = set(frauds.rows.tolist())
    told = [np.inf if row in accused or fates[row][1] is None else _later(events, row, fates[row][1]) for row in rows]
    return events, frauds, Withheld(np.array(rows, dtype=np.int64), np.array(told, dtype=np.float64))


def _later(events: Events, row: int, delay_us: int | None) -> float:
    return (int(events.times_us[row]) + (delay_us or 0)) / 1e6


@given(MADE, PAYMENTS, FATES)
@settings(max_examples=examples(80))
def test_any_small_table_is_replayed_as_one_at_a_time(made: Made, payments: list[Payment], fates: list[Fate]) -> None:
    assert_replay_is_one_by_one(made.plan, *table_of(made, payments, fates))


@pytest.mark.parametrize("keeping", [LAZILY, FOLDING, TIDILY], ids=str)
@given(MADE, PAYMENTS, PAYMENTS, FATES, FATES)
@settings(max_examples=examples(60))
def test_a_table_on_top_of_what_is_stored_is_replayed_as_one_at_a_time(
    keeping: Keeping,
    made: Made,
    past: list[Payment],
    present: list[Payment],
    fates: list[Fate],
    more_fates: list[Fate],
) -> None:
    assert_file_is_one_by_one(made.plan, table_of(made, past, fates), table_of(made, present, more_fates), keeping)


@pytest.mark.parametrize(
    ("withheld", "told_d", "expected"),
    [
        (False, None, [0, 1]),
        (True, None, [0, 0]),
        (True, 3.0, [1, 1]),
        (True, 8.0, [0, 1]),
    ],
    ids=["let through", "blocked", "labeled legitimate before its delay is over", "after"],
)
def test_a_blocked_payment_is_legitimate_only_once_somebody_says_so(
    withheld: bool, told_d: float | None, expected: list[int]
) -> None:
    plan = plan_with(7)
    times_s = [0.5 * DAY_S, 5 * DAY_S, 9 * DAY_S]
    events = make_events(times_s, ["a"] * 3)
    said_s = np.array([np.inf if told_d is None else told_d * DAY_S])
    held = Withheld(np.array([0] if withheld else [], dtype=np.int64), said_s[: int(withheld)])

    replayed = replay_histories(plan, events, withheld=held)

    read = read_sum(plan, "customer", "l", replayed.reads["customer"])
    assert (read[1:] > 0.01).tolist() == [bool(one) for one in expected]


def test_a_blocked_fraud_takes_back_no_maturing() -> None:
    plan = plan_with(7)
    events = make_events([0.5 * DAY_S, 9 * DAY_S], ["a"] * 2)
    frauds, held = Frauds(np.array([0]), np.array([DAY_S])), Withheld(np.array([0]), np.array([np.inf]))

    reads = replay_histories(plan, events, frauds, withheld=held).reads["customer"]

    assert read_sum(plan, "customer", "l", reads).tolist() == [0, 0]
    store = Store(plan)
    store.happen(events.take(np.array([0])), Timeline.of(events.take(np.array([0])), frauds), held)
    assert not [name for name in store.of("customer", "a") if name[0] == "p"]


def test_corrections_of_a_blocked_payment_leave_no_trace() -> None:
    plan = plan_with(7)
    event = make_events([0.5 * DAY_S], ["a"])
    plain = add_to_all(plan, event, 0.0, let_through=False)["customer"]
    fraud = add_fraud(plan, "customer", DAY_S, event_time_s=0.5 * DAY_S, excess=0.0, let_through=False)
    legitimate = add_legitimate(plan, "customer", 2 * DAY_S)

    def taken_back(sums: dict[str, int]) -> dict[str, int]:
        return {name: -number for name, number in sums.items()}

    assert add_up(plain, fraud, taken_back(fraud)) == plain
    assert add_up(plain, legitimate, taken_back(legitimate), fraud, taken_back(fraud)) == plain
    assert {name[0] for name in legitimate} == {"l"}
