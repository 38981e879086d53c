"""Table of histories: one item per key of an entity, changed only by addition. The sums of pairs may be packed in.

The time of an item's latest addition stands in the name of an attribute (`LATEST`). It is added like a number, and a
writer removes the earlier names that it read. Any number of writers may do so at once: a name is removed only in a
transaction that adds a later one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tollgate.adapters.dynamodb.items import (
    MAX_ACTIONS,
    ConditionFailedError,
    Item,
    fit_key,
    get_items,
    write_together,
)
from tollgate.core.batched import batched
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, parent_key
from tollgate.core.history.item_packing import own_sums, unpack_pair
from tollgate.core.history.latest_addition import NOT_MOVED, LatestMoved, latest_us, move_latest, without_latest
from tollgate.core.history.stored import NOTHING_MATURED, Matured, StoredSums, add_up
from tollgate.core.history.stored_names import LATEST

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The one attribute besides pk and the sums: when DynamoDB may drop the item, in seconds since 1970.
EXPIRY = "x"
# Histories that are added to together: each batch has one write more, its mark.
BATCH_KEYS = MAX_ACTIONS - 1
_WRITERS = 4
_EXPIRY_PLACE, _LATEST_PLACE = f":{EXPIRY}", f":{LATEST}"


# One decision names each of its histories three times.
@lru_cache(maxsize=1024)
def history_key(space: str, entity: str, key: str) -> str:
    """Return the pk of one entity's history."""
    return fit_key(f"{space}#{entity}#{key}")


def sums_of(item: Item | None) -> dict[str, int]:
    """Return the sums of a history item by their stored names."""
    return {name: int(value["N"]) for name, value in (item or {}).items() if "N" in value and name != EXPIRY}


