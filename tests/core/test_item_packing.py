"""Sums of a pair are packed into its parent's item or lie apart: they read the same, and the item stays small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tollgate.core.events.event import PAIR_SEPARATOR, parent_key
from tollgate.core.history.item_packing import pack_pairs, unpack_pair
from tollgate.core.history.plan import plan_history
from tollgate.core.history.stored import StoredSums, add_to_all, add_up, stale_names

from tests.core.one_by_one import PAYMENT, fold, make_events
from tests.fakes.item_size import item_bytes

DAY_S = 86_400.0
# As many half-lives as the detector of the Handbook has: two more than the sample's, and larger items.
PLAN = plan_history(PAYMENT, tuple(days * DAY_S for days in (0.25, 1, 3, 7, 30, 120)))
BEGIN_S = 20_454 * DAY_S
PAIR = "customer_device"


def keys_of(device: str) -> dict[str, str]:
    return {"customer": "c", "device": device, PAIR: f"c{PAIR_SEPARATOR}{device}"}


def pay(
    stored: dict[str, dict[str, StoredSums]], device: str, time_s: float, amount: float = 19.99
) -> dict[str, StoredSums]:
    """Add a payment to stored histories, tidily; return what it added, by entity."""
    event = make_events([time_s], ["c"], amounts=[amount], devices=[device], places=[(52.5, 13.4)])
    added: dict[str, StoredSums] = dict(add_to_all(PLAN, event, 0.0))
    entities = keys_of(device)
    for entity, sums in pack_pairs(PAYMENT, entities, stored, added).items():
        whole = dict(stored[entity].get(entities[entity], {}))
        fold(PLAN, entity, whole, time_s)
        for name in stale_names(PLAN, list(whole), time_s):
            del whole[name]
        stored[entity][entities[entity]] = add_up(whole, sums)
    return added


def read_pair(stored: dict[str, dict[str, StoredSums]], device: str) -> dict[str, int]:
    key = keys_of(device)[PAIR]
    return add_up(stored[PAIR].get(key, {}), unpack_pair(stored["customer"].get(parent_key(key), {}), PAIR, key))


# From day 19,140 to 19,270 the epochs of nearly all half-lives begin anew: nearly every sum has two.
@pytest.mark.parametrize("first_day", [20_454, 19_140], ids=["most days", "the fullest day"])
def test_a_busy_host_stays_below_a_kilobyte(first_day: int) -> None:
    stored, random = empty(), np.random.default_rng(0)
    sizes = []
    for time_s in np.sort(random.uniform(first_day, first_day + 130, 600)) * DAY_S:
        pay(stored, f"d{random.integers(60)}", float(time_s), amount=float(np.round(random.lognormal(4, 1.2), 2)))
        item = {name: {"N": str(number)} for name, number in stored["customer"]["c"].items()}
        sizes.append(item_bytes({"pk": {"S": "payments.0123abcd#customer#c000123456789012"}, **item}))
    assert 600 < max(sizes) < 1024


def empty() -> dict[str, dict[str, StoredSums]]:
    return {"customer": {}, "device": {}, PAIR: {}}


def test_a_pair_is_packed_while_there_is_room_and_lies_apart_when_there_is_none() -> None:
    stored, wanted = empty(), dict[str, dict[str, int]]()
    for n in range(60):
        added = pay(stored, f"d{n}", BEGIN_S + n)
        wanted[f"d{n}"] = dict(added[PAIR])
    assert {device: read_pair(stored, device) for device in wanted} == wanted
    apart = set(stored[PAIR])
    assert 5 <= 60 - len(apart) < 30
    assert f"c{PAIR_SEPARATOR}d0" not in apart
    assert f"c{PAIR_SEPARATOR}d59" in apart
    item = {name: {"N": str(number)} for name, number in stored["customer"]["c"].items()}
    assert 512 < item_bytes({"pk": {"S": "payments.0123abcd#customer#c000123456789012"}, **item}) < 800


def test_a_part_may_lie_with_the_host_and_another_apart() -> None:
    together, parted = empty(), empty()
    for n in range(4):
        pay(together, "d", BEGIN_S + n)
        (pay if n % 2 else _pay_apart)(parted, "d", BEGIN_S + n)
    assert parted[PAIR]
    assert parted[PAIR] != {keys_of("d")[PAIR]: read_pair(parted, "d")}
    assert read_pair(parted, "d") == read_pair(together, "d")


def _pay_apart(stored: dict[str, dict[str, StoredSums]], device: str, time_s: float) -> object:
    """Record a payment whose histories could not be read: nothing is packed into an item of unknown size."""
    event = make_events([time_s], ["c"], amounts=[19.99], devices=[device], places=[(52.5, 13.4)])
    added: dict[str, Any] = add_to_all(PLAN, event, 0.0)
    items = pack_pairs(PAYMENT, keys_of(device), {}, added)
    assert items == added
    for entity, sums in items.items():
        key = keys_of(device)[entity]
        stored[entity][key] = add_up(stored[entity].get(key, {}), sums)
    return added


def test_what_nobody_can_read_any_more_makes_room_again() -> None:
    stored = empty()
    for n in range(60):
        pay(stored, f"d{n}", BEGIN_S + n)
    for n in range(2):  # the first finds the item full, and tidies it
        pay(stored, "d0", BEGIN_S + 10 * DAY_S + n)
    hourly = [name for name in stored["customer"]["c"] if name.startswith("n0")]
    assert len(hourly) == 2, "the customer's own, and that of the pair that came back"


def test_two_pairs_of_one_host_are_told_apart() -> None:
    added: dict[str, StoredSums] = {"customer": {"n0a": 1}, "device": {"n0a": 1}, PAIR: {"n0a": 5}}
    item = pack_pairs(PAYMENT, keys_of("d1"), empty(), added)["customer"]
    assert unpack_pair(item, PAIR, keys_of("d1")[PAIR]) == {"n0a": 5}
    assert unpack_pair(item, PAIR, keys_of("d2")[PAIR]) == {}
    assert unpack_pair(item, "customer_merchant", keys_of("d1")[PAIR]) == {}


def test_a_pair_that_counts_open_events_is_not_packed() -> None:
    added = {"customer": {"n0a": 1}, PAIR: {"n0a": 1, "p0abc": 1}}
    assert pack_pairs(PAYMENT, {"customer": "c", PAIR: "c\x1fd"}, empty(), added) == added


@pytest.mark.parametrize("missing", ["customer", PAIR])
def test_an_event_without_host_or_pair_adds_to_what_it_has(missing: str) -> None:
    entities = {name: key for name, key in keys_of("d").items() if name != missing}
    added = {entity: {"n0a": 1} for entity in entities}
    assert pack_pairs(PAYMENT, entities, empty(), added) == added
