"""Writers in any order, folding or not at any time, leave the same history; a correction leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.history.labels import Frauds
from tollgate.core.history.plan import plan_history
from tollgate.core.history.stored import StoredSums, add_fraud
from tollgate.core.history.stored_names import OPEN

from tests.core.one_by_one import PAYMENT, TIDILY, Store, add_event, fold, make_events, read_history
from tests.core.timeline import Timeline
from tests.fakes.item_size import item_bytes
from tests.hypothesis_profiles import examples

DAY_S = 86_400.0
HALF_LIVES_S = tuple(days * DAY_S for days in (0.25, 1, 3, 7, 30, 120))
PLAN = plan_history(PAYMENT, HALF_LIVES_S)
BEGIN_S = 20_454 * DAY_S
LATER_S = BEGIN_S + 400 * DAY_S
# What becomes of an event: when it happens, its amount, whether that is unusual, when it becomes known as fraud if it
# does, and whether that turns out to be wrong.
LIFE = st.tuples(
    st.one_of(st.integers(0, 40).map(float), st.floats(0, 40)),
    st.sampled_from([1.0, 19.99, 1e8]),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 20).map(float), st.floats(0, 20)),
    st.booleans(),
)
Life = tuple[float, float, bool, float | None, bool]
Write = dict[str, int]


def writes_of(life: Life) -> list[Write]:
    """Return what one event adds, what its label adds, and what the correction adds."""
    day, amount, odd, fraud_after_d, corrected = life
    event = make_events([BEGIN_S + day * DAY_S], ["c"], amounts=[amount], devices=["c"])
    time_s = float(event.times_s[0])
    writes = [add_event(PLAN, "device", event, float(odd))]
    if fraud_after_d is not None:
        known_s = time_s + fraud_after_d * DAY_S
        fraud = add_fraud(PLAN, "device", known_s, event_time_s=time_s, excess=float(odd))
        writes.append(fraud)
        if corrected:
            writes.append({name: -number for name, number in fraud.items()})
    return writes


def write_all(writes: list[Write], fold_at_s: Callable[[], float | None]) -> dict[str, dict[str, int]]:
    """Write in this order, folding after each write at a time of ``fold_at_s``; return what is left at last."""
    store = Store(PLAN)
    for added in writes:
        store.add("device", "c", added)
        time_s = fold_at_s()
        if time_s is not None:
            fold(PLAN, "device", store.of("device", "c"), time_s)
    return store.folded("device", LATER_S)


@given(st.lists(LIFE, min_size=1, max_size=8), st.integers(0, 2**32))
@settings(max_examples=examples(80))
def test_any_order_of_writes_and_folds_leaves_the_same(lives: list[Life], seed: int) -> None:
    random = Random(seed)
    writes = [added for life in lives for added in writes_of(life)]
    expected = write_all(writes, lambda: None)

    random.shuffle(writes)

    assert write_all(writes, lambda: None) == expected
    assert write_all(writes, lambda: random.choice([None, BEGIN_S + random.uniform(0, 100) * DAY_S])) == expected


@given(LIFE, st.sampled_from([5.0, 8.5, 30.0]), st.sampled_from([0.0, 8.5, 30.0]))
@settings(max_examples=examples(60))
def test_a_corrected_event_reads_as_if_nothing_had_been_said(life: Life, fold_d: float, again_d: float) -> None:
    day, amount, odd, known_d, _ = life
    event, fraud, correction = writes_of((day, amount, odd, known_d or 0.0, True))
    plain, corrected = Store(PLAN), Store(PLAN)
    for store in (plain, corrected):
        store.add("device", "c", event)
        fold(PLAN, "device", store.of("device", "c"), BEGIN_S + (day + fold_d) * DAY_S)
    corrected.add("device", "c", fraud)
    fold(PLAN, "device", corrected.of("device", "c"), BEGIN_S + (day + again_d) * DAY_S)
    corrected.add("device", "c", correction)

    assert corrected.folded("device", LATER_S) == plain.folded("device", LATER_S)
    for later_d in (fold_d, again_d, 50.0):
        # No earlier than the folds, whose writers have to be before a reader.
        time_s = BEGIN_S + (day + max(fold_d, again_d, later_d)) * DAY_S
        reads = [read_history(PLAN, "device", store.of("device", "c"), time_s) for store in (plain, corrected)]
        assert np.array_equal(reads[0], reads[1])


@pytest.mark.parametrize("folded_before", [False, True])
def test_a_fraud_takes_its_event_back_before_and_after_it_was_folded(*, folded_before: bool) -> None:
    event, fraud, _ = writes_of((0.5, 20.0, False, 30.0, True))
    store = Store(PLAN)
    store.add("device", "c", event)
    if folded_before:
        fold(PLAN, "device", store.of("device", "c"), BEGIN_S + 20 * DAY_S)
    store.add("device", "c", fraud)

    (step,) = ({name: number for name, number in store.of("device", "c").items() if name[0] == OPEN}).values()
    assert step == (-1 if folded_before else 0)
    legitimate = [place for place, s in enumerate(PLAN.sums["device"]) if s.kind == "l"]
    read = read_history(PLAN, "device", store.of("device", "c"), BEGIN_S + 31 * DAY_S)
    assert not read[legitimate].any()


def size_bytes(pk: str, sums: StoredSums) -> int:
    numbers = {name: {"N": str(number)} for name, number in {**sums, "x": int(LATER_S)}.items()}
    return item_bytes({"pk": {"S": pk}, **numbers})


# On day 19,200 the epochs of all half-lives but one begin anew: nearly every sum has two.
@pytest.mark.parametrize("first_day", [20_454, 19_140], ids=["most days", "the fullest day"])
def test_a_busy_entity_takes_less_than_a_kilobyte(first_day: int) -> None:
    random, n, days = np.random.default_rng(0), 500, 130
    times_s = np.sort(random.uniform(first_day, first_day + days, n)) * DAY_S
    places = list(zip(random.normal(52.5, 0.1, n).tolist(), random.normal(13.4, 0.1, n).tolist(), strict=True))
    amounts = np.round(random.lognormal(4, 1.2, n), 2).tolist()
    events = make_events(times_s.tolist(), ["c"] * n, amounts=amounts, devices=["c"] * n, places=places)
    known = np.flatnonzero(random.random(n) < 0.05)
    frauds = Frauds(known, events.times_s[known] + random.uniform(1, 20, len(known)) * DAY_S)
    timeline = Timeline.of(events, frauds)
    store = Store(PLAN, keeping=TIDILY)

    sizes = []
    for start in range(0, len(timeline.rows), 10):
        chunk = slice(start, start + 10)
        rows, what = timeline.rows[chunk], timeline.what[chunk]
        store.happen(events, Timeline(rows, what, timeline.times_s[chunk], timeline.dated_s[chunk]))
        sizes.append(size_bytes("payments.0123abcd#device#d000123456789012", store.of("device", "c")))

    assert 600 < max(sizes) < 1024
