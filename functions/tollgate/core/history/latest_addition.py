"""Latest addition of a history: the time before which the history is never read.

An event that arrives late reads the sums as of then. As of its own time, additions dated after it would weigh more than
1, without bound. The time stands in a stored name, so that writing it is an addition like any other: of several names,
the latest time holds, and writers remove the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from tollgate.core.history.stored_names import BEFORE_1970, LATEST, attribute


# One event names its time to all of its histories.
@lru_cache(maxsize=64)
def latest_name(time_us: int) -> str:
    """Return the stored name that says when a history was added to; the number under it says nothing.

    Times are microseconds since 1970.
    """
    return attribute(LATEST, 0, time_us)


# Names are read several times by one event, and again by the next.
@lru_cache(maxsize=65_536)
def _time_of(name: str) -> int:
    return int(name[2:].replace(BEFORE_1970, "-"), 36)


def latest_us(names: Iterable[str]) -> int | None:
    """Return the time of the latest addition to a history; None for one written by code that did not keep it."""
    found = [name for name in names if name[0] == LATEST]
    if len(found) == 1:
        return _time_of(found[0])
    return max(map(_time_of, found)) if found else None


def latest_names(names: Iterable[str]) -> list[str]:
    """Return the stored names that say when a history was added to: one, or more where writers met."""
    return [name for name in names if name[0] == LATEST]


class LatestMoved(NamedTuple):
    """What an addition does to the time of the latest one: the name that it ``adds``, if any, and those it removes."""

    adds: str | None
    removes: tuple[str, ...]


NOT_MOVED = LatestMoved(None, ())


def without_latest(sums: Mapping[str, int]) -> Mapping[str, int]:
    """Return the sums of a history without the time of its latest addition."""
    return {name: number for name, number in sums.items() if name[0] != LATEST}


def move_latest(names: Iterable[str], time_us: int) -> LatestMoved:
    """Return what an addition dated ``time_us`` does to a history that was read with these names.

    A time only ever goes when a later one is there: whatever other writers do meanwhile, the latest one stays.
    """
    found = latest_names(names)
    latest = latest_us(found)
    if latest is None or latest < time_us:
        return LatestMoved(latest_name(time_us), tuple(found))
    if len(found) == 1:
        return NOT_MOVED
    return LatestMoved(None, tuple(name for name in found if _time_of(name) != latest))


def read_as_of(names: Iterable[str], time_s: float) -> float:
    """Return as of when an event at ``time_s`` reads a history that has these names."""
    latest = latest_us(names)
    return time_s if latest is None else max(time_s, latest / 1e6)
