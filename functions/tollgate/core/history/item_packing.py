"""Item packing: the sums of a pair in the item of its parent, which is its first entity.

DynamoDB bills each item that is written, however small, and a pair has hardly more than two sums. So what is added to
the history of customer + device goes to the customer's item, under names that say whose they are, while that has room,
and to an item of the pair's own when it has not. Both are read and added up: sums only ever grow by addition, so it
does not matter where a part of them lies, nor that two writers choose differently. A pair is read no earlier than the
latest addition to its parent, which is added to whenever it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from tollgate.core.events.event_type import EventType
from tollgate.core.history.stored import StoredHistories, StoredSums
from tollgate.core.history.stored_names import OPEN, PACKED

# A parent takes pairs up to this size. Its own sums grow by up to 230 bytes when several of their epochs begin anew,
# and with them it stays below the kilobyte that a write is billed for.
_ROOM_BYTES = 768
# What a stored number takes, and a pk with the item's expiry, both on the large side.
_NUMBER_BYTES, _KEY_BYTES = 8, 64


def unpack_pair(item: StoredSums, pair: str, key: str) -> dict[str, int]:
    """Return what an item holds of a pair that is packed into it, by the usual names."""
    suffix = _suffix(pair, key)
    return {name.removesuffix(suffix): number for name, number in item.items() if name.endswith(suffix)}


def own_sums(item: StoredSums) -> dict[str, int]:
    """Return what an item holds of the entity whose item it is."""
    return {name: number for name, number in item.items() if PACKED not in name}


def pack_pairs(
    event_type: EventType,
    entities: Mapping[str, str],
    stored: StoredHistories,
    added: Mapping[str, Mapping[str, int]],
) -> dict[str, Mapping[str, int]]:
    """Return what one event adds to each item, by entity: a packed pair has none, and its parent has more.

    ``entities`` are the event's keys and ``added`` what it adds to their histories. No pair is packed into a
    parent whose item was not read, as its size is not known then.
    """
    items = dict(added)
    for pair, parent in event_type.parents.items():
        if pair not in entities or parent not in entities or parent not in stored or _matures(added[pair]):
            continue
        packed = {f"{name}{_suffix(pair, entities[pair])}": number for name, number in added[pair].items()}
        names = {**stored[parent].get(entities[parent], {}), **items[parent], **packed}
        if sum(map(len, names)) + len(names) * _NUMBER_BYTES + _KEY_BYTES <= _ROOM_BYTES:
            items[parent] = {**items[parent], **packed}
            del items[pair]
    return items


def _matures(added: StoredSums) -> bool:
    """Return whether a history counts open events, which are folded in an item of its own."""
    return any(name[0] == OPEN for name in added)


# 48 bits: two pairs of one parent would have to share them to be taken for each other.
@lru_cache(maxsize=65_536)
def _suffix(pair: str, key: str) -> str:
    return PACKED + hashlib.blake2b(f"{pair}#{key}".encode(), digest_size=6).hexdigest()
