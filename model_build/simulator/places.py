"""Cities of the sample payments, and the IP addresses there.

The cities are real, so that maps look right. The IPv4 addresses are integers from ranges reserved for private use,
carriers and benchmarks, so that none is real.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EARTH_RADIUS_KM = 6371.0
FAR_KM = 500.0

_HOMES = 10 << 24  # 10.0.0.0/8
_CARRIERS = (100 << 24) + (64 << 16)  # 100.64.0.0/10
_TERMINALS = (172 << 24) + (16 << 16)  # 172.16.0.0/12
_PROXIES = (198 << 24) + (18 << 16)  # 198.18.0.0/15
_HOTELS = 192 * (1 << 24) + (168 << 16)  # 192.168.0.0/16

# name, latitude, longitude, hours behind UTC (winter), inhabitants in thousands; the largest first
_CITIES = (
    ("New York", 40.7128, -74.0060, 5, 8336),
    ("Los Angeles", 34.0522, -118.2437, 8, 3822),
    ("Chicago", 41.8781, -87.6298, 6, 2665),
    ("Houston", 29.7604, -95.3698, 6, 2303),
    ("Phoenix", 33.4484, -112.0740, 7, 1644),
    ("Philadelphia", 39.9526, -75.1652, 5, 1567),
    ("San Antonio", 29.4241, -98.4936, 6, 1472),
    ("San Diego", 32.7157, -117.1611, 8, 1381),
    ("Dallas", 32.7767, -96.7970, 6, 1300),
    ("Jacksonville", 30.3322, -81.6557, 5, 971),
    ("Columbus", 39.9612, -82.9988, 5, 908),
    ("Charlotte", 35.2271, -80.8431, 5, 897),
    ("Indianapolis", 39.7684, -86.1581, 5, 880),
    ("San Francisco", 37.7749, -122.4194, 8, 808),
    ("Seattle", 47.6062, -122.3321, 8, 749),
    ("Denver", 39.7392, -104.9903, 7, 713),
    ("Oklahoma City", 35.4676, -97.5164, 6, 694),
    ("Nashville", 36.1627, -86.7816, 6, 684),
    ("Washington", 38.9072, -77.0369, 5, 672),
    ("Las Vegas", 36.1699, -115.1398, 8, 656),
    ("Boston", 42.3601, -71.0589, 5, 651),
    ("Portland", 45.5152, -122.6784, 8, 635),
    ("Memphis", 35.1495, -90.0490, 6, 621),
    ("Albuquerque", 35.0844, -106.6504, 7, 561),
    ("Atlanta", 33.7490, -84.3880, 5, 499),
    ("Kansas City", 39.0997, -94.5786, 6, 509),
    ("Miami", 25.7617, -80.1918, 5, 449),
    ("Minneapolis", 44.9778, -93.2650, 6, 425),
    ("New Orleans", 29.9511, -90.0715, 6, 370),
    ("Honolulu", 21.3069, -157.8583, 10, 343),
)


@dataclass(frozen=True)
class Cities:
    """The cities of one simulation: arrays of shape (k,), and for every city the list of those far from it."""

    latitude: Floats
    longitude: Floats
    hours_behind_utc: Floats
    share: Floats
    far: tuple[Ints, ...]

    def __len__(self) -> int:
        return len(self.share)

    def pick(self, n: int, rng: np.random.Generator) -> Ints:
        """Draw n cities, large ones more often: shape (n,)."""
        return rng.choice(len(self), size=n, p=self.share)

    def pick_far(self, city: Ints, rng: np.random.Generator) -> Ints:
        """Draw for each city, shape (n,), another one that is more than 500 km away."""
        luck = rng.random(len(city))
        table = np.full((len(self), len(self)), -1, np.int64)
        for row, others in enumerate(self.far):
            table[row, : len(others)] = others
        choices = np.array([len(others) for others in self.far])
        return np.asarray(table[city, (luck * choices[city]).astype(np.int64)], np.int64)


def distance_km(latitude_a: Floats, longitude_a: Floats, latitude_b: Floats, longitude_b: Floats) -> Floats:
    """Great-circle distances in kilometers between points in degrees (haversine formula)."""
    lat_a, lat_b = np.radians(latitude_a), np.radians(latitude_b)
    half_lat, half_lon = (lat_b - lat_a) / 2, np.radians(longitude_b - longitude_a) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord)), np.float64)


def choose_cities(customers: int) -> Cities:
    """Take the largest cities: three for a handful of customers, all for some thousands."""
    count = int(np.clip(customers // 60, 3, len(_CITIES)))
    columns = np.array([city[1:] for city in _CITIES[:count]], np.float64).T
    latitude, longitude, hours, inhabitants = columns
    # the square root keeps the largest city from holding half of everything
    share = np.sqrt(inhabitants) / np.sqrt(inhabitants).sum()
    apart = distance_km(latitude[:, None], longitude[:, None], latitude[None, :], longitude[None, :])
    far = tuple(np.flatnonzero(row > FAR_KM) for row in apart)
    return Cities(latitude, longitude, hours, share, far)


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
    """Draw n addresses of proxies and data centers, used by honest customers and fraudsters alike."""
    return _PROXIES + rng.integers(0, 8_192, n)
