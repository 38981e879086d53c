"""What a table leaves in the histories is what its events leave in storage, one at a time, as far as it can be read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tollgate.core.events.event_type import LabelRule
from tollgate.core.history.labels import Frauds
from tollgate.core.history.plan import plan_history
from tollgate.core.history.replay import sum_additions
from tollgate.core.history.stored_names import OPEN

from tests.core.one_by_one import PAYMENT, Store, make_events, without_zeros
from tests.core.timeline import Timeline

DAY_S = 86_400.0
PLAN = plan_history(PAYMENT, (3600.0, DAY_S, 30 * DAY_S))


def test_an_entity_that_every_event_lacks_has_no_totals() -> None:
    assert sum_additions(PLAN, make_events([100.0], ["a"]), np.zeros(1))["device"] == {}


def test_totals_of_two_halves_add_up_to_those_of_the_whole() -> None:
    times = [step * 3 * 3600.0 for step in range(120)]
    events = make_events(times, ["a", "b"] * 60, amounts=[step * 1.11 for step in range(120)])
    unusual = np.arange(120) % 7 == 0
    whole = sum_additions(PLAN, events, unusual.astype(float))["customer"]
    store = Store(PLAN)
    for half in (np.arange(0, 120, 2), np.arange(1, 120, 2)):
        added = sum_additions(PLAN, events.take(half), unusual[half].astype(float))["customer"]
        for key, sums in added.items():
            store.add("customer", key, sums)

    assert any(name[0] == "l" for name in whole["a"]), "some have matured"
    assert any(name[0] == OPEN for name in whole["a"]), "some are open"
    assert store.readable("customer", times[-1]) == whole


@pytest.mark.parametrize("delay_d", [0.0, 7.0, 30.0])
def test_totals_leave_out_only_what_nobody_reads_any_more(delay_d: float) -> None:
    event_type = replace(PAYMENT, label=LabelRule("is_fraud", delay_d * DAY_S))
    plan = plan_history(event_type, (3600.0, 2 * DAY_S), unusual_amount=220.0)
    times = [0.0, 40.0, 3 * DAY_S, 70 * DAY_S, 71 * DAY_S, 140 * DAY_S]
    events = make_events(times, ["a"] * 6, amounts=[10.0, 500.0, 10.0, 10.0, 500.0, 10.0])
    frauds = Frauds(np.array([1, 3]), np.array([9 * DAY_S, 110 * DAY_S]))
    store = Store(plan)
    happened = store.happen(events, Timeline.of(events, frauds))

    whole = store.folded("customer", times[-1])["a"]
    pruned = sum_additions(plan, events, happened.excess, frauds)["customer"]["a"]

    assert happened.excess.tolist() == [0, 9, 0, 0, 9, 0]
    assert pruned.items() < whole.items()
    for later_d in (0.0, 1.0, 40.0):
        one, other = Store(plan, {"customer": {"a": dict(whole)}}), Store(plan, {"customer": {"a": dict(pruned)}})
        next_one = make_events([times[-1] + later_d * DAY_S], ["a"])
        reads = [each.happen(next_one, Timeline.of(next_one)).reads["customer"] for each in (one, other)]
        assert np.array_equal(reads[0], reads[1])


def test_only_labels_known_by_the_last_event_count() -> None:
    events = make_events([0.0, 5 * DAY_S, 20 * DAY_S], ["a"] * 3)
    known = Frauds(np.array([0]), np.array([20 * DAY_S]))
    later = Frauds(np.array([0, 1]), np.array([20 * DAY_S, 20 * DAY_S + 1e-6]))

    assert sum_additions(PLAN, events, np.zeros(3), later) == sum_additions(PLAN, events, np.zeros(3), known)


def test_what_matures_at_the_very_last_event_is_still_open() -> None:
    events = make_events([0.0, 8 * DAY_S], ["a", "b"])

    left = sum_additions(PLAN, events, np.zeros(2))["customer"]

    assert {name[0] for name in left["a"]} & {OPEN, "l"} == {OPEN}
    assert without_zeros(left) == left
