"""Snapshot of what a decision read from the histories, small enough to be kept with it, and exact."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tollgate.core.events.event import Floats
from tollgate.core.history.plan import HistoryPlan
from tollgate.errors import InputError

_FLOAT, _BITS, _COUNT = np.dtype("<f8"), np.dtype("<u8"), 2
# Of a hundred bytes: a larger window packs no better, and takes longer to set up.
_SMALL_RAW, _LITTLE_MEMORY = -9, 1


def pack_reads(plan: HistoryPlan, reads: Mapping[str, Floats], row: int = 0) -> bytes:
    """Return what one event read, an array of shape (n, k) an entity, in the plan's order.

    That is how many sums there are, in two bytes; deflated, a bit for each, whether it is not 0, and of those that are
    not the highest byte as float64; then their other bytes. The highest ones, of sign and exponent, are much alike, and
    the others as good as random: no compression makes them smaller.
    """
    sums = np.concatenate([np.empty(0, _FLOAT), *(reads[entity][row] for entity in plan.sums)], dtype=_FLOAT)
    kept = sums.view(_BITS) != 0
    digits: NDArray[np.uint8] = sums[kept].view(np.uint8).reshape(-1, _FLOAT.itemsize)
    packer = zlib.compressobj(wbits=_SMALL_RAW, memLevel=_LITTLE_MEMORY)
    alike = packer.compress(np.packbits(kept).tobytes() + digits[:, -1].tobytes()) + packer.flush()
    return len(sums).to_bytes(_COUNT, "little") + alike + digits[:, :-1].tobytes()


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
    alike, rest = _inflate(packed[_COUNT:])
    bits = (count + 7) // 8
    kept = np.unpackbits(alike[:bits], count=count).astype(bool)
    width = _FLOAT.itemsize - 1
    if len(alike) != bits + kept.sum() or len(rest) != kept.sum() * width:
        raise _damaged()
    flat = np.zeros(count)
    flat[kept] = np.column_stack([rest.reshape(-1, width), alike[bits:]]).reshape(-1).view(_FLOAT)
    parts = np.split(flat, np.cumsum(sizes)[:-1])
    return {entity: part[None, :] for entity, part in zip(plan.sums, parts, strict=True)}


def _inflate(packed: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the bytes that were deflated, and those that come after them."""
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        alike = inflater.decompress(packed)
    except zlib.error:
        raise _damaged() from None
    return np.frombuffer(alike, np.uint8), np.frombuffer(inflater.unused_data, np.uint8)


def _damaged() -> InputError:
    return InputError("What the decision read from the histories is damaged in its record.")
