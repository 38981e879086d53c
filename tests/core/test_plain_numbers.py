"""Functions on single plain numbers give what NumPy gives on columns, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tollgate.core.features import scalar_math

ANY = st.floats() | st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.5, -0.5, 1e300, -1e300, 5e-324])
DOMAINS = {"log1p": st.floats(min_value=0) | st.just(float("nan")), "arcsin": st.floats(-1, 1) | st.just(float("nan"))}


def same_bits(one: float, other: float) -> bool:
    return bool(np.float64(one).tobytes() == np.float64(other).tobytes() or (np.isnan(one) and np.isnan(other)))


@pytest.mark.parametrize("name", ["sqrt", "sign", "rint", "log", "log1p", "arcsin"])
@given(data=st.data())
def test_a_function_of_one_number(name: str, data: st.DataObject) -> None:
    number = data.draw(DOMAINS.get(name, ANY))
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(np.array([number]))[0]
    assert same_bits(getattr(scalar_math, name)(number), wanted)


@pytest.mark.parametrize("name", ["divide", "maximum", "minimum"])
@given(one=ANY, other=ANY)
def test_a_function_of_two_numbers(name: str, one: float, other: float) -> None:
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(np.array([one]), np.array([other]))[0]
    got = getattr(scalar_math, name)(one, other)
    # Which zero is the larger one NumPy leaves to the processor.
    assert same_bits(got, wanted) or (name != "divide" and got == wanted == 0)


@given(st.booleans(), ANY, ANY)
def test_one_of_two(condition: bool, one: float, other: float) -> None:
    assert same_bits(scalar_math.where(condition, one, other), np.where(np.array([condition]), one, other)[0])
