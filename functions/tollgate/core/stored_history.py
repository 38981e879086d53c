"""One entity's history as it is stored: names of sums → whole numbers.

Beside its sums, a history counts the events that are still open (`OPEN`), by the step at which they mature. From then
on a reader takes such a count for legitimate events of that moment, so that maturing needs no writer: no daily job, no
event forgotten. A later writer folds the count into the sums, which changes nothing that is read. A fraud takes its
event back from the count, below zero if it was folded already: the sum of both is right at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from tollgate.core.event import Events, Floats
from tollgate.core.history import UNITS, HistoryPlan, Kind, Sum, fade, is_unusual, quantise, summed_values, weigh

StoredSums = Mapping[str, int]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Names stand bare in update expressions, where a minus sign cannot.
_BEFORE_1970 = "N"
OPEN: Final = "p"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def attribute(kind: Kind | Literal["p"], half_life: int, epoch: int) -> str:
    """Return the short stored name of a sum: kind, half-life, epoch in base 36 (writes are billed by the kilobyte).

    Open events have half-life 0 and the number of their step for an epoch.
    """
    return f"{kind}{half_life}{_BEFORE_1970 if epoch < 0 else ''}{_base36(abs(epoch))}"


def epoch_of(name: str) -> tuple[int, int]:
    """Return the half-life's index and the epoch that a stored name carries."""
    sign = -1 if name[2] == _BEFORE_1970 else 1
    return int(name[1]), sign * int(name[2:].lstrip(_BEFORE_1970), 36)


def read_history(plan: HistoryPlan, entity: str, stored: StoredSums, time_s: float) -> Floats:
    """Return an entity's sums as of ``time_s``, shape (k,) in the order of ``plan.sums[entity]``."""
    sums = plan.sums[entity]
    whole = _with_matured(plan, entity, stored, time_s)
    epochs, weights = weigh(np.array([time_s]), np.array(plan.half_lives_s))
    epoch = epochs.tolist()

    def stored_sum(s: Sum, epochs_ago: int) -> float:
        return float(whole.get(attribute(s.kind, s.half_life, epoch[s.half_life] - epochs_ago), 0))

    current = np.array([stored_sum(s, 0) for s in sums])
    older = np.array([stored_sum(s, 1) for s in sums])
    return fade(current, older, weights[[s.half_life for s in sums]], np.array([UNITS[s.kind] for s in sums]))


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
    if plan.maturing is None:
        return NOTHING_MATURED
    step_s = plan.maturing.step_s
    steps = {name: number for name, number in stored.items() if name[0] == OPEN and epoch_of(name)[1] * step_s < time_s}
    added: dict[str, int] = {}
    for name, number in steps.items():
        for part, amount in add_legitimate(plan, entity, epoch_of(name)[1] * step_s).items():
            added[part] = added.get(part, 0) + number * amount
    return Matured(steps, added)


def add_event(plan: HistoryPlan, entity: str, event: Events, excess: Floats) -> dict[str, int]:
    """Return what one event adds to the history of its ``entity``, ``excess`` being what `judge_amounts` says."""
    added = _add(plan, plan.sums[entity], summed_values(event, excess), event.times_s)
    return added | _open_event(plan, entity, float(event.times_s[0]), 1)


def add_fraud(
    plan: HistoryPlan, entity: str, known_at_s: float, *, event_time_s: float, excess: float
) -> dict[str, int]:
    """Return what a fraud adds to a history, dated when it became known. Taking it back adds the negative."""
    values: dict[Kind, Floats] = {"f": np.ones(1), "v": 1.0 - is_unusual(np.array([excess]))}
    return _add(plan, plan.sums[entity], values, np.array([known_at_s])) | _open_event(plan, entity, event_time_s, -1)


def add_legitimate(plan: HistoryPlan, entity: str, matured_at_s: float) -> dict[str, int]:
    """Return what an event adds that counts as legitimate from ``matured_at_s`` on."""
    return _add(plan, plan.sums[entity], {"l": np.ones(1)}, np.array([matured_at_s]))


def _open_event(plan: HistoryPlan, entity: str, time_s: float, number: int) -> dict[str, int]:
    if plan.maturing is None or not plan.matures(entity):
        return {}
    return {attribute(OPEN, 0, int(plan.maturing.steps(np.array([time_s]))[0])): number}


def _add(plan: HistoryPlan, sums: Sequence[Sum], values: Mapping[Kind, Floats], times_s: Floats) -> dict[str, int]:
    added = {}
    weighed = [weigh(times_s, half_life_s) for half_life_s in plan.half_lives_s]
    for s in sums:
        if s.kind not in values:
            continue
        epochs, weights = weighed[s.half_life]
        amount = int(quantise(values[s.kind], weights, s.kind)[0])
        if amount:
            added[attribute(s.kind, s.half_life, int(epochs[0]))] = amount
    return added


def stale_names(plan: HistoryPlan, names: Iterable[str], time_s: float) -> list[str]:
    """Return the stored names of sums that no event at ``time_s`` or later can read."""
    epochs, _ = weigh(np.array([time_s]), np.array(plan.half_lives_s))
    oldest = (epochs - 1).tolist()
    return [name for name in names if name[0] != OPEN and epoch_of(name)[1] < oldest[epoch_of(name)[0]]]
