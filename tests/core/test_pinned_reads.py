"""What was read from histories is kept to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from tollgate.core.history.plan import HistoryPlan, Sum
from tollgate.core.history.snapshot import pack_reads, unpack_reads
from tollgate.core.history.sum_kinds import SumKind
from tollgate.errors import InputError

PLAN = HistoryPlan(
    (3_600.0, 86_400.0),
    {
        "customer": (Sum(SumKind.COUNT, 0), Sum(SumKind.COUNT, 1), Sum(SumKind.AMOUNT, 1)),
        "device": (Sum(SumKind.COUNT, 1),),
    },
)
VALUES = [
    (np.array([[0.1, 1e-300, -0.0]]), np.array([[np.nan]])),
    (np.array([[np.nextafter(1.0, 2.0), np.inf, 5e-324]]), np.array([[0.0]])),
]


@pytest.mark.parametrize(("customer", "device"), VALUES)
def test_every_bit_comes_back(customer: np.ndarray, device: np.ndarray) -> None:
    back = unpack_reads(PLAN, pack_reads(PLAN, {"device": device, "customer": customer}))
    assert back["customer"].tobytes() == customer.tobytes()
    assert back["device"].tobytes() == device.tobytes()
    assert back["customer"].shape == (1, 3)


def test_one_row_of_many_is_kept() -> None:
    reads = {"customer": np.arange(6.0).reshape(2, 3), "device": np.array([[7.0], [8.0]])}
    back = unpack_reads(PLAN, pack_reads(PLAN, reads, 1))
    assert back["customer"].tolist() == [[3.0, 4.0, 5.0]]
    assert back["device"].tolist() == [[8.0]]


def test_damage_and_another_plan_are_told() -> None:
    packed = pack_reads(PLAN, {"customer": np.ones((1, 3)), "device": np.zeros((1, 1))})
    for damaged in (packed[:-3], packed[:2], packed[:3], packed + b"0", packed[:2] + b"\xff" + packed[3:]):
        with pytest.raises(InputError, match="damaged"):
            unpack_reads(PLAN, damaged)
    with pytest.raises(InputError, match="read 4 sums"):
        unpack_reads(HistoryPlan((3_600.0,), {"customer": (Sum(SumKind.COUNT, 0),)}), packed)
