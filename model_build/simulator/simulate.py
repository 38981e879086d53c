"""Simulation of honest customers and fraudsters, one day at a time, so that memory holds the world and one day.

Honest customers mostly follow their habits, with occasional exceptions.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from model_build.simulator.frauds import count_frauds, plan_frauds
from model_build.simulator.payments import Payments, join_payments, pay, usual_second
from model_build.simulator.places import Bools, Ints
from model_build.simulator.world import DAY_S, FIRST_SECOND, World, build_world

# Thursday first, as 1 January 2026 was: people pay most on Friday and Saturday
_WEEK = (1.0, 1.15, 1.2, 0.9, 0.9, 0.92, 0.95)
_FAVORITE = 0.75  # share of payments that go to a favorite merchant
_LARGE = 0.006  # share of payments that are several times the usual amount
_AGAIN = 0.008  # share of payments that begin a burst at one merchant


def pay_for_a_day(world: World, day: int, n: int, rng: np.random.Generator) -> Payments:
    """Make the n legitimate payments of a day, in no order."""
    customer = world.customers.pick(n, rng)
    second = FIRST_SECOND + DAY_S * day + usual_second(world, customer, rng)
    merchant = _choose_merchant(world, customer, day, rng)
    payments = pay(world, customer, merchant, second, rng)
    return _pay_again(_buy_something_large(payments, rng), rng)


def _choose_merchant(world: World, customer: Ints, day: int, rng: np.random.Generator) -> Ints:
    customers, merchants, n = world.customers, world.merchants, len(customer)
    online = rng.random(n) < customers.online_share[customer]
    away = customers.is_travelling(customer, np.full(n, day))
    city = np.where(away, customers.trip_city[customer], customers.city[customer])
    anywhere = merchants.pick(np.where(online, merchants.web, city), rng)
    favorite = np.where(online, _pick_column(customers.web, customer, rng), _pick_column(customers.near, customer, rng))
    explores: Bools = (rng.random(n) > _FAVORITE) | (away & ~online)
    return np.where(explores, anywhere, favorite)


def _pick_column(table: Ints, row: Ints, rng: np.random.Generator) -> Ints:
    """Draw from each row of a table of favorites, the first ones more often."""
    column = (table.shape[1] * rng.random(len(row)) ** 2).astype(np.int64)
    return np.asarray(table[row, column], np.int64)


def _buy_something_large(payments: Payments, rng: np.random.Generator) -> Payments:
    n = len(payments)
    factor = np.where(rng.random(n) < _LARGE, rng.uniform(2.0, 8.0, n), 1.0)
    return replace(payments, cents=np.minimum(np.rint(payments.cents * factor).astype(np.int64), 2_500_000))


def _pay_again(payments: Payments, rng: np.random.Generator) -> Payments:
    """Turn some payments into bursts: the one before them again, minutes later, for another amount."""
    n = len(payments)
    position, block = np.arange(n), np.arange(n) // 4
    again = (rng.random(n // 4 + 1) < _AGAIN)[block] & (rng.random(n) < 0.8) & (position > 0)
    source = np.maximum.accumulate(np.where(again, 0, position))
    minutes = rng.uniform(1.0, 12.0, n) * (position - source)
    last = payments.second[source] // DAY_S * DAY_S + DAY_S - 1
    second = np.minimum(payments.second[source] + (60 * minutes).astype(np.int64), last)
    amount = np.rint(payments.cents[source] * rng.uniform(0.6, 1.5, n)).astype(np.int64)
    cents = np.where(again, np.clip(amount, 50, 2_500_000), payments.cents)
    return replace(payments.take(source), second=second, cents=cents)


def simulate(rows: int, seed: int) -> tuple[World, Iterator[Payments]]:
    """Make the world, and an iterator over its days: each day's payments sorted by time, `rows` of them in all.

    Raises ValueError when rows < 1 or the seed is negative.
    """
    if rows < 1:
        raise ValueError(f"The number of rows must be at least 1, not {rows}.")
    if seed < 0:
        raise ValueError(f"The seed must not be negative, and {seed} is.")
    root = np.random.SeedSequence(seed)
    rng = np.random.Generator(np.random.PCG64(root))
    world = build_world(rows, count_frauds(rows, rng), rng)
    frauds = plan_frauds(world, rng)
    return world, _simulate_days(world, frauds, _count_a_day(world, rows - len(frauds), rng), root)


def _simulate_days(world: World, frauds: Payments, counts: Ints, root: np.random.SeedSequence) -> Iterator[Payments]:
    edges = np.searchsorted(frauds.second, FIRST_SECOND + DAY_S * np.arange(world.days + 1))
    for day, (count, own) in enumerate(zip(counts, root.spawn(world.days), strict=True)):
        rng = np.random.Generator(np.random.PCG64(own))
        payments = pay_for_a_day(world, day, int(count), rng)
        payments = join_payments([payments, frauds.take(slice(edges[day], edges[day + 1]))])
        yield payments.take(np.argsort(payments.second, kind="stable"))


def _count_a_day(world: World, total: int, rng: np.random.Generator) -> Ints:
    """Divide the legitimate payments over the days, by weekday and a little chance: shape (days,), sum `total`."""
    weight = np.resize(_WEEK, world.days) * rng.uniform(0.95, 1.05, world.days)
    reached = np.rint(np.cumsum(weight) / weight.sum() * total).astype(np.int64)
    return np.asarray(np.diff(reached, prepend=0), np.int64)
