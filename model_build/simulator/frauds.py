"""Frauds of six kinds, planned for the whole period: a quota of payments, spread over incidents."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model_build.simulator.payments import (
    MOBILE_APP,
    ONLINE,
    Payments,
    join_payments,
    local_to_utc_second,
    locate,
    pay,
    to_cents,
    usual_second,
)
from model_build.simulator.places import Bools, Ints, proxy_ip
from model_build.simulator.world import DAY_S, FIRST_SECOND, HOUR_S, World

FRAUD_KINDS = (
    "high_amount",
    "compromised_merchant",
    "far_away",
    "card_testing",
    "account_takeover",
    "device_ring",
)
_SHARES = (0.22, 0.2, 0.15, 0.15, 0.14, 0.14)

Generator = np.random.Generator
Commit = Callable[[World, Ints, Generator], Payments]


def count_frauds(rows: int, rng: Generator) -> int:
    """Choose how many of the rows are frauds: 1.0 to 1.2 percent."""
    return round(rows * rng.uniform(0.010, 0.012))


def plan_frauds(world: World, rng: Generator) -> Payments:
    """Make all frauds, as many as the world has fraudsters' devices, sorted by time."""
    edges = np.rint(np.cumsum((0.0, *_SHARES)) * world.fraud_devices).astype(np.int64)
    commits: tuple[Commit, ...] = (_spend_high, _skim, _travel_far, _test_cards, _take_over, _share_devices)
    parts = []
    for kind, commit in enumerate(commits, start=1):
        numbers = np.arange(edges[kind - 1], edges[kind])
        if len(numbers):
            frauds = commit(world, world.first_fraud_device + numbers, rng)
            parts.append(replace(frauds, kind=np.full(len(numbers), kind)))
    if not parts:
        return pay(world, *(np.zeros(0, np.int64),) * 3, rng)
    frauds = join_payments(parts)
    return frauds.take(np.argsort(frauds.second, kind="stable"))


