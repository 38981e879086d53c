"""Spans of time, and what was there before each of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.history.plan import plan_history
from tollgate.core.history.stored import tidy_history

from tests.core.one_by_one import PAYMENT, Store, make_events, read_history
from tests.core.timeline import Timeline
from tests.spark.needs import MARKS, need_spark

need_spark()

from spark_job.spans import Bounds  # noqa: E402 - it imports PySpark

pytestmark = MARKS
DAY_S = 86_400.0
_PLACES = st.tuples(st.integers(0, 4), st.integers(0, 9))


@given(st.sets(_PLACES, max_size=12), st.lists(_PLACES, min_size=1, max_size=30))
def test_a_row_is_in_the_span_that_began_last(bounds: set[tuple[int, int]], rows: list[tuple[int, int]]) -> None:
    times_us, numbers = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    found = Bounds.of(bounds).find(times_us, numbers)
    assert found.tolist() == [sum(bound <= row for bound in bounds) for row in rows]


@given(
    st.lists(st.floats(0, 200), min_size=1, max_size=20),
    st.floats(0, 100, allow_subnormal=False),
    st.floats(0, 100, allow_subnormal=False),
)
def test_sums_that_were_tidied_read_the_same_from_then_on(days: list[float], wait: float, more: float) -> None:
    plan = plan_history(PAYMENT, [3600.0, DAY_S, 30 * DAY_S])
    events = make_events([day * DAY_S for day in sorted(days)], ["a"] * len(days))
    store = Store(plan)
    store.happen(events, Timeline.of(events))
    start_s = (max(days) + wait) * DAY_S
    tidied = tidy_history(plan, "customer", store.of("customer", "a"), start_s)
    for time_s in (start_s, start_s + more * DAY_S):
        whole = read_history(plan, "customer", store.of("customer", "a"), time_s)
        assert np.array_equal(whole, read_history(plan, "customer", tidied, time_s))
