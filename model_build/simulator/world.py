"""World of one simulation: its size follows the requested rows, and it stays the same throughout."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from model_build.simulator.customers import DEVICES_EACH, Customers, create_customers
from model_build.simulator.merchants import Merchants, create_merchants
from model_build.simulator.places import Cities, choose_cities

DAY_S = 86_400
HOUR_S = 3_600
FIRST_SECOND = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class World:
    """Cities, merchants and customers, the days that are simulated, and how many devices are shared or fraudsters'."""

    days: int
    cities: Cities
    merchants: Merchants
    customers: Customers
    public_devices: int
    fraud_devices: int

    @property
    def first_public_device(self) -> int:
        """The number of the first device that is nobody's: hotel computers, a friend's phone."""
        return DEVICES_EACH * len(self.customers)

    @property
    def first_fraud_device(self) -> int:
        """The number of the first device that belongs to a fraudster."""
        return self.first_public_device + self.public_devices

    @property
    def devices(self) -> int:
        """How many device numbers are in use."""
        return self.first_fraud_device + self.fraud_devices


def build_world(rows: int, frauds: int, rng: np.random.Generator) -> World:
    """Make the world for `rows` payments: about 67 for each customer and 167 for each merchant, in 90 to 120 days."""
    days = int(np.clip(90 + 10 * np.log10(max(rows, 1000) / 1000), 90, 120))
    count = max(20, rows * 3 // 200)
    cities = choose_cities(count)
    merchants = create_merchants(max(40, rows * 3 // 500), cities, rng)
    customers = create_customers(count, days, cities, merchants, rng)
    return World(days, cities, merchants, customers, public_devices=max(2, count // 20), fraud_devices=frauds)
