"""Postings: the blocks of a segment in which an entity has rows. They lie in buckets by the hash of entity and key."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Blocks = NDArray[np.uint32]
# Postings of a bucket on average: some kilobytes, read with one request.
_A_BUCKET = 2048


def write_buckets(hashes: Hashes, blocks: Blocks) -> list[bytes]:
    """Return the buckets of m postings, a power of two of them: in each the low halves of its hashes, then the blocks.

    What a hash finds is what has its bucket and low half: a few blocks more than those it is in, and never fewer.
    """
    order = np.lexsort((blocks, hashes))
    hashes, blocks = hashes[order], blocks[order]
    is_new = np.ones(len(hashes), dtype=bool)
    is_new[1:] = (hashes[1:] != hashes[:-1]) | (blocks[1:] != blocks[:-1])
    hashes, blocks = hashes[is_new], blocks[is_new]
    count = 1 << max(0, (len(hashes) // _A_BUCKET).bit_length())
    ends = np.cumsum(np.bincount(_buckets_of(hashes, count), minlength=count))
    low = (hashes & np.uint64(0xFFFFFFFF)).astype("<u4")
    return [
        zlib.compress(low[start:stop].tobytes() + blocks[start:stop].astype("<u4").tobytes())
        for start, stop in zip([0, *ends[:-1]], ends, strict=True)
    ]


def bucket_of(hash_: int, count: int) -> int:
    """Return in which of ``count`` buckets a hash lies."""
    return int(_buckets_of(np.array([hash_], dtype=np.uint64), count)[0])


def read_bucket(content: bytes, hash_: int) -> Blocks:
    """Return the blocks that a bucket has for a hash, in their order."""
    low, blocks = np.split(np.frombuffer(zlib.decompress(content), dtype="<u4"), 2)
    found: Blocks = blocks[low == np.uint32(hash_ & 0xFFFFFFFF)]
    return found


def _buckets_of(hashes: Hashes, count: int) -> NDArray[np.intp]:
    """Return the highest bits of the hashes, as many as tell ``count`` buckets apart."""
    bits = count.bit_length() - 1
    return (hashes >> np.uint64(64 - bits)).astype(np.intp) if bits else np.zeros(len(hashes), dtype=np.intp)
