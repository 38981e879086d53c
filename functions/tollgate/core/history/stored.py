"""Stored history of one entity: names of sums → whole numbers.

Beside its sums, a history counts the events that are still open (`OPEN`), by the step at which they mature. From then
on a reader takes such a count for legitimate events of that moment, so that maturing needs no writer: no daily job, no
event forgotten. A later writer folds the count into the sums, which changes nothing that is read. A fraud takes its
event back from the count, below zero if it was folded already: the sum of both is right at any time. An event that
was not let through is not counted: nobody will complain of it, so it is legitimate only if somebody says so.

And it keeps the time of its latest addition, before which it is never read (`latest_addition`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isnan, nan
from typing import NamedTuple

import numpy as np

from tollgate.core.events.event import Events
from tollgate.core.history.decay import OLDER_EPOCH, weigh
from tollgate.core.history.latest_addition import latest_name, latest_us, move_latest, read_as_of
from tollgate.core.history.layout import Layout
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.stored_names import LATEST, OPEN, attribute, epoch_of
from tollgate.core.history.sum_kinds import SumKind, summed_by_fraud, summed_numbers

StoredSums = Mapping[str, int]
# Entity → its key → the stored sums.
StoredHistories = Mapping[str, Mapping[str, StoredSums]]
NO_SUMS: StoredSums = {}


def read_all(plan: HistoryPlan, stored: Mapping[str, StoredSums | None], time_s: float) -> list[float]:
    """Return the k sums of all entities for an event at ``time_s``, in the order of ``plan.layout``.

    Each history is read as of then, or as of its latest addition if that is later (`read_as_of`); a pair, as of that of
    its parent, which is added to whenever the pair is. ``stored`` maps each entity to its history; one that is not
    there reads as an empty one, and None as NaN: the event does not say who its entity is.
    """
    read: list[float] = []
    moments: dict[str, float] = {}
    for entity, part in plan.layout.parts.items():
        sums = stored.get(entity, NO_SUMS)
        if not sums:
            read += [nan if sums is None else 0.0] * (part.stop - part.start)
            continue
        parent = plan.parents.get(entity)
        as_of_s = moments[entity] = read_as_of(sums, time_s)
        if parent is not None:
            of_parent_s = moments.get(parent)
            as_of_s = max(
                as_of_s, read_as_of(stored.get(parent) or NO_SUMS, time_s) if of_parent_s is None else of_parent_s
            )
        epochs, _, divisors = _moment(plan.layout, as_of_s)
        get = _with_matured(plan, entity, sums, as_of_s).get
        read += [
            (get(one.name, 0) + get(one.before, 0) * OLDER_EPOCH) / divisor
            for one, divisor in zip(epochs.sums[entity], divisors[part], strict=True)
        ]
    return read


class _SumNow(NamedTuple):
    """A sum whose stored name is ``name`` in the current epoch, and was ``before`` in the one before."""

    name: str
    before: str
    kind: str
    half_life: int
    units: float


@dataclass(frozen=True)
class _Epochs:
    """The sums of each entity, in the order of a layout, while the same epochs are the current ones.

    ``alike`` are entities that keep the same sums, with these. ``readable`` are all names that an event reads;
    ``oldest`` are the epochs before the current ones, by half-life.
    """

    sums: Mapping[str, tuple[_SumNow, ...]]
    alike: tuple[tuple[tuple[str, ...], tuple[_SumNow, ...]], ...]
    readable: frozenset[str]
    oldest: tuple[int, ...]


# Events of about the same time share their epochs.
@lru_cache(maxsize=1024)
def _epochs_at(layout: Layout, epochs: tuple[int, ...]) -> _Epochs:
    kinds = [layout.kinds[kind] for kind in layout.kind.tolist()]
    every = [
        _SumNow(attribute(kind, h, epochs[h]), attribute(kind, h, epochs[h] - 1), kind, h, units)
        for kind, h, units in zip(kinds, layout.half_lives.tolist(), layout.units.tolist(), strict=True)
    ]
    sums = {entity: tuple(every[part]) for entity, part in layout.parts.items()}
    alike: dict[tuple[_SumNow, ...], list[str]] = {}
    for entity, kept in sums.items():
        alike.setdefault(kept, []).append(entity)
    return _Epochs(
        sums,
        tuple((tuple(entities), kept) for kept, entities in alike.items()),
        frozenset(name for s in every for name in (s.name, s.before)),
        tuple(epoch - 1 for epoch in epochs),
    )


class _Moment(NamedTuple):
    """``weights`` are by half-life; ``divisors``, by sum in the order of a layout, turn units into wholes as of now."""

    epochs: _Epochs
    weights: list[float]
    divisors: list[float]


# An event asks some ten times for its own moment.
@lru_cache(maxsize=64)
def _moment(layout: Layout, time_s: float) -> _Moment:
    epochs, weights = weigh(np.array([time_s]), layout.half_lives_s)
    divisors = weights[layout.half_lives] * layout.units
    return _Moment(_epochs_at(layout, tuple(epochs.tolist())), weights.tolist(), divisors.tolist())


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
    if plan.maturing is None or not (opened := [name for name in stored if name[0] == OPEN]):
        return NOTHING_MATURED
    step_s = plan.maturing.step_s
    steps = {name: stored[name] for name in opened if epoch_of(name)[1] * step_s < time_s}
    added: dict[str, int] = {}
    for name, number in steps.items():
        for part, amount in _legitimate_at(plan.layout, epoch_of(name)[1] * step_s)[entity].items():
            added[part] = added.get(part, 0) + number * amount
    return Matured(steps, added)


def add_to_all(
    plan: HistoryPlan, event: Events, excess: float, *, let_through: bool = True
) -> dict[str, dict[str, int]]:
    """Return what one event adds to the history of each entity; ``excess`` is what `amount_excess` says of it."""
    time_s = event.times_s.item()
    opened = _open_event(plan, time_s, 1) if let_through else {}
    return {
        entity: sums | opened if plan.matures(entity) else sums
        for entity, sums in _add(plan.layout, summed_numbers(event, excess), time_s).items()
    }


def add_fraud(
    plan: HistoryPlan, entity: str, known_at_s: float, *, event_time_s: float, excess: float, let_through: bool = True
) -> dict[str, int]:
    """Return what a fraud adds to a history, dated when it became known. Taking it back adds the negative."""
    added = _add(plan.layout, summed_by_fraud(excess), known_at_s)[entity]
    return added | _open_event(plan, event_time_s, -1) if let_through and plan.matures(entity) else added


def add_legitimate(plan: HistoryPlan, entity: str, known_at_s: float) -> dict[str, int]:
    """Return what an event adds to a history that was not let through and became known as legitimate."""
    return dict(_legitimate_at(plan.layout, known_at_s)[entity]) if plan.matures(entity) else {}


# Open events mature together, a step at a time.
@lru_cache(maxsize=1024)
def _legitimate_at(layout: Layout, matured_at_s: float) -> Mapping[str, Mapping[str, int]]:
    return _add(layout, {SumKind.LEGITIMATE: 1.0}, matured_at_s)


def _open_event(plan: HistoryPlan, time_s: float, number: int) -> dict[str, int]:
    if plan.maturing is None:
        return {}
    return {attribute(OPEN, 0, plan.maturing.step(time_s)): number}


def _add(layout: Layout, values: Mapping[SumKind, float], time_s: float) -> dict[str, dict[str, int]]:
    """Return what is added to each entity's sums of the kinds that ``values`` has, by stored name: as `quantize`."""
    epochs, weights, _ = _moment(layout, time_s)
    known: dict[str, float] = {kind: value for kind, value in values.items() if value and not isnan(value)}
    added: dict[str, dict[str, int]] = {}
    for entities, kept in epochs.alike:
        sums = {
            name: number
            for name, _, kind, half_life, units in kept
            if kind in known and (number := round(known[kind] * weights[half_life] * units))
        }
        added |= {entity: dict(sums) for entity in entities}
    return added


