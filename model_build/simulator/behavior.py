"""Behavior of honest customers on one day: mostly habits, with occasional exceptions."""

from dataclasses import replace

import numpy as np

from model_build.simulator.payments import Payments, pay, usual_second
from model_build.simulator.places import Bools, Ints
from model_build.simulator.world import DAY_S, FIRST_SECOND, World

_FAVORITE = 0.75  # share of payments that go to a favourite merchant
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
    favourite = np.where(
        online, _pick_column(customers.web, customer, rng), _pick_column(customers.near, customer, rng)
    )
    explores: Bools = (rng.random(n) > _FAVORITE) | (away & ~online)
    return np.where(explores, anywhere, favourite)


def _pick_column(table: Ints, row: Ints, rng: np.random.Generator) -> Ints:
    """Draw from each row of a table of favourites, the first ones more often."""
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
