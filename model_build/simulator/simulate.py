"""Simulation, one day at a time, so that memory holds the world and one day."""

from collections.abc import Iterator

import numpy as np

from model_build.simulator.behavior import pay_for_a_day
from model_build.simulator.frauds import count_frauds, plan_frauds
from model_build.simulator.payments import Payments, join_payments
from model_build.simulator.places import Ints
from model_build.simulator.world import DAY_S, FIRST_SECOND, World, build_world

# Thursday first, as 1 January 2026 was: people pay most on Friday and Saturday
_WEEK = (1.0, 1.15, 1.2, 0.9, 0.9, 0.92, 0.95)


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
