"""One entity's history as it is stored: names of sums → whole numbers.

Beside its sums, a history counts the events that are still open (`OPEN`), by the step at which they mature. From then
on a reader takes such a count for legitimate events of that moment, so that maturing needs no writer: no daily job, no
event forgotten. A later writer folds the count into the sums, which changes nothing that is read. A fraud takes its
event back from the count, below zero if it was folded already: the sum of both is right at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Final

import numpy as np

from tollgate.core.event import Events, Floats
from tollgate.core.history import HistoryPlan, count_units, fade, is_unusual, summed_values, weigh
from tollgate.core.layout import Layout

StoredSums = Mapping[str, int]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Names stand bare in update expressions, where a minus sign cannot.
_BEFORE_1970 = "N"
OPEN: Final = "p"
# Begins what a stored name has beyond its own where the sum is of a pair that lodges here (`lodging`).
LODGER: Final = "_"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def attribute(kind: str, half_life: int, epoch: int) -> str:
    """Return the short stored name of a sum: kind, half-life, epoch in base 36 (writes are billed by the kilobyte).

    Open events have half-life 0 and the number of their step for an epoch.
    """
    return f"{kind}{half_life}{_BEFORE_1970 if epoch < 0 else ''}{_base36(abs(epoch))}"


@lru_cache(maxsize=65_536)
def epoch_of(name: str) -> tuple[int, int]:
    """Return the half-life's index and the epoch that a stored name carries."""
    name = name.partition(LODGER)[0]
    sign = -1 if name[2] == _BEFORE_1970 else 1
    return int(name[1]), sign * int(name[2:].lstrip(_BEFORE_1970), 36)


def read_all(plan: HistoryPlan, stored: Mapping[str, StoredSums], time_s: float) -> Floats:
    """Return the sums of all entities as of ``time_s``, shape (k,) in the order of ``plan.layout``.

    ``stored`` maps each entity to its history; one that is not there reads as an empty one.
    """
    layout, now = plan.layout, _moment(plan.layout, time_s)
    names = now.names
    current: list[int] = []
    older: list[int] = []
    for entity, part in layout.parts.items():
        whole = _with_matured(plan, entity, stored.get(entity, {}), time_s)
        current += map(whole.get, names.current[part], repeat(0))
        older += map(whole.get, names.older[part], repeat(0))
    now_floats, older_floats = (np.array(numbers, dtype=np.float64) for numbers in (current, older))
    return fade(now_floats, older_floats, now.weights, layout.units)


@dataclass(frozen=True)
class _Names:
    """The stored names of all sums in the order of a layout, for the current epochs and for those before.

    ``oldest`` are the epochs before, by half-life.
    """

    current: tuple[str, ...]
    older: tuple[str, ...]
    readable: frozenset[str]
    oldest: tuple[int, ...]


# Events of about the same time share their epochs, and so the names.
@lru_cache(maxsize=1024)
def _names_at(layout: Layout, epochs: tuple[int, ...]) -> _Names:
    kept = [
        (layout.kinds[kind], half_life)
        for kind, half_life in zip(layout.kind.tolist(), layout.half_lives.tolist(), strict=True)
    ]
    current, older = (
        tuple(attribute(kind, half_life, epochs[half_life] - ago) for kind, half_life in kept) for ago in (0, 1)
    )
    return _Names(current, older, frozenset((*current, *older)), tuple(epoch - 1 for epoch in epochs))


@dataclass(frozen=True)
class _Moment:
    """What reading and adding at one time have in common; ``weights`` are those of the sums, (k,)."""

    names: _Names
    weights: Floats


# An event asks some ten times for its own moment.
@lru_cache(maxsize=64)
def _moment(layout: Layout, time_s: float) -> _Moment:
    epochs, weights = weigh(np.array([time_s]), layout.half_lives_s)
    return _Moment(_names_at(layout, tuple(epochs.tolist())), weights[layout.half_lives])


