"""What a decision read from the histories, small enough to be kept with it, and exact."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tollgate.core.event import Floats
from tollgate.core.history import HistoryPlan
from tollgate.errors import InputError

_FLOAT, _BITS, _COUNT = np.dtype("<f8"), np.dtype("<u8"), 2


def pack_reads(plan: HistoryPlan, reads: Mapping[str, Floats], row: int = 0) -> bytes:
    """Return what one event read, an array of shape (n, k) an entity, in the plan's order.

    That is how many sums there are, in two bytes; a bit for each, whether it is not 0; and those that are not, as
    float64. Their digits are as good as random: no compression makes them smaller.
    """
    sums = np.concatenate([np.empty(0, _FLOAT), *(reads[entity][row] for entity in plan.sums)], dtype=_FLOAT)
    kept = sums.view(_BITS) != 0
    return b"".join((len(sums).to_bytes(_COUNT, "little"), np.packbits(kept).tobytes(), sums[kept].tobytes()))


def unpack_reads(plan: HistoryPlan, packed: bytes) -> dict[str, Floats]:
    """Return what `pack_reads` was given of one event, shape (1, k) an entity, to the bit.

    Raises `InputError` where the bytes are damaged or belong to another plan.
    """
    sizes = [len(sums) for sums in plan.sums.values()]
    count = int.from_bytes(packed[:_COUNT], "little")
    if count != sum(sizes):
        raise InputError(
            f"The decision read {count} sums of histories and this version reads {sum(sizes)}; give the folder of "
            "the version that decided."
        )
    first = _COUNT + (count + 7) // 8
    kept = np.unpackbits(np.frombuffer(packed[_COUNT:first], np.uint8), count=count).astype(bool)
    if len(packed) != first + kept.sum() * _FLOAT.itemsize:
        raise InputError("What the decision read from the histories is damaged in its record.")
    flat = np.zeros(count)
    flat[kept] = np.frombuffer(packed[first:], _FLOAT)
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return {entity: part[None, :] for entity, part in zip(plan.sums, parts, strict=True)}
