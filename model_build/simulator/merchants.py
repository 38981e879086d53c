"""Merchants: category, location and prices."""

from dataclasses import dataclass

import numpy as np

from model_build.simulator.places import Bools, Cities, Floats, Ints

# category, usual amount in dollars, how often in a shop, how often online
_CATEGORIES = (
    ("grocery", 36.0, 0.26, 0.05),
    ("restaurant", 27.0, 0.17, 0.05),
    ("coffee", 6.5, 0.12, 0.0),
    ("fuel", 41.0, 0.11, 0.0),
    ("transit", 4.2, 0.06, 0.05),
    ("pharmacy", 18.0, 0.08, 0.03),
    ("clothing", 54.0, 0.07, 0.13),
    ("electronics", 150.0, 0.03, 0.09),
    ("home", 72.0, 0.05, 0.06),
    ("jewellery", 230.0, 0.01, 0.02),
    ("hotel", 190.0, 0.02, 0.03),
    ("airline", 290.0, 0.0, 0.02),
    ("entertainment", 26.0, 0.02, 0.07),
    ("marketplace", 33.0, 0.0, 0.16),
    ("subscription", 13.0, 0.0, 0.08),
    ("digital_goods", 8.0, 0.0, 0.08),
    ("games", 5.0, 0.0, 0.05),
    ("gift_cards", 45.0, 0.0, 0.03),
)
CATEGORIES = tuple(row[0] for row in _CATEGORIES)
_USUAL, _IN_SHOP, _ONLINE = (np.array(column, np.float64) for column in list(zip(*_CATEGORIES, strict=True))[1:])


@dataclass(frozen=True)
class Merchants:
    """Arrays of shape (m,), sorted by place: the shops of city 0, of city 1, …, and last the online merchants.

    `price` is a usual amount in dollars; `popularity` is cumulative; `first[p]:first[p + 1]` are those of place p.
    """

    category: Ints
    place: Ints
    latitude: Floats
    longitude: Floats
    price: Floats
    popularity: Floats
    first: Ints

    def __len__(self) -> int:
        return len(self.category)

    @property
    def web(self) -> int:
        """The place where online merchants are, one after the last city."""
        return len(self.first) - 2

    def is_online(self, merchant: Ints) -> Bools:
        """Return whether merchants, shape (n,), have no shop."""
        return np.asarray(self.place[merchant] == self.web)

    def pick(self, place: Ints, rng: np.random.Generator) -> Ints:
        """Draw one merchant in each place, popular ones more often: any shape, the same shape back."""
        edges = np.concatenate([[0.0], self.popularity])[self.first]
        low, high = edges[place], edges[place + 1]
        found = np.searchsorted(self.popularity, low + rng.random(place.shape) * (high - low), side="right")
        return np.asarray(np.clip(found, self.first[place], self.first[place + 1] - 1), np.int64)

    def pick_online(self, categories: tuple[str, ...], n: int, rng: np.random.Generator) -> Ints:
        """Draw n online merchants of the named categories, each as often as another: shape (n,)."""
        wanted = [CATEGORIES.index(name) for name in categories]
        online = np.arange(self.first[self.web], len(self))
        return rng.choice(online[np.isin(self.category[online], wanted)], size=n)


def create_merchants(count: int, cities: Cities, rng: np.random.Generator) -> Merchants:
    """Make `count` merchants (40 at least), a third of them online and every online category among them."""
    web = len(cities)
    online = max(count // 3, len(CATEGORIES))
    in_shops = np.concatenate([np.arange(web), cities.pick(count - online - web, rng)])
    place = np.sort(np.concatenate([in_shops, np.full(online, web)]), kind="stable")
    category = np.concatenate([_draw_shops(count - online, rng), _draw_online(online, rng)])
    city = np.minimum(place, web - 1)
    frequency = np.where(place == web, _ONLINE[category], _IN_SHOP[category])
    return Merchants(
        category=category,
        place=place,
        latitude=np.round(cities.latitude[city] + 0.06 * rng.standard_normal(count), 4),
        longitude=np.round(cities.longitude[city] + 0.08 * rng.standard_normal(count), 4),
        price=_USUAL[category] * np.exp(0.35 * rng.standard_normal(count)),
        popularity=np.cumsum((0.02 + frequency) * np.exp(0.7 * rng.standard_normal(count))),
        first=np.searchsorted(place, np.arange(web + 2)),
    )


def _draw_shops(n: int, rng: np.random.Generator) -> Ints:
    """Draw the categories of n shops."""
    return rng.choice(len(CATEGORIES), size=n, p=_IN_SHOP / _IN_SHOP.sum())


def _draw_online(n: int, rng: np.random.Generator) -> Ints:
    """Draw the categories of n online merchants: each that sells online once, then by how common they are."""
    each = np.flatnonzero(_ONLINE)
    return np.concatenate([each, rng.choice(len(CATEGORIES), size=n - len(each), p=_ONLINE / _ONLINE.sum())])