def _with_matured(plan: HistoryPlan, entity: str, stored: StoredSums, time_s: float) -> StoredSums:
    matured = fold_matured(plan, entity, stored, time_s)
    if not matured.steps:
        return stored
    return {**stored, **{name: stored.get(name, 0) + number for name, number in matured.added.items()}}


@dataclass(frozen=True)
class Matured:
    """Open events whose delay is over: their ``steps`` as stored, and what they are as legitimate ones (``added``)."""

    steps: Mapping[str, int]
    added: Mapping[str, int]


NOTHING_MATURED = Matured({}, {})


def fold_matured(plan: HistoryPlan, entity: str, stored: StoredSums, time_s: float) -> Matured:
    """Return the open events of a stored history that have matured before ``time_s``."""
    opened = [name for name in stored if name[0] == OPEN]
    if plan.maturing is None or not opened:
        return NOTHING_MATURED
    step_s = plan.maturing.step_s
    steps = {name: stored[name] for name in opened if epoch_of(name)[1] * step_s < time_s}
    added: dict[str, int] = {}
    for name, number in steps.items():
        for part, amount in _legitimate_at(plan.layout, epoch_of(name)[1] * step_s)[entity].items():
            added[part] = added.get(part, 0) + number * amount
    return Matured(steps, added)


def add_to_all(plan: HistoryPlan, event: Events, excess: Floats) -> dict[str, dict[str, int]]:
    """Return what one event adds to the history of each entity that the plan has."""
    time_s = float(event.times_s[0])
    values = {str(kind): float(column[0]) for kind, column in summed_values(event, excess).items()}
    opened = _open_event(plan, time_s, 1)
    return {
        entity: sums | opened if plan.matures(entity) else sums
        for entity, sums in _add(plan.layout, values, time_s).items()
    }


def add_fraud(
    plan: HistoryPlan, entity: str, known_at_s: float, *, event_time_s: float, excess: float
) -> dict[str, int]:
    """Return what a fraud adds to a history, dated when it became known. Taking it back adds the negative."""
    values = {"f": 1.0, "v": 1.0 - float(is_unusual(np.array(excess)))}
    added = _add(plan.layout, values, known_at_s)[entity]
    return added | _open_event(plan, event_time_s, -1) if plan.matures(entity) else added


# Open events mature together, a step at a time.
@lru_cache(maxsize=1024)
def _legitimate_at(layout: Layout, matured_at_s: float) -> Mapping[str, Mapping[str, int]]:
    return _add(layout, {"l": 1.0}, matured_at_s)


def _open_event(plan: HistoryPlan, time_s: float, number: int) -> dict[str, int]:
    if plan.maturing is None:
        return {}
    return {attribute(OPEN, 0, int(plan.maturing.steps(np.array([time_s]))[0])): number}


def _add(layout: Layout, values: Mapping[str, float], time_s: float) -> dict[str, dict[str, int]]:
    """Return what is added to each entity's sums of the kinds that ``values`` has, by stored name."""
    now = _moment(layout, time_s)
    names = now.names.current
    each = np.array([values.get(kind, 0.0) for kind in layout.kinds]).take(layout.kind)
    amounts = count_units(each, now.weights, layout.units).tolist()
    return {
        entity: {name: int(amount) for name, amount in zip(names[part], amounts[part], strict=True) if amount}
        for entity, part in layout.parts.items()
    }


def stale_names(plan: HistoryPlan, names: Iterable[str], time_s: float) -> list[str]:
    """Return the stored names of sums that no event at ``time_s`` or later can read."""
    now = _moment(plan.layout, time_s).names
    return [name for name in names if name not in now.readable and _is_past(name, now.oldest)]


def _is_past(name: str, oldest: tuple[int, ...]) -> bool:
    if name[0] == OPEN:
        return False
    half_life, epoch = epoch_of(name)
    return epoch < oldest[half_life]


def add_up(*additions: StoredSums) -> dict[str, int]:
    """Return the sum of additions to one history, without what comes to nothing."""
    summed: dict[str, int] = {}
    for addition in additions:
        for name, number in addition.items():
            summed[name] = summed.get(name, 0) + number
    return {name: number for name, number in summed.items() if number}
