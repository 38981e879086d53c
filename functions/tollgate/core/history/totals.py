"""Totals of what events add to the histories of their entities: what a file records, what training data leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints, Keys
from tollgate.core.history.exact_sums import LIMB_BITS, Limbs, Runs
from tollgate.core.history.latest_addition import latest_name
from tollgate.core.history.plan import HistoryPlan, Sum, SumKind, is_unusual, quantise, summed_values, weigh
from tollgate.core.history.stored_names import OPEN, attribute
from tollgate.core.history.timeline import NO_FRAUDS, NOTHING_WITHHELD, Frauds, Withheld


@dataclass(frozen=True)
class _Additions:
    """What one kind of sum adds: the event of each addition, its value and the date it has. Shapes (m,)."""

    rows: Ints
    values: Floats
    dated_s: Floats


@dataclass(frozen=True)
class _Labels:
    """What is known of events by some moment; the ``undisputed`` ones mature by themselves."""

    frauds: Frauds
    legitimate: Withheld
    undisputed: Ints

    @classmethod
    def by(cls, until_s: float, n: int, frauds: Frauds, withheld: Withheld) -> _Labels:
        """Return what is known of n events by ``until_s``."""
        known = np.flatnonzero(frauds.known_s <= until_s)
        told = np.flatnonzero(withheld.legitimate_s <= until_s)
        return cls(
            Frauds(frauds.rows[known], frauds.known_s[known]),
            Withheld(withheld.rows[told], withheld.legitimate_s[told]),
            np.setdiff1d(np.arange(n), np.union1d(frauds.rows[known], withheld.rows)),
        )


def sum_additions(
    plan: HistoryPlan,
    entity: str,
    events: Events,
    excess: Floats,
    frauds: Frauds = NO_FRAUDS,
    *,
    withheld: Withheld = NOTHING_WITHHELD,
    since_s: float = -np.inf,
) -> dict[str, dict[str, int]]:
    """Return what the events, and the frauds known by the last of them, add to ``entity``: key → stored name → number.

    ``excess`` is what `amount_excess` says of the events. What matured before the last event stands in the sums, what
    did not is left open. Beside them stands the date of the latest. With ``since_s``, what no event at that time or
    later can read is left out.
    """
    keys = events.entities[entity]
    added: dict[str, dict[str, int]] = {}
    if not (keys.codes >= 0).any():
        return added
    until_s = float(np.max(events.times_s))
    labels = _Labels.by(until_s, len(events), frauds, withheld)
    by_kind = _additions(plan, events, excess, labels, until_s)
    for s in plan.sums[entity]:
        for code, epoch, number in _sum_up(plan, s, keys.codes, by_kind[s.kind], since_s):
            added.setdefault(keys.values[code], {})[attribute(s.kind, s.half_life, epoch)] = number
    if plan.maturing is not None and plan.matures(entity):
        undisputed = labels.undisputed
        still = undisputed[plan.maturing.moments_s(events.times_s[undisputed]) >= until_s]
        steps = plan.maturing.steps(events.times_s[still])
        counts = Counter(zip(keys.codes[still].tolist(), steps.tolist(), strict=True))
        for (code, step), number in sorted(counts.items()):
            if code >= 0:
                added.setdefault(keys.values[code], {})[attribute(OPEN, 0, step)] = number
    for key, time_us in zip(keys.values, _latest_us(plan, entity, keys, by_kind), strict=True):
        if key in added:
            added[key][latest_name(time_us)] = 1
    return added


def _latest_us(plan: HistoryPlan, entity: str, keys: Keys, by_kind: Mapping[SumKind, _Additions]) -> list[int]:
    """Return the latest date of what is added to each key, in microseconds since 1970."""
    latest_s = np.full(len(keys.values), -np.inf)
    # Everything but labels is dated as its event, and frauds of all kinds when they were known.
    kinds: set[SumKind] = {"n", *(s.kind for s in plan.sums[entity] if s.kind in ("f", "l"))}
    for kind in kinds:
        additions = by_kind[kind]
        codes = np.where(additions.values != 0, keys.codes[additions.rows], -1)
        counted = np.flatnonzero(codes >= 0)
        np.maximum.at(latest_s, codes[counted], additions.dated_s[counted])
    latest_us: list[int] = np.rint(np.where(np.isfinite(latest_s), latest_s, 0.0) * 1e6).astype(np.int64).tolist()
    return latest_us


def _additions(
    plan: HistoryPlan, events: Events, excess: Floats, labels: _Labels, until_s: float
) -> dict[SumKind, _Additions]:
    every = np.arange(len(events))
    found: dict[SumKind, _Additions] = {
        kind: _Additions(every, values, events.times_s) for kind, values in summed_values(events, excess).items()
    }
    frauds, legitimate, undisputed = labels.frauds, labels.legitimate, labels.undisputed
    found["f"] = _Additions(frauds.rows, np.ones(len(frauds.rows)), frauds.known_s)
    found["v"] = _Additions(frauds.rows, 1.0 - is_unusual(excess[frauds.rows]), frauds.known_s)
    if plan.maturing is not None:
        moments_s = plan.maturing.moments_s(events.times_s[undisputed])
        over = np.flatnonzero(moments_s < until_s)
        rows = np.concatenate([undisputed[over], legitimate.rows])
        dated_s = np.concatenate([moments_s[over], legitimate.legitimate_s])
        found["l"] = _Additions(rows, np.ones(len(rows)), dated_s)
    return found


def _sum_up(
    plan: HistoryPlan, s: Sum, codes: Ints, additions: _Additions, since_s: float
) -> list[tuple[int, int, int]]:
    """Return (code, epoch, whole number) for every total of one sum that is not zero."""
    half_life_s = plan.half_lives_s[s.half_life]
    epochs, weights = weigh(additions.dated_s, half_life_s)
    order = np.lexsort((epochs, codes[additions.rows]))
    order = order[np.searchsorted(codes[additions.rows][order], 0) :]  # code -1: no entity, no history
    if not len(order):
        return []
    runs = Runs.of(codes[additions.rows][order], epochs[order])
    limbs = Limbs.of(quantise(additions.values, weights, s.kind)[order])
    high, low = (np.add.reduceat(limb, runs.starts).tolist() for limb in (limbs.high, limbs.low))
    oldest = float(weigh(np.array([since_s]), half_life_s)[0][0]) - 1 if np.isfinite(since_s) else -np.inf
    return [
        (code, epoch, number)
        for code, epoch, upper, lower in zip(runs.codes.tolist(), runs.epochs.tolist(), high, low, strict=True)
        if (number := (upper << LIMB_BITS) + lower) and epoch >= oldest
    ]
