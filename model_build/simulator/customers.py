"""Customers: home, habits of payment, and devices."""

from dataclasses import dataclass

import numpy as np

from model_build.simulator.merchants import Merchants
from model_build.simulator.places import Bools, Cities, Floats, Ints

NEVER = 1_000_000  # a day that does not come
DEVICES_EACH = 4  # numbers kept for a customer: card, phone, laptop, next phone
_NEAR, _WEB = 8, 4  # favorite shops, favorite online merchants


@dataclass(frozen=True)
class Customers:
    """Arrays of shape (c,), one entry a customer; `near` is (c, 8) and `web` is (c, 4) favorite merchants.

    `spend` multiplies a merchant's price; `activity` is cumulative payments a day; hours are local; shares lie in 0..1;
    days count from the first day of the simulation.
    """

    city: Ints
    latitude: Floats
    longitude: Floats
    spend: Floats
    activity: Floats
    usual_hour: Floats
    hour_spread: Floats
    online_share: Floats
    app_share: Floats
    tap_share: Floats
    phone_tap: Bools
    uses_proxy: Bools
    laptop: Ints
    next_phone_day: Ints
    trip_first_day: Ints
    trip_last_day: Ints
    trip_city: Ints
    network: Ints
    near: Ints
    web: Ints

    def __len__(self) -> int:
        return len(self.city)

    def pick(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw n customers, active ones more often: shape (n,)."""
        found = np.searchsorted(self.activity, rng.random(n) * self.activity[-1], side="right")
        return np.asarray(np.minimum(found, len(self) - 1), np.int64)

    def pick_from(self, city: Ints, rng: np.random.Generator) -> Ints:
        """Draw one customer of each city, shape (n,); any customer where a city has none."""
        order = np.argsort(self.city, kind="stable")
        first = np.searchsorted(self.city[order], city, side="left")
        last = np.searchsorted(self.city[order], city, side="right")
        chosen = order[np.minimum(first + (rng.random(len(city)) * (last - first)).astype(np.int64), len(self) - 1)]
        return np.where(last > first, chosen, self.pick(len(city), rng))

    def is_traveling(self, customer: Ints, day: Ints) -> Bools:
        """Return for each payment, shape (n,), whether its customer is away from home that day."""
        return np.asarray((self.trip_first_day[customer] <= day) & (day <= self.trip_last_day[customer]))


def create_customers(
    count: int, days: int, cities: Cities, merchants: Merchants, rng: np.random.Generator
) -> Customers:
    """Make `count` customers for a simulation of `days` days."""
    city = cities.pick(count, rng)
    night_owl = rng.random(count) < 0.05
    trip_first_day, trip_last_day = _plan_trips(count, days, rng)
    return Customers(
        city=city,
        latitude=cities.latitude[city] + 0.08 * rng.standard_normal(count),
        longitude=cities.longitude[city] + 0.10 * rng.standard_normal(count),
        spend=np.exp(0.4 * rng.standard_normal(count)),
        activity=np.cumsum(np.exp(0.6 * rng.standard_normal(count))),
        usual_hour=np.where(night_owl, 23.0, 14.5 + 2.0 * rng.standard_normal(count)),
        hour_spread=rng.uniform(2.0, 4.0, count),
        online_share=rng.beta(2.0, 4.0, count),
        app_share=rng.beta(2.0, 3.0, count),
        tap_share=rng.beta(4.0, 2.0, count),
        phone_tap=rng.random(count) < 0.4,
        uses_proxy=rng.random(count) < 0.03,
        laptop=_assign_laptops(count, rng),
        next_phone_day=np.where(rng.random(count) < 0.15, rng.integers(0, days, count), NEVER),
        trip_first_day=trip_first_day,
        trip_last_day=trip_last_day,
        trip_city=cities.pick_far(city, rng),
        network=rng.integers(0, 1 << 16, count),
        near=merchants.pick(np.repeat(city[:, None], _NEAR, axis=1), rng),
        web=merchants.pick(np.full((count, _WEB), merchants.web), rng),
    )


def _plan_trips(count: int, days: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Send a fifth of the customers away once, for two to eight days."""
    first = np.where(rng.random(count) < 0.2, rng.integers(0, days, count), NEVER)
    return first, first + rng.integers(1, 8, count)


def _assign_laptops(count: int, rng: np.random.Generator) -> Ints:
    """Give a laptop to most: some use another customer's (a household), the others have only a phone."""
    own = np.arange(count)
    luck = rng.random(count)
    owner = np.where(luck < 0.06, (own // 2) * 2, own)  # the even neighbor's laptop
    only_phone = luck > 0.75
    return DEVICES_EACH * owner + np.where(only_phone, 1, 2)
