"""What a decision read from the histories, small enough to be kept with it, and exact."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from tollgate.core.event import Floats
from tollgate.core.history import HistoryPlan
from tollgate.errors import InputError

_FLOAT = np.dtype("<f8")


def pack_reads(plan: HistoryPlan, reads: Mapping[str, Floats], row: int = 0) -> bytes:
    """Return what one event read, an array of shape (n, k) an entity, as compressed float64 in the plan's order."""
    sums = [np.asarray(reads[entity][row], dtype=_FLOAT).tobytes() for entity in plan.sums]
    return zlib.compress(b"".join(sums), 9)


def unpack_reads(plan: HistoryPlan, packed: bytes) -> dict[str, Floats]:
    """Return what `pack_reads` was given of one event, shape (1, k) an entity, to the bit.

    Raises `InputError` where the bytes are damaged or belong to another plan.
    """
    sizes = [len(sums) for sums in plan.sums.values()]
    try:
        flat = np.frombuffer(zlib.decompress(packed), dtype=_FLOAT).astype(np.float64)
    except (zlib.error, ValueError):
        raise InputError("What the decision read from the histories is damaged in its record.") from None
    if len(flat) != sum(sizes):
        raise InputError(
            f"The decision read {len(flat)} sums of histories and this version reads {sum(sizes)}; give the folder of "
            "the version that decided."
        )
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return {entity: part[None, :] for entity, part in zip(plan.sums, parts, strict=True)}
