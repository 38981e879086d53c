"""Histories: additions that commute, and sums that fade as the formula says."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import unit_sphere
from tollgate.core.events.event_type import LabelRule
from tollgate.core.history import plan as plan_module
from tollgate.core.history.decay import EPOCH_HALF_LIVES, weigh
from tollgate.core.history.plan import HistoryPlan, plan_history
from tollgate.core.history.stored import add_fraud, stale_names
from tollgate.core.history.stored_names import LATEST, OPEN, attribute, epoch_of
from tollgate.core.history.sum_kinds import UNITS, SumKind

from tests.core.one_by_one import (
    PAYMENT,
    Store,
    add_event,
    add_legitimate,
    make_events,
    read_history,
    without_zeros,
)
from tests.hypothesis_profiles import examples

HOUR_S, DAY_S = 3600.0, 86_400.0
PLAN = plan_history(PAYMENT, (HOUR_S, DAY_S))
EPOCH_S = EPOCH_HALF_LIVES * HOUR_S
NOW_S = 1_767_225_600.0
USUAL = 0.0


def store_of(times_s: Sequence[float], amounts: Sequence[float], order: Sequence[int]) -> dict[str, int]:
    events = make_events(times_s, ["c"] * len(times_s), amounts=amounts)
    store = Store(PLAN)
    for row in order:
        store.add("customer", "c", add_event(PLAN, "customer", events.take(np.array([row])), USUAL))
    return store.of("customer", "c")


def store_with(plan: HistoryPlan, times_s: Sequence[float]) -> dict[str, int]:
    store = Store(plan)
    for time_s in times_s:
        store.add("customer", "c", add_event(plan, "customer", make_events([time_s], ["c"]), USUAL))
    return store.of("customer", "c")


def read_sums(plan: HistoryPlan, stored: dict[str, int], time_s: float) -> dict[tuple[str, int], float]:
    values = read_history(plan, "customer", stored, time_s).tolist()
    return {(s.kind, s.half_life): value for s, value in zip(plan.sums["customer"], values, strict=True)}


def test_adding_in_any_order_gives_the_same_stored_sums() -> None:
    times = [NOW_S, NOW_S + 7.25, NOW_S + 3 * EPOCH_S, NOW_S - 1e5, NOW_S]
    amounts = [0.1, 19.99, 1e12, -3.3, float("nan")]
    expected = store_of(times, amounts, range(5))

    assert all(store_of(times, amounts, order) == expected for order in itertools.permutations(range(5)))


@given(
    st.lists(st.tuples(st.floats(-1e10, 1e10), st.floats(-1e12, 1e12)), min_size=2, max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=examples(60))
def test_a_shuffled_past_is_the_same_past(
    past: list[tuple[float, float]],
    random: object,
) -> None:
    order = list(range(len(past)))
    random.shuffle(order)  # type: ignore[attr-defined]
    times, amounts = zip(*past, strict=True)

    assert store_of(times, amounts, order) == store_of(times, amounts, range(len(past)))


def test_what_is_added_are_whole_numbers_of_at_most_26_digits() -> None:
    event = make_events([EPOCH_S - 1e-6], ["c"], amounts=[-1e12], places=[(-90, 180)])

    added = add_event(PLAN, "customer", event, 1.0) | add_legitimate(PLAN, "customer", EPOCH_S - 1e-6)

    assert all(type(number) is int for number in added.values())
    assert max(len(str(abs(number))) for number in added.values()) <= 26


def test_no_kind_of_sum_has_the_letter_of_another_stored_name() -> None:
    letters = {kind.value for kind in SumKind}
    assert {len(letter) for letter in letters} == {1}
    assert not letters & {OPEN, LATEST}


@pytest.mark.parametrize("seed", range(4))
def test_sums_fade_as_the_formula_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    now = (np.floor(NOW_S / EPOCH_S) + random.uniform(0.02, 0.98)) * EPOCH_S
    # All within the current hourly epoch and the one before.
    first = (np.floor(now / EPOCH_S) - 1) * EPOCH_S
    times = np.rint(random.uniform(first, now, 300) * 1e6) / 1e6
    amounts = np.round(random.lognormal(3, 1.5, 300), 2)
    latitudes, longitudes = random.uniform(-90, 90, 300), random.uniform(-180, 180, 300)
    events = make_events(
        times.tolist(), ["c"] * 300, amounts=amounts.tolist(), places=list(zip(latitudes, longitudes, strict=True))
    )
    excess = np.round(random.uniform(0, 2, 300), 4)
    store = Store(PLAN)
    for row in range(300):
        time_s, beyond = float(times[row]), float(excess[row])
        store.add("customer", "c", add_event(PLAN, "customer", events.take(np.array([row])), beyond))
        store.add("customer", "c", add_fraud(PLAN, "customer", time_s, event_time_s=time_s, excess=beyond))
        store.add("customer", "c", add_legitimate(PLAN, "customer", time_s))

    read = read_sums(PLAN, store.of("customer", "c"), now)

    phi, theta = np.radians(latitudes), np.radians(longitudes)
    summed = {"n": np.ones(300), "a": amounts, "s": amounts**2, "u": excess >= 1, "w": excess}
    summed |= {"f": np.ones(300), "v": excess < 1, "l": np.ones(300)}
    summed |= {"x": np.cos(phi) * np.cos(theta), "y": np.cos(phi) * np.sin(theta), "z": np.sin(phi)}
    for (kind, half_life), value in read.items():
        weights = np.exp2(-(now - times) / PLAN.half_lives_s[half_life])
        quantum = 300 * 0.5 / UNITS[kind]  # type: ignore[index]
        scale = float((np.abs(summed[kind]) * weights).sum())
        assert value == pytest.approx(float((summed[kind] * weights).sum()), abs=1e-9 * scale + quantum), kind


def test_one_payment_counts_half_after_a_half_life() -> None:
    stored = store_of([NOW_S], [80.0], [0])

    assert read_sums(PLAN, stored, NOW_S)["n", 0] == pytest.approx(1, rel=1e-4)
    assert read_sums(PLAN, stored, NOW_S + HOUR_S)["n", 0] == pytest.approx(0.5, rel=1e-4)
    assert read_sums(PLAN, stored, NOW_S + DAY_S)["a", 1] == pytest.approx(40, rel=1e-3)


def test_the_epoch_before_is_read_without_a_jump() -> None:
    border = np.ceil(NOW_S / EPOCH_S) * EPOCH_S
    stored = store_of([border - 60], [10.0], [0])

    before = read_sums(PLAN, stored, border - 1e-6)["n", 0]
    after = read_sums(PLAN, stored, border)["n", 0]

    assert after == pytest.approx(before, rel=1e-8)


def test_what_is_older_than_the_epoch_before_is_gone() -> None:
    border = np.ceil(NOW_S / EPOCH_S) * EPOCH_S
    stored = store_of([border - 60], [10.0], [0])

    assert read_sums(PLAN, stored, border + EPOCH_S - 1)["n", 0] > 0
    assert read_sums(PLAN, stored, border + EPOCH_S)["n", 0] == 0


@pytest.mark.parametrize("excess", [0.9, 1.0])
def test_a_fraud_taken_back_leaves_nothing(excess: float) -> None:
    added = add_fraud(PLAN, "device", NOW_S, event_time_s=NOW_S - DAY_S, excess=excess)
    store = Store(PLAN)
    store.add("device", "d", added)
    store.add("device", "d", {name: -number for name, number in added.items()})

    assert {name[0] for name in added} == ({"f", OPEN} if excess >= 1 else {"f", "v", OPEN})
    assert without_zeros(store.sums["device"]) == {}


def test_the_entity_that_judges_keeps_no_frauds_of_ordinary_amounts() -> None:
    added = add_fraud(PLAN, "customer", NOW_S, event_time_s=NOW_S - DAY_S, excess=0.0)

    assert {name[0] for name in added} == {"f", OPEN}


def test_a_pair_has_neither_frauds_nor_open_events() -> None:
    event = make_events([NOW_S], ["c"], devices=["d"])

    assert {name[0] for name in add_event(PLAN, "customer_device", event, USUAL)} == {"n"}
    assert add_fraud(PLAN, "customer_device", NOW_S, event_time_s=NOW_S, excess=0.0) == {}


def test_a_missing_amount_counts_as_a_payment_and_adds_no_amount() -> None:
    stored = store_of([NOW_S], [float("nan")], [0])

    assert {name[0] for name in stored} == {"n", "x", OPEN}
    assert read_sums(PLAN, stored, NOW_S)["n", 0] == pytest.approx(1, rel=1e-4)


@given(st.sampled_from("nasufvlxyzp"), st.integers(0, 7), st.integers(-(10**9), 10**9))
def test_stored_names_carry_their_half_life_and_epoch(kind: str, half_life: int, epoch: int) -> None:
    name = attribute(kind, half_life, epoch)

    assert epoch_of(name) == (half_life, epoch)
    assert name.isalnum()


# Times are whole microseconds.
@given(st.integers(-(10**16), 10**16).map(lambda time_us: time_us / 1e6), st.sampled_from([1.0, HOUR_S, 30 * DAY_S]))
def test_weights_lie_between_one_and_two_to_the_epoch(time_s: float, half_life_s: float) -> None:
    epochs, weights = weigh(np.array([time_s]), half_life_s)

    assert 1 <= weights[0] <= 2.0**EPOCH_HALF_LIVES
    assert epochs[0] * EPOCH_HALF_LIVES * half_life_s <= time_s


@given(st.lists(st.floats(-1e8, 1e8), min_size=1, max_size=8), st.floats(-1e8, 1e8), st.floats(0, 1e8))
@settings(max_examples=examples(60))
def test_stale_names_are_only_those_that_nothing_later_reads(
    times_s: list[float], now_s: float, later_s: float
) -> None:
    stored = store_of(times_s, [5.0] * len(times_s), range(len(times_s)))
    stale = set(stale_names(PLAN, stored, now_s))
    kept = {name: number for name, number in stored.items() if name not in stale}

    for time_s in (now_s, now_s + later_s):
        whole, pruned = (read_history(PLAN, "customer", sums, time_s) for sums in (stored, kept))
        assert np.array_equal(whole, pruned)


def test_stale_names_are_all_that_have_faded() -> None:
    stored = store_of([NOW_S - 100 * 365 * DAY_S, NOW_S], [5.0, 5.0], [0, 1])

    kept = set(stored) - set(stale_names(PLAN, stored, NOW_S))

    assert {name for name in kept if name[0] != OPEN} == {
        name for name in store_of([NOW_S], [5.0], [0]) if name[0] != OPEN
    }


def test_the_fingerprint_changes_with_whatever_changes_the_meaning_of_what_is_stored() -> None:
    plans = [
        PLAN,
        plan_history(PAYMENT, (HOUR_S, 2 * DAY_S)),
        plan_history(replace(PAYMENT, amount=None), (HOUR_S, DAY_S)),
        plan_history(replace(PAYMENT, entities={"client": ("customer_id",)}), (HOUR_S, DAY_S)),
        plan_history(replace(PAYMENT, label=LabelRule("is_fraud", 8 * DAY_S)), (HOUR_S, DAY_S)),
        plan_history(replace(PAYMENT, label=None), (HOUR_S, DAY_S)),
        plan_history(PAYMENT, (HOUR_S, DAY_S), unusual_times=3.0),
        plan_history(PAYMENT, (HOUR_S, DAY_S), unusual_amount=220.0),
    ]

    assert len({plan.fingerprint for plan in plans}) == len(plans)
    assert plan_history(PAYMENT, (DAY_S, HOUR_S, HOUR_S)).fingerprint == PLAN.fingerprint


def test_a_pair_only_counts_over_the_shortest_and_the_longest_half_life() -> None:
    plan = plan_history(PAYMENT, (HOUR_S, DAY_S, 7 * DAY_S))

    assert [(s.kind, s.half_life) for s in plan.sums["customer_device"]] == [("n", 0), ("n", 2)]


def test_frauds_are_summed_over_half_lives_of_a_day_or_more() -> None:
    assert [s.half_life for s in PLAN.sums["customer"] if s.kind == "f"] == [1]
    quick = plan_history(PAYMENT, (60.0, HOUR_S))
    assert [s.half_life for s in quick.sums["customer"] if s.kind == "f"] == [1]


def test_places_lie_on_the_unit_sphere() -> None:
    x, y, z = unit_sphere(np.array([0.0, 90.0, np.nan]), np.array([90.0, 0.0, 0.0]))

    assert np.allclose([x[0], y[0], z[0]], [0, 1, 0])
    assert np.allclose([x[1], y[1], z[1]], [0, 0, 1])
    assert np.isnan([x[2], y[2], z[2]]).all()


def test_a_history_is_kept_until_its_last_event_has_matured_and_faded() -> None:
    quick = plan_history(replace(PAYMENT, label=LabelRule("is_fraud", 90 * DAY_S)), (HOUR_S, DAY_S))
    # The first event of a step, of a day on which an epoch begins when it matures, can be read longest.
    stored = store_with(quick, [0.0])
    (step,) = (epoch_of(name)[1] for name in stored if name[0] == OPEN)
    matured_s = step * 6 * DAY_S
    last_s = (np.floor(matured_s / (32 * DAY_S)) + 2) * 32 * DAY_S - 1

    assert read_history(quick, "customer", stored, last_s).any()
    assert last_s < quick.forgotten_after_s
    assert not read_history(quick, "customer", stored, quick.forgotten_after_s).any()


def test_a_new_kind_of_sum_leaves_plans_without_it_their_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    def fingerprint() -> str:
        return plan_history(PAYMENT, (3600.0, 86_400.0)).fingerprint

    before = fingerprint()
    more = {kind.value: units for kind, units in UNITS.items()} | {"r": 1e4}
    monkeypatch.setattr(plan_module, "UNITS", more)

    assert fingerprint() == before
