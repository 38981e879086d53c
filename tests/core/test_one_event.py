"""What is done otherwise for one event than for a column of them gives the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.events.event import Keys, join_keys
from tollgate.core.history.plan import HistoryPlan, LabelMaturation, Sum
from tollgate.core.history.stored import add_to_all, read_all
from tollgate.core.history.sum_kinds import SumKind

from tests.core.one_by_one import add_event, make_events, read_history

COLUMN = st.lists(st.none() | st.sampled_from(["a", "b", "a|b", "ü"]), min_size=2, max_size=2)
PLAN = HistoryPlan(
    (3600.0, 86_400.0),
    {
        "customer": (Sum(SumKind.COUNT, 0), Sum(SumKind.AMOUNT, 1), Sum(SumKind.LEGITIMATE, 1)),
        "customer_device": (Sum(SumKind.COUNT, 1),),
        "device": (Sum(SumKind.COUNT, 0), Sum(SumKind.LEGITIMATE, 0), Sum(SumKind.LEGITIMATE, 1)),
    },
    LabelMaturation(7 * 86_400.0),
)


@given(st.lists(COLUMN, min_size=2, max_size=3))
def test_an_event_has_the_same_pairs_alone_as_among_others(columns: list[list[str | None]]) -> None:
    whole = join_keys([Keys.of(column) for column in columns])
    for row in (0, 1):
        alone = join_keys([Keys.of([column[row]]) for column in columns])
        code = int(whole.codes[row])
        assert alone.codes.tolist() == ([0] if code >= 0 else [-1])
        assert list(alone.values) == ([whole.values[code]] if code >= 0 else [])


@given(st.integers(-2_208_988_800_000_000, 7_258_118_400_000_000), st.floats(0.0, 400 * 86_400.0))
def test_one_event_matures_when_it_does_among_others(time_us: int, delay_s: float) -> None:
    maturing, time_s = LabelMaturation.after(delay_s), time_us / 1e6
    assert maturing.step(time_s) == maturing.steps(np.array([time_s])).item()


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.0, 9.0), st.floats(0.01, 1e6))
def test_all_histories_together_are_each_by_itself(before_h: int, after_h: int, excess: float, amount: float) -> None:
    event = make_events([1.7e9 + 3600.0 * before_h], ["c"], amounts=[amount], devices=["d"])
    added = add_to_all(PLAN, event, excess)
    for entity in PLAN.sums:
        assert added[entity] == add_event(PLAN, entity, event, excess)
    now_s = 1.7e9 + 3600.0 * (before_h + after_h) + 1.0
    together = read_all(PLAN, added, now_s)
    for entity, part in PLAN.layout.parts.items():
        assert np.array_equal(together[part], read_history(PLAN, entity, added[entity], now_s))
    without = read_all(PLAN, {"device": added["device"]}, now_s)
    assert not any(without[PLAN.layout.parts["customer"]])
    assert np.array_equal(without[PLAN.layout.parts["device"]], together[PLAN.layout.parts["device"]])