# Payments of about the same time add to the same names.
@lru_cache(maxsize=1024)
def _expression(added: tuple[str, ...], removed: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    """Return what an update expression adds and removes, and its placeholders for what is added."""
    places = tuple(f":{name}" for name in added)
    adding = ", ".join(f"{name} {place}" for name, place in zip(added, places, strict=True))
    return adding, ", ".join(removed), places


def _fold(added: StoredSums, stale: Collection[str], matured: Matured) -> StoredSums:
    """Return what is added together with what matured events are worth, and without those steps that stay."""
    folded = {name: number for name, number in matured.added.items() if name in added or name not in stale}
    sums = {**added, **{name: added.get(name, 0) + number for name, number in folded.items()}}
    # What is added to a step that matured stays, and the step with it.
    kept = {name: number for name, number in matured.steps.items() if name in sums}
    return sums | {name: sums[name] - number for name, number in kept.items()}


@dataclass(frozen=True)
class HistoryTable:
    """The table of histories."""

    client: DynamoDBClient
    table: str

    def read(self, version: DetectorVersion, events: Events) -> dict[str, dict[str, StoredSums]]:
        """Read the histories of all entities of the events: entity → key → sums, absent ones left out."""
        return self.read_keys(version, {entity: keys.values for entity, keys in events.entities.items()})

    def read_keys(
        self, version: DetectorVersion, keys: Mapping[str, Sequence[str]]
    ) -> dict[str, dict[str, StoredSums]]:
        """Read the histories of some keys of each entity: entity → key → sums, absent ones left out.

        Pairs are read from the items of their parents too, asked for or not.
        """
        pairs = [(pair, key) for pair in version.event_type.parents for key in keys.get(pair, ())]
        parents = [(version.event_type.parents[pair], parent_key(key)) for pair, key in pairs]
        asked = [(entity, key) for entity, wanted in keys.items() for key in wanted]
        pks = {one: history_key(version.history_space, *one) for one in dict.fromkeys((*asked, *parents))}
        items = get_items(self.client, {self.table: list(pks.values())})[self.table]
        sums = {one: sums_of(items[pk]) for one, pk in pks.items() if pk in items}
        found: dict[str, dict[str, StoredSums]] = {entity: {} for entity in keys}
        for entity, key in asked:
            if (entity, key) in sums:
                found[entity][key] = own_sums(sums[entity, key])
        for (pair, key), parent in zip(pairs, parents, strict=True):
            if packed := unpack_pair(sums.get(parent, {}), pair, key):
                found[pair][key] = add_up(found[pair].get(key, {}), packed)
        return found

    def keys(self, version: DetectorVersion, events: Events) -> list[str]:
        """Return the pks of the histories that the events read."""
        return [
            history_key(version.history_space, entity, value)
            for entity, keys in events.entities.items()
            for value in keys.values
        ]

    def pick(
        self, version: DetectorVersion, events: Events, items: Mapping[str, Item]
    ) -> dict[str, dict[str, StoredSums]]:
        """Sort items that were read by pk into entity → key → sums, with what other items have of it."""
        found: dict[str, dict[str, StoredSums]] = {
            entity: {
                value: sums_of(items[pk])
                for value in keys.values
                if (pk := history_key(version.history_space, entity, value)) in items
            }
            for entity, keys in events.entities.items()
        }
        for pair, parent in version.event_type.parents.items():
            for key in events.entities[pair].values:
                if packed := unpack_pair(found[parent].get(parent_key(key), {}), pair, key):
                    found[pair][key] = add_up(found[pair].get(key, {}), packed)
        return found

    def addition(
        self,
        pk: str,
        added: Mapping[str, int],
        expires_s: float,
        stale: Collection[str] = (),
        matured: Matured = NOTHING_MATURED,
        latest: LatestMoved = NOT_MOVED,
    ) -> dict[str, Any]:
        """Return an Update action that adds to a history, forgets stale sums, and puts off the item's expiry.

        ``latest`` is what the addition does to the time of the latest one. Matured events are folded on the way; the
        action fails if they are no longer what was read.
        """
        sums = _fold(added, stale, matured) if matured.steps else added
        # DynamoDB takes each name once: a sum that is stale may be stored and folded into as well.
        removed = [name for name in dict.fromkeys((*stale, *matured.steps)) if name not in sums]
        adding, removing, places = _expression(tuple(sums), tuple(removed))
        values = {place: {"N": str(number)} for place, number in zip(places, sums.values(), strict=True)}
        values[_EXPIRY_PLACE] = {"N": str(int(expires_s))}
        if latest.adds:
            adding = f"{adding}, {latest.adds} {_LATEST_PLACE}" if adding else f"{latest.adds} {_LATEST_PLACE}"
            values[_LATEST_PLACE] = {"N": "1"}
        if latest.removes:
            removing = ", ".join((removing, *latest.removes) if removing else latest.removes)
        remove = f" REMOVE {removing}" if removing else ""
        action: dict[str, Any] = {
            "TableName": self.table,
            "Key": {"pk": {"S": pk}},
            "UpdateExpression": f"SET {EXPIRY} = {_EXPIRY_PLACE} ADD {adding}{remove}",
            "ExpressionAttributeValues": values,
        }
        if matured.steps:
            values |= {f":was_{name}": {"N": str(number)} for name, number in matured.steps.items()}
            action["ConditionExpression"] = " AND ".join(f"{name} = :was_{name}" for name in matured.steps)
        return action

    def read_names(self, pks: Sequence[str]) -> dict[str, Item]:
        """Read items by pk, for the names that they have; absent ones are left out."""
        return get_items(self.client, {self.table: pks})[self.table]

    def add_in_batches(
        self,
        name: str,
        additions: Iterable[tuple[str, Mapping[str, int]]],
        expires_s: float,
        *,
        first_batch: int = 0,
        once: bool = False,
    ) -> Generator[int, None, None]:
        """Add to many histories, given as (pk, sums), a hundred writes at a time and each batch exactly once.

        Yields the number of batches that stand, ever more. ``name`` says what is added: under the same name the same
        additions have to come again, in the same order. A run that was cut short is repeated whole, or without the
        batches before ``first_batch``; other batches that it wrote are found by their marks. What is added ``once``
        in the life of a table need not look for the times that it surpasses there.
        """
        under_way: deque[Future[None]] = deque()
        done = first_batch
        with ThreadPoolExecutor(_WRITERS) as pool:
            for number, batch in enumerate(batched(additions, BATCH_KEYS)):
                if number < first_batch:
                    continue
                under_way.append(pool.submit(self._add_batch, f"{name}#{number}", batch, expires_s, once=once))
                if len(under_way) > _WRITERS:
                    under_way.popleft().result()
                    yield (done := done + 1)
            while under_way:
                under_way.popleft().result()
                yield (done := done + 1)

    def _add_batch(
        self, mark: str, additions: Sequence[tuple[str, Mapping[str, int]]], expires_s: float, *, once: bool
    ) -> None:
        marked = {
            "TableName": self.table,
            "Item": {"pk": {"S": mark}, EXPIRY: {"N": str(int(expires_s))}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        stored = {} if once else self.read_names([pk for pk, _ in additions])
        updates = [
            {"Update": self._addition_of_batch(pk, sums, expires_s, stored.get(pk, ()))} for pk, sums in additions
        ]
        with suppress(ConditionFailedError):  # an earlier run wrote this batch
            write_together(self.client, [{"Put": marked}, *updates])

    def _addition_of_batch(
        self, pk: str, sums: Mapping[str, int], expires_s: float, stored: Iterable[str]
    ) -> dict[str, Any]:
        time_us = latest_us(sums)
        moved = NOT_MOVED if time_us is None else move_latest(stored, time_us)
        return self.addition(pk, without_latest(sums), expires_s, latest=moved)
