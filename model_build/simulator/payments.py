"""Payments as columns, and those of honest customers: mostly habits, with occasional exceptions."""

from dataclasses import dataclass, fields, replace

import numpy as np

from model_build.simulator.customers import DEVICES_EACH
from model_build.simulator.places import Bools, Floats, Ints, carrier_ip, city_ip, home_ip, proxy_ip, terminal_ip
from model_build.simulator.world import DAY_S, FIRST_SECOND, HOUR_S, World

CHANNELS = ("card_present", "contactless", "online", "mobile_app")
CARD_PRESENT, CONTACTLESS, ONLINE, MOBILE_APP = range(4)
_MAX_CENTS = 2_500_000
_FAVORITE = 0.75  # share of payments that go to a favorite merchant
_LARGE = 0.006  # share of payments that are several times the usual amount
_AGAIN = 0.008  # share of payments that begin a burst at one merchant


@dataclass(frozen=True)
class Payments:
    """Columns of shape (n,): seconds since 1970, cents, numbers of customer, merchant, device, IPv4 address as an
    integer, degrees, index into CHANNELS, and the kind of fraud (0: none).
    """

    second: Ints
    cents: Ints
    customer: Ints
    merchant: Ints
    device: Ints
    ip: Ints
    latitude: Floats
    longitude: Floats
    channel: Ints
    kind: Ints

    def __len__(self) -> int:
        return len(self.second)

    def take(self, index: Ints | slice) -> "Payments":
        """Select rows, in the order of `index`."""
        return Payments(*(getattr(self, field.name)[index] for field in fields(self)))


def join_payments(parts: list[Payments]) -> Payments:
    """Put payments one after another."""
    names = [field.name for field in fields(Payments)]
    return Payments(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def to_cents(dollars: Floats) -> Ints:
    """Round to the cent, and keep between half a dollar and 25,000 dollars."""
    return np.clip(np.rint(dollars * 100), 50, _MAX_CENTS).astype(np.int64)


def usual_second(world: World, customer: Ints, rng: np.random.Generator) -> Ints:
    """Draw the second of the UTC day, shape (n,), at which each customer pays; one in twenty-five at any hour."""
    customers = world.customers
    n = len(customer)
    habit = customers.usual_hour[customer] + customers.hour_spread[customer] * rng.standard_normal(n)
    hour = np.where(rng.random(n) < 0.04, rng.uniform(0.0, 24.0, n), habit)
    return local_to_utc_second(world, customer, hour)


def local_to_utc_second(world: World, customer: Ints, hour: Floats) -> Ints:
    """Turn hours of the customers' local day into seconds of the UTC day."""
    utc_hour = hour + world.cities.hours_behind_utc[world.customers.city[customer]]
    return (np.mod(utc_hour, 24.0) * HOUR_S).astype(np.int64) % DAY_S


def pay(world: World, customer: Ints, merchant: Ints, second: Ints, rng: np.random.Generator) -> Payments:
    """Make payments of customers to merchants at given seconds, all of shape (n,), as each customer usually pays."""
    day = (second - FIRST_SECOND) // DAY_S
    dollars = world.merchants.price[merchant] * world.customers.spend[customer]
    cents = to_cents(dollars * np.exp(0.45 * rng.standard_normal(len(second))))
    channel = _choose_channel(world, customer, merchant, cents, rng)
    device = _choose_device(world, customer, channel, day, rng)
    ip, latitude, longitude = _connect(world, customer, merchant, channel, day, rng)
    kind = np.zeros(len(second), np.int64)
    return Payments(second, cents, customer, merchant, device, ip, latitude, longitude, channel, kind)


def _choose_channel(world: World, customer: Ints, merchant: Ints, cents: Ints, rng: np.random.Generator) -> Ints:
    luck = rng.random(len(customer))
    # few terminals take a large amount without the chip
    tap = luck < np.where(cents < 10_000, world.customers.tap_share[customer], 0.1)
    app = luck < world.customers.app_share[customer]
    in_shop, remote = np.where(tap, CONTACTLESS, CARD_PRESENT), np.where(app, MOBILE_APP, ONLINE)
    return np.where(world.merchants.is_online(merchant), remote, in_shop)


def _choose_device(world: World, customer: Ints, channel: Ints, day: Ints, rng: np.random.Generator) -> Ints:
    customers, card = world.customers, DEVICES_EACH * customer
    phone = card + np.where(day >= customers.next_phone_day[customer], 3, 1)
    laptop = np.where(customers.laptop[customer] % DEVICES_EACH == 1, phone, customers.laptop[customer])
    tapped = np.where(customers.phone_tap[customer], phone, card)
    public = world.first_public_device + rng.integers(0, world.public_devices, len(customer))
    remote = np.where(rng.random(len(customer)) < 0.015, public, laptop)
    return np.choose(channel, [card, tapped, remote, phone])


def _connect(
    world: World, customer: Ints, merchant: Ints, channel: Ints, day: Ints, rng: np.random.Generator
) -> tuple[Ints, Floats, Floats]:
    """Find where a payment comes from: the shop's terminal, home, the phone's network, a hotel, or a proxy."""
    in_shop, away = channel <= CONTACTLESS, world.customers.is_traveling(customer, day)
    n, mobile = len(customer), rng.random(len(customer)) < np.where(channel == MOBILE_APP, 0.6, 0.1)
    city = np.where(away, world.customers.trip_city[customer], world.customers.city[customer])
    hidden = world.customers.uses_proxy[customer] & (rng.random(n) < 0.5)
    remote_ip = np.where(away, city_ip(city, rng), home_ip(world.customers.network[customer], customer, day))
    remote_ip = np.where(mobile, carrier_ip(city, rng), remote_ip)
    remote_ip = np.where(hidden, proxy_ip(n, rng), remote_ip)
    ip = np.where(in_shop, terminal_ip(merchant, rng), remote_ip)
    latitude, longitude = locate(world, customer, np.where(hidden, world.cities.pick(n, rng), city), away | hidden, rng)
    shops = world.merchants
    return (
        ip,
        np.where(in_shop, shops.latitude[merchant], latitude),
        np.where(in_shop, shops.longitude[merchant], longitude),
    )


def locate(
    world: World, customer: Ints, city: Ints, elsewhere: Bools, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return where addresses seem to be: near the customer's home, or in `city` where `elsewhere` is true."""
    n, customers, cities = len(customer), world.customers, world.cities
    latitude = np.where(elsewhere, cities.latitude[city], customers.latitude[customer])
    longitude = np.where(elsewhere, cities.longitude[city], customers.longitude[customer])
    return np.round(latitude + 0.03 * rng.standard_normal(n), 4), np.round(longitude + 0.03 * rng.standard_normal(n), 4)


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
    away = customers.is_traveling(customer, np.full(n, day))
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
    return replace(payments, cents=np.minimum(np.rint(payments.cents * factor).astype(np.int64), _MAX_CENTS))


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
    cents = np.where(again, np.clip(amount, 50, _MAX_CENTS), payments.cents)
    return replace(payments.take(source), second=second, cents=cents)
