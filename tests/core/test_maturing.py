"""Events that nobody complained of count as legitimate once their label delay is over, though storage does nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Floats
from tollgate.core.events.event_type import LabelRule
from tollgate.core.history.labels import NO_FRAUDS, Frauds
from tollgate.core.history.plan import HistoryPlan, LabelMaturation, plan_history
from tollgate.core.history.replay import replay_histories, sum_additions
from tollgate.core.history.stored_names import attribute

from tests.core.one_by_one import FOLDING, LAZILY, PAYMENT, TIDILY, Keeping, make_events, read_history, read_sum
from tests.core.same import Table, assert_file_is_one_by_one, assert_replay_is_one_by_one
from tests.hypothesis_profiles import examples

DAY_S, DAY_US = 86_400.0, 86_400_000_000
# Half-lives that no day is a multiple of: epochs of 9.3 and 41.6 days, and weights that have to be rounded.
HALF_LIVES_S = (7 * 3600.0, 1.3 * DAY_S)
DELAYS_D = (0.0, 0.4, 7.0, 30.0, 90.0)


def plan_with(delay_d: float) -> HistoryPlan:
    return plan_history(replace(PAYMENT, label=LabelRule("is_fraud", delay_d * DAY_S)), HALF_LIVES_S)


def read_legitimate(plan: HistoryPlan, times_s: list[float], frauds: Frauds = NO_FRAUDS) -> Floats:
    """Return the legitimate events that each event of one customer read, faded."""
    events = make_events(times_s, ["a"] * len(times_s))
    return read_sum(plan, "customer", "l", replay_histories(plan, events, frauds).reads["customer"])


def test_an_event_is_legitimate_from_the_first_midnight_after_its_delay() -> None:
    # It happens on day 0, its delay is over on day 7, and midnight is the beginning of day 8.
    read = read_legitimate(plan_with(7), [0.5 * DAY_S, 8 * DAY_S, 8 * DAY_S + 1e-6])

    assert read[1] == 0, "at the very moment it is not known yet"
    assert read[2] == pytest.approx(1, rel=1e-4)


def test_an_event_at_midnight_matures_a_full_day_after_its_delay() -> None:
    assert LabelMaturation.after(7 * DAY_S).moments_s(np.array([0.0, DAY_S - 1e-6, DAY_S])).tolist() == [
        8 * DAY_S,
        8 * DAY_S,
        9 * DAY_S,
    ]


@pytest.mark.parametrize(
    ("delay_d", "step_d"), [(0, 1), (0.4, 1), (7, 1), (16, 1), (17, 2), (30, 2), (90, 6), (365, 23)]
)
def test_long_delays_have_steps_of_several_days_and_no_more_than_sixteen(delay_d: float, step_d: int) -> None:
    maturing = LabelMaturation.after(delay_d * DAY_S)

    assert maturing.step_s == step_d * DAY_S
    times_s = np.arange(0, 400 * DAY_S, 3600.0)
    waits_s = maturing.moments_s(times_s) - times_s
    assert delay_d * DAY_S < waits_s.min()
    assert waits_s.max() <= delay_d * DAY_S + maturing.step_s


def test_a_fraud_known_in_time_never_counts_as_legitimate() -> None:
    frauds = Frauds(np.array([0]), np.array([8 * DAY_S]))

    assert read_legitimate(plan_with(7), [0.5 * DAY_S, 8.5 * DAY_S, 9 * DAY_S], frauds).tolist() == [0, 0, 0]


def test_a_fraud_known_later_counts_as_legitimate_until_then() -> None:
    frauds = Frauds(np.array([0]), np.array([9 * DAY_S]))

    before, at, after = read_legitimate(plan_with(7), [0.5 * DAY_S, 8.5 * DAY_S, 9 * DAY_S, 9 * DAY_S + 1], frauds)[1:]

    assert before > 0.7
    assert at > 0.5
    assert after == 0


def test_without_labels_nothing_matures() -> None:
    plan = plan_history(replace(PAYMENT, label=None), HALF_LIVES_S)

    assert plan.maturing is None
    assert not {s.kind for s in plan.sums["customer"]} & {"f", "v", "l"}
    assert_replay_is_one_by_one(plan, make_events([step * DAY_S for step in range(30)], ["a"] * 30))


Payment = tuple[int, str | None, float, str | None, int | None]
TIMES_US = st.one_of(
    st.integers(-20, 140).map(lambda day: day * DAY_US),
    st.tuples(st.integers(-20, 140), st.sampled_from([-1, 1, DAY_US // 2])).map(lambda day: day[0] * DAY_US + day[1]),
    st.integers(-20 * DAY_US, 140 * DAY_US),
)
# When a fraud becomes known: after its event, or around the moment when its event matures, in microseconds.
KNOWN_US = st.one_of(
    st.none(),
    st.integers(0, 130 * DAY_US),
    st.integers(0, 130).map(lambda day: day * DAY_US),
    st.sampled_from([-3, -2, -1]),
)
PAYMENTS = st.lists(
    st.tuples(
        TIMES_US,
        st.sampled_from(["a", "a", "b", None]),
        st.sampled_from([float("nan"), 0.0, 1.0, 1.01, 9.99, 77.7, 1e9, -5.0]),
        st.sampled_from(["d", None]),
        KNOWN_US,
    ),
    min_size=2,
    max_size=16,
)


@dataclass(frozen=True)
class Made:
    """Events around ``base_day``, whose frauds become known around their maturing under ``plan``."""

    plan: HistoryPlan
    base_day: int

    def table(self, payments: list[Payment]) -> Table:
        assert self.plan.maturing is not None
        times_us, customers, amounts, devices, known_us = zip(*payments, strict=True)
        times_s = [(self.base_day * DAY_US + time_us) / 1e6 for time_us in times_us]
        events = make_events(times_s, customers, amounts=amounts, devices=devices)
        rows = [row for row, known in enumerate(known_us) if known is not None]
        matured_us = np.rint(self.plan.maturing.moments_s(events.times_s) * 1e6).astype(np.int64)
        known = [
            matured_us[row] + after + 2 if after < 0 else events.times_us[row] + after
            for row, after in ((row, known_us[row] or 0) for row in rows)
        ]
        return events, Frauds(np.array(rows, dtype=np.int64), np.array(known, dtype=np.float64) / 1e6)


MADE = st.builds(Made, st.sampled_from(DELAYS_D).map(plan_with), st.sampled_from([0, 20_000]))


@given(MADE, PAYMENTS)
@settings(max_examples=examples(120))
def test_any_small_table_matures_as_one_at_a_time(made: Made, payments: list[Payment]) -> None:
    assert_replay_is_one_by_one(made.plan, *made.table(payments))


@pytest.mark.parametrize("keeping", [LAZILY, FOLDING, TIDILY], ids=str)
@given(MADE, PAYMENTS, PAYMENTS)
@settings(max_examples=examples(80))
def test_what_is_stored_open_matures_while_a_file_is_replayed(
    keeping: Keeping, made: Made, past: list[Payment], present: list[Payment]
) -> None:
    assert_file_is_one_by_one(made.plan, made.table(past), made.table(present), keeping)


def test_a_fraud_known_at_midnight_and_events_that_matured_then_are_one_latest_addition() -> None:
    # The device is not seen again, while another event carries the table past that midnight.
    events = make_events([0.0] * 4 + [2 * DAY_S], ["a"] * 5, devices=["d"] * 4 + [None])
    assert_replay_is_one_by_one(plan_with(0.0), events, Frauds(np.array([3]), np.array([DAY_S])))


def test_a_hundred_thousand_events_of_one_day_mature_exactly() -> None:
    many = 120_000
    # They mature on day 1; a part of them is taken back at 1.4; the event at 1.5 matures on day 2; the last one reads.
    times_s = np.concatenate([np.arange(many) * 0.7, [1.5 * DAY_S, 2.5 * DAY_S]])
    plan, rows = plan_with(0.0), np.arange(0, many, 100)
    events = make_events(times_s.tolist(), ["shop"] * (many + 2), amounts=[3.21] * (many + 2))
    frauds = Frauds(rows, np.full(len(rows), 1.4 * DAY_S))

    replayed = replay_histories(plan, events, frauds)

    stored = sum_additions(plan, events.take(np.arange(many + 1)), replayed.excess[:-1], frauds)["customer"]["shop"]
    read = replayed.reads["customer"]
    assert np.array_equal(read[-1], read_history(plan, "customer", stored, float(times_s[-1])))
    assert read_sum(plan, "customer", "l", read)[-1] == pytest.approx((many - len(rows)) * 2 ** (-1.5 / 1.3), rel=1e-3)


def test_a_stored_step_of_a_thousand_million_events_matures_exactly() -> None:
    plan, number = plan_with(7), 987_654_321
    open_steps = {20_001: number, 20_002: 1 - number, 20_003: 7}
    stored = {"shop": {attribute("p", 0, step): count for step, count in open_steps.items()}}
    times_s = [20_001.25 * DAY_S, 20_002.75 * DAY_S, 20_005 * DAY_S]

    reads = replay_histories(plan, make_events(times_s, ["shop"] * 3), stored={"customer": stored}).reads["customer"]

    legitimate = [place for place, s in enumerate(plan.sums["customer"]) if s.kind == "l"]
    for row, time_s in enumerate(times_s):
        alone = read_history(plan, "customer", stored["shop"], time_s)
        assert np.array_equal(reads[row, legitimate], alone[legitimate]), row
