"""Sums of whole numbers beyond 64 bits are those of Python's own integers, rounded once."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.engine.arrivals import Added
from tollgate.core.history.engine.running_sums import Line, RunsOnKept
from tollgate.core.history.exact_sums import Limbs

from tests.hypothesis_profiles import examples

# Whole numbers as floats, up to the largest single addition: a squared amount at the end of an epoch.
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53).map(float),
    st.floats(-(2.0**86), 2.0**86).map(np.rint).map(float),
    st.sampled_from([0.0, 2.0**40, -(2.0**40), 2.0**40 - 1, 1 - 2.0**40]),
)
TIMES = st.one_of(st.integers(-3, 3), st.integers(-(10**9), 10**9))


def as_floats(numbers: list[int]) -> list[float]:
    return [float(number) for number in numbers]


def sums_before(codes: Ints, epochs: Ints, numbers: Floats) -> tuple[Limbs, Limbs]:
    """Return what was added before each, in order of code and epoch, in its own epoch and in all of the one before."""
    codes = np.unique(codes, return_inverse=True)[1]
    line = Line.of(codes, np.arange(len(codes)), len(codes))
    runs = RunsOnKept(line, epochs, epochs[line.rows[line.starts]])
    nothing = Limbs.small(np.zeros(len(line.starts), dtype=np.int64))
    passed = runs.add(Added.of(numbers), nothing, nothing, 0.0)
    return passed.current, passed.older.take(runs.runs.number)


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_running_sums_of_one_run_are_pythons(numbers: list[float]) -> None:
    nothing = np.zeros(len(numbers), dtype=np.int64)

    before, older = sums_before(nothing, nothing, np.array(numbers))

    exact = [sum(int(number) for number in numbers[:place]) for place in range(len(numbers))]
    assert before.to_floats().tolist() == as_floats(exact)
    assert not older.to_floats().any()


@given(st.lists(st.tuples(st.integers(-(2**46), 2**46).map(float), TIMES), min_size=1, max_size=20))
@example([(2.0**40 - 1, 10**9)] * 17)
def test_numbers_that_stand_for_many_events_are_pythons(counted: list[tuple[float, int]]) -> None:
    numbers, times = (np.array(column) for column in zip(*counted, strict=True))
    limbs = Limbs.of(numbers, times)

    totals = Limbs(np.cumsum(limbs.high), np.cumsum(limbs.low))

    exact = [sum(int(number) * many for number, many in counted[: place + 1]) for place in range(len(counted))]
    assert totals.to_floats().tolist() == as_floats(exact)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), NUMBERS), min_size=1, max_size=30))
@settings(max_examples=examples(60))
def test_only_the_epoch_right_before_is_the_older_one(added: list[tuple[int, int, float]]) -> None:
    ordered = sorted(added, key=lambda one: one[:2])
    codes, epochs, numbers = (np.array(column) for column in zip(*ordered, strict=True))

    _, older = sums_before(codes, epochs, numbers)

    exact = [
        sum(int(number) for other, before, number in ordered if (other, before) == (code, epoch - 1))
        for code, epoch, _ in ordered
    ]
    assert older.to_floats().tolist() == as_floats(exact)


@given(st.integers(-(2**60), 2**60), st.integers(0, 2**40 - 1), st.integers(-(2**20), 2**20))
@example(2**53 + 1, 1, 0)  # lies just above the middle between two floats: rounding twice gives the lower one
def test_a_sum_is_rounded_once(high: int, low: int, carried: int) -> None:
    limbs = Limbs(np.array([high]), np.array([low + (carried << 40)]))

    assert limbs.to_floats()[0] == float((high << 40) + low + (carried << 40))