def stale_names(plan: HistoryPlan, names: Iterable[str], time_s: float) -> list[str]:
    """Return the stored names of sums that no event at ``time_s`` or later can read."""
    epochs = _moment(plan.layout, time_s).epochs
    return [name for name in names if name not in epochs.readable and _is_past(name, epochs.oldest)]


def _is_past(name: str, oldest: tuple[int, ...]) -> bool:
    if name[0] in (OPEN, LATEST):
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


def fold_history(plan: HistoryPlan, entity: str, sums: Mapping[str, int], time_s: float) -> dict[str, int]:
    """Return sums in which the events that matured before ``time_s`` are legitimate ones, no longer open."""
    matured = fold_matured(plan, entity, sums, time_s)
    if not matured.steps:
        return dict(sums)
    # They are additions too, dated when they matured.
    assert plan.maturing is not None
    last_us = round(max(epoch_of(name)[1] for name in matured.steps) * plan.maturing.step_s * 1e6)
    kept = {name: number for name, number in sums.items() if name not in matured.steps}
    return {**add_up(kept, matured.added), latest_name(last_us): 1}


def tidy_history(plan: HistoryPlan, entity: str, sums: Mapping[str, int], time_s: float) -> dict[str, int]:
    """Return sums from which events from ``time_s`` on read the same: matured events folded, faded sums gone."""
    whole = fold_history(plan, entity, sums, time_s)
    for name in (*stale_names(plan, list(whole), time_s), *move_latest(whole, latest_us(whole) or 0).removes):
        del whole[name]
    return whole
