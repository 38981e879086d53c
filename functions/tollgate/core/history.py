"""Histories: sums over an entity's past that fade with time, kept so that recording an event is pure addition.

A history is ``S(t) = Σ x_i · 2^(−(t − t_i)/h)`` for several x and half-lives h. It is kept *forward* (Cormode,
Shkapenyuk, Srivastava, Xu: "Forward decay", ICDE 2009): what is added is ``x_i · 2^((t_i − L)/h)``, with the landmark L
at the start of the event's epoch of 32 half-lives, and reading divides by ``2^((t − L)/h)``. Two epochs are read: the
event's own, and the one before it, whose weights are 2^32 larger. What is older has faded below 2^-32 and is, by
definition, gone.

What is added is rounded to a whole number of units (`UNITS`). Sums of whole numbers are exact, so neither order nor
repetition of the arithmetic can change a bit, in DynamoDB or here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.event_type import EventType

Kind = Literal["n", "a", "s", "f", "x", "y", "z"]

EPOCH_HALF_LIVES = 32
OLDER_EPOCH = 2.0**-EPOCH_HALF_LIVES
DAY_S = 86_400.0

# How many units one whole is: a payment to 1/10,000, an amount to the cent, a squared amount to the whole, a place on
# the unit sphere to 6 metres. DynamoDB holds 38 digits (emulators 28); the largest single addition has 26.
UNITS: Mapping[Kind, float] = {"n": 1e4, "a": 1e2, "s": 1.0, "f": 1e4, "x": 1e6, "y": 1e6, "z": 1e6}
# Larger amounts count as this much in a history (the event itself keeps its amount).
AMOUNT_CAP = 1e8


@dataclass(frozen=True)
class Sum:
    """One faded sum: what is summed, and the index of its half-life."""

    kind: Kind
    half_life: int


@dataclass(frozen=True)
class HistoryPlan:
    """Which sums are kept for which entity. Half-lives are in seconds, shortest first."""

    half_lives_s: tuple[float, ...]
    sums: Mapping[str, tuple[Sum, ...]]

    @cached_property
    def fingerprint(self) -> str:
        """Eight hex digits that change when histories kept under another plan could not be read under this one."""
        plan = {
            "half_lives_s": self.half_lives_s,
            "sums": {entity: [f"{s.kind}{s.half_life}" for s in sums] for entity, sums in sorted(self.sums.items())},
            "units": UNITS,
        }
        return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def forgotten_after_s(self) -> float:
        """Seconds after its last event when nothing of a history can be read any more."""
        return 2 * EPOCH_HALF_LIVES * self.half_lives_s[-1]


def plan_history(event_type: EventType, half_lives_s: Sequence[float]) -> HistoryPlan:
    """Choose the sums of each entity from what the event type declares.

    Every entity counts its payments. Single entities also sum amounts (their squares over the two longest half-lives),
    frauds where labels are declared (over half-lives of a day or more: labels come days late), and the usual place
    over the longest half-life. A pair is there to tell whether it is new: it counts, over the shortest and the longest.
    """
    ordered = tuple(sorted(set(half_lives_s)))
    last = len(ordered) - 1
    every = range(len(ordered))
    slow = [index for index in every if ordered[index] >= DAY_S] or [last]
    single: list[Sum] = [Sum("n", index) for index in every]
    if event_type.amount:
        single += [Sum("a", index) for index in every] + [Sum("s", index) for index in every[-2:]]
    if event_type.label:
        single += [Sum("f", index) for index in slow]
    if event_type.latitude:
        single += [Sum("x", last), Sum("y", last), Sum("z", last)]
    pair = [Sum("n", index) for index in sorted({0, last})]
    return HistoryPlan(
        ordered,
        {name: tuple(single if len(parts) == 1 else pair) for name, parts in event_type.entities.items()},
    )


def weigh(times_s: Floats, half_life_s: float | Floats) -> tuple[Ints, Floats]:
    """Return the epoch of each time and its weight ``2^((t − L)/h)``, between 1 and 2^32."""
    length = EPOCH_HALF_LIVES * np.asarray(half_life_s)
    epochs = np.floor(times_s / length)
    return epochs.astype(np.int64), np.exp2((times_s - epochs * length) / half_life_s)


def quantise(values: Floats, weights: Floats, kind: Kind) -> Floats:
    """Return what is added for ``values``: whole numbers of units. A missing value adds nothing."""
    return np.rint(np.nan_to_num(values) * weights * UNITS[kind])


def fade(current: Floats, older: Floats, weights: Floats, units: float | Floats) -> Floats:
    """Return the sums as of now, from those of the current epoch and of the one before it."""
    return (current + older * OLDER_EPOCH) / (weights * units)


def summed_values(events: Events) -> dict[Kind, Floats]:
    """Return what each kind of sum adds for each event, shape (n,); frauds are added by labels, not by events."""
    n = len(events)
    values: dict[Kind, Floats] = {"n": np.ones(n), "f": np.zeros(n)}
    if events.amounts is not None:
        capped = np.clip(events.amounts, -AMOUNT_CAP, AMOUNT_CAP)
        values |= {"a": capped, "s": capped * capped}
    if events.latitudes is not None and events.longitudes is not None:
        x, y, z = unit_sphere(events.latitudes, events.longitudes)
        values |= {"x": x, "y": y, "z": z}
    return values


def unit_sphere(latitudes: Floats, longitudes: Floats) -> tuple[Floats, Floats, Floats]:
    """Return places in degrees as points on the unit sphere; NaN where a coordinate is missing."""
    phi, theta = np.radians(latitudes), np.radians(longitudes)
    return np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)
