"""IPv4 addresses as integers, from ranges reserved for private use, carriers and benchmarks, so that none is real."""

import numpy as np

from model_build.simulator.places import Ints

_HOMES = 10 << 24  # 10.0.0.0/8
_CARRIERS = (100 << 24) + (64 << 16)  # 100.64.0.0/10
_TERMINALS = (172 << 24) + (16 << 16)  # 172.16.0.0/12
_PROXIES = (198 << 24) + (18 << 16)  # 198.18.0.0/15
_HOTELS = 192 * (1 << 24) + (168 << 16)  # 192.168.0.0/16


def home_ip(network: Ints, customer: Ints, day: Ints) -> Ints:
    """Give each customer an address of its home network, another one every twelve days."""
    return _HOMES + network * 256 + (customer * 7 + (day // 12) * 37) % 254 + 1


def carrier_ip(city: Ints, rng: np.random.Generator) -> Ints:
    """Draw one of the 16,384 addresses that a city's telephone carriers use."""
    return _CARRIERS + city * 16_384 + rng.integers(0, 16_384, len(city))


def city_ip(city: Ints, rng: np.random.Generator) -> Ints:
    """Draw one of the 250 addresses of a city's hotels and cafés."""
    return _HOTELS + city * 256 + rng.integers(1, 251, len(city))


def terminal_ip(merchant: Ints, rng: np.random.Generator) -> Ints:
    """Draw one of the three terminals of each merchant."""
    return _TERMINALS + (merchant * 4 + rng.integers(0, 3, len(merchant))) % (1 << 20)


def proxy_ip(n: int, rng: np.random.Generator) -> Ints:
    """Draw n addresses of proxies and data centres, used by honest customers and fraudsters alike."""
    return _PROXIES + rng.integers(0, 8_192, n)