def _group(n: int, low: int, high: int, rng: Generator) -> tuple[Ints, int]:
    """Divide n payments into incidents of low to high payments; returns each one's incident, and how many there are."""
    sizes = rng.integers(low, high + 1, n // low + 1)
    incident = np.repeat(np.arange(len(sizes)), sizes)[:n]
    return incident, int(incident[-1]) + 1


def _random_time(world: World, customer: Ints, incidents: int, incident: Ints, rng: Generator) -> Ints:
    """Start each incident on a day of its own, at an hour at which its customer usually pays."""
    day = rng.integers(0, world.days, incidents)[incident]
    hour = usual_second(world, customer, rng)
    first = np.unique(incident, return_index=True)[1]
    return FIRST_SECOND + DAY_S * day + hour[first][incident]


def _within(world: World, second: Ints) -> Ints:
    """Move payments after the last day back to a moment within it."""
    return np.minimum(second, FIRST_SECOND + DAY_S * world.days - 1 - second % HOUR_S)


def _spread(world: World, length_s: Ints, incident: Ints, rng: Generator) -> Ints:
    """Spread payments evenly over incidents that last for days or weeks, some of them cut off by either end of time."""
    end = DAY_S * world.days
    start = (rng.random(len(length_s)) * end - length_s * rng.uniform(0.0, 0.7, len(length_s))).astype(np.int64)
    low, high = np.maximum(start, 0)[incident], np.minimum(start + length_s, end)[incident]
    return np.asarray(FIRST_SECOND + low + (rng.random(len(incident)) * (high - low)).astype(np.int64), np.int64)


def _from_device(world: World, frauds: Payments, device: Ints, moved: Bools, rng: Generator) -> Payments:
    """Move frauds marked in `moved` to another device, behind a proxy in some other city or near home."""
    n = len(frauds)
    elsewhere = rng.random(n) < 0.5
    latitude, longitude = locate(world, frauds.customer, world.cities.pick(n, rng), elsewhere, rng)
    return replace(
        frauds,
        device=np.where(moved, device, frauds.device),
        ip=np.where(moved, proxy_ip(n, rng), frauds.ip),
        latitude=np.where(moved, latitude, frauds.latitude),
        longitude=np.where(moved, longitude, frauds.longitude),
    )


def _spend_high(world: World, devices: Ints, rng: Generator) -> Payments:
    """One to three purchases at several times the usual amount, half of them from a device never seen before."""
    incident, incidents = _group(len(devices), 1, 3, rng)
    customer = world.customers.pick(incidents, rng)[incident]
    second = _random_time(world, customer, incidents, incident, rng)
    second = _within(world, second + (rng.exponential(5 * HOUR_S, len(second))).astype(np.int64))
    online = (rng.random(incidents) < 0.55)[incident]
    merchant = world.merchants.pick(np.where(online, world.merchants.web, world.customers.city[customer]), rng)
    frauds = pay(world, customer, merchant, second, rng)
    factor = np.exp(np.log(5.0) + 0.5 * rng.standard_normal(len(second)))
    frauds = replace(frauds, cents=to_cents(np.maximum(frauds.cents / 100, 25.0) * factor))
    return _from_device(world, frauds, devices[incident], online & (rng.random(incidents) < 0.6)[incident], rng)


def _skim(world: World, devices: Ints, rng: Generator) -> Payments:
    """For three to six weeks, copies of the cards of a merchant's customers are used there, for everyday amounts."""
    incident, incidents = _group(len(devices), 15, 45, rng)
    merchants = world.merchants
    merchant = rng.integers(0, len(merchants), incidents)[incident]
    second = _spread(world, rng.integers(21, 43, incidents) * DAY_S, incident, rng)
    nearby = world.customers.pick_from(np.minimum(merchants.place[merchant], len(world.cities) - 1), rng)
    anyone = world.customers.pick(len(devices), rng)
    customer = np.where(merchants.is_online(merchant), anyone, nearby)
    second = second // DAY_S * DAY_S + usual_second(world, customer, rng)
    frauds = pay(world, customer, merchant, second, rng)
    return replace(frauds, cents=to_cents(frauds.cents / 100 * 1.6))


def _travel_far(world: World, devices: Ints, rng: Generator) -> Payments:
    """A stolen card, used two to seven times in one or two days in the shops of a city far from its owner's home."""
    incident, incidents = _group(len(devices), 2, 7, rng)
    victim = world.customers.pick(incidents, rng)
    city = world.cities.pick_far(world.customers.city[victim], rng)
    customer = victim[incident]
    second = _random_time(world, customer, incidents, incident, rng)
    second = _within(world, second + rng.integers(0, 40 * HOUR_S, len(second)) * (rng.random(len(second)) < 0.9))
    frauds = pay(world, customer, world.merchants.pick(city[incident], rng), second, rng)
    factor = np.exp(0.3 + 0.4 * rng.standard_normal(len(second)))
    return replace(frauds, cents=to_cents(frauds.cents / 100 * factor))


def _test_cards(world: World, devices: Ints, rng: Generator) -> Payments:
    """Bursts of four to twelve charges of a few dollars at one online merchant: one device, up to three cards."""
    n = len(devices)
    incident, incidents = _group(n, 4, 12, rng)
    cards = world.customers.pick(3 * incidents, rng).reshape(incidents, 3)
    used = rng.integers(1, 4, incidents)[incident]
    customer = cards[incident, (rng.random(n) * used).astype(np.int64)]
    merchant = world.merchants.pick_online(("digital_goods", "games", "subscription", "transit"), incidents, rng)
    start = rng.integers(0, DAY_S * world.days, incidents)
    length_s = rng.integers(120, 2_400, incidents)
    second = _within(world, FIRST_SECOND + start[incident] + (rng.random(n) * length_s[incident]).astype(np.int64))
    frauds = pay(world, customer, merchant[incident], second, rng)
    frauds = replace(frauds, cents=rng.integers(50, 600, n), channel=np.full(n, ONLINE))
    known = (rng.random(incidents) < 0.2)[incident]  # malware: the charges come from the customer's own device
    return _from_device(world, frauds, devices[incident], ~known, rng)


def _take_over(world: World, devices: Ints, rng: Generator) -> Payments:
    """One to five purchases in an hour or two, from a new device, at an hour at which the customer sleeps."""
    n = len(devices)
    incident, incidents = _group(n, 1, 5, rng)
    victim = world.customers.pick(incidents, rng)
    hour = world.customers.usual_hour[victim] + 12.0 + 2.0 * rng.standard_normal(incidents)
    start = rng.integers(0, world.days, incidents) * DAY_S + local_to_utc_second(world, victim, hour)
    second = _within(world, FIRST_SECOND + start[incident] + rng.integers(0, 5_400, n))
    goods = ("gift_cards", "electronics", "marketplace", "digital_goods", "clothing")
    frauds = pay(world, victim[incident], world.merchants.pick_online(goods, n, rng), second, rng)
    factor = np.exp(0.4 + 0.4 * rng.standard_normal(n))
    channel = np.where(frauds.channel == MOBILE_APP, MOBILE_APP, ONLINE)
    frauds = replace(frauds, cents=to_cents(frauds.cents / 100 * factor), channel=channel)
    return _from_device(world, frauds, devices[incident], np.ones(n, np.bool_), rng)


def _share_devices(world: World, devices: Ints, rng: Generator) -> Payments:
    """Rings: four to eight accounts that pay from the same one to three devices, at a few merchants, for weeks."""
    n = len(devices)
    incident, incidents = _group(n, 8, 30, rng)
    accounts = world.customers.pick(8 * incidents, rng).reshape(incidents, 8)
    customer = accounts[incident, (rng.random(n) * rng.integers(4, 9, incidents)[incident]).astype(np.int64)]
    shops = world.merchants.pick(np.full((incidents, 4), world.merchants.web), rng)
    merchant = shops[incident, rng.integers(0, 4, n)]
    second = _spread(world, rng.integers(10, 40, incidents) * DAY_S, incident, rng)
    second = second // DAY_S * DAY_S + usual_second(world, customer, rng)
    frauds = pay(world, customer, merchant, second, rng)
    number = (rng.random(n) * rng.integers(1, 4, incidents)[incident]).astype(np.int64)
    first = np.searchsorted(incident, np.arange(incidents))[incident]
    frauds = replace(frauds, cents=to_cents(frauds.cents / 100 * 1.25))
    shared = devices[np.minimum(first + number, n - 1)]
    return _from_device(world, frauds, shared, np.ones(n, np.bool_), rng)
