"""Pairs that lodge in the item of their first entity.

DynamoDB bills each item that is written, however small, and a pair has hardly more than two sums. So what is added to
the history of customer + device goes to the customer's item, under names that say whose they are, while that has room,
and to an item of the pair's own when it has not. Both are read and added up: sums only ever grow by addition, so it
does not matter where a part of them lies, nor that two writers choose differently. A pair is read no earlier than the
latest addition to its host, which is added to whenever it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from tollgate.core.events.event_type import EventType
from tollgate.core.history.replay import StoredHistories
from tollgate.core.history.stored import StoredSums
from tollgate.core.history.stored_names import LODGER, OPEN

# A host takes lodgers up to this size. Its own sums grow by up to 230 bytes when several of their epochs begin anew,
# and with them it stays below the kilobyte that a write is billed for.
_ROOM_BYTES = 768
# What a stored number takes, and a pk with the item's expiry, both on the large side.
_NUMBER_BYTES, _KEY_BYTES = 8, 64


def read_lodger(hosted: StoredSums, pair: str, key: str) -> dict[str, int]:
    """Return what an item holds of a pair that lodges in it, by the usual names."""
    suffix = _suffix(pair, key)
    return {name.removesuffix(suffix): number for name, number in hosted.items() if name.endswith(suffix)}


def own_sums(hosted: StoredSums) -> dict[str, int]:
    """Return what an item holds of the entity whose item it is."""
    return {name: number for name, number in hosted.items() if LODGER not in name}


def lodge(
    event_type: EventType,
    entities: Mapping[str, str],
    stored: StoredHistories,
    added: Mapping[str, Mapping[str, int]],
) -> dict[str, Mapping[str, int]]:
    """Return what one event adds to each item, by entity: a pair that lodges has none, and its host has more.

    ``entities`` are the event's keys and ``added`` what it adds to their histories. Nobody lodges with a host whose
    item was not read, as its size is not known then.
    """
    items = dict(added)
    for pair, host in event_type.hosts.items():
        if pair not in entities or host not in entities or host not in stored or _matures(added[pair]):
            continue
        lodging = {f"{name}{_suffix(pair, entities[pair])}": number for name, number in added[pair].items()}
        names = {**stored[host].get(entities[host], {}), **items[host], **lodging}
        if sum(map(len, names)) + len(names) * _NUMBER_BYTES + _KEY_BYTES <= _ROOM_BYTES:
            items[host] = {**items[host], **lodging}
            del items[pair]
    return items


def _matures(added: StoredSums) -> bool:
    """Return whether a history counts open events, which are folded in an item of its own."""
    return any(name[0] == OPEN for name in added)


# 48 bits: two pairs of one host would have to share them to be taken for each other.
@lru_cache(maxsize=65_536)
def _suffix(pair: str, key: str) -> str:
    return LODGER + hashlib.blake2b(f"{pair}#{key}".encode(), digest_size=6).hexdigest()
