"""One entity's history as it is stored: names of sums → whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tollgate.core.event import Events, Floats
from tollgate.core.history import UNITS, HistoryPlan, Kind, Sum, fade, quantise, summed_values, weigh

StoredSums = Mapping[str, int]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Names stand bare in update expressions, where a minus sign cannot.
_BEFORE_1970 = "N"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def attribute(kind: Kind, half_life: int, epoch: int) -> str:
    """Return the short stored name of a sum: kind, half-life, epoch in base 36 (writes are billed by the kilobyte)."""
    return f"{kind}{half_life}{_BEFORE_1970 if epoch < 0 else ''}{_base36(abs(epoch))}"


def epoch_of(name: str) -> tuple[int, int]:
    """Return the half-life's index and the epoch that a stored name carries."""
    sign = -1 if name[2] == _BEFORE_1970 else 1
    return int(name[1]), sign * int(name[2:].lstrip(_BEFORE_1970), 36)


def read_history(plan: HistoryPlan, entity: str, stored: StoredSums, time_s: float) -> Floats:
    """Return an entity's sums as of ``time_s``, shape (k,) in the order of ``plan.sums[entity]``."""
    sums = plan.sums[entity]
    epochs, weights = weigh(np.array([time_s]), np.array(plan.half_lives_s))
    epoch = epochs.tolist()

    def stored_sum(s: Sum, epochs_ago: int) -> float:
        return float(stored.get(attribute(s.kind, s.half_life, epoch[s.half_life] - epochs_ago), 0))

    current = np.array([stored_sum(s, 0) for s in sums])
    older = np.array([stored_sum(s, 1) for s in sums])
    return fade(current, older, weights[[s.half_life for s in sums]], np.array([UNITS[s.kind] for s in sums]))


def add_event(plan: HistoryPlan, entity: str, event: Events) -> dict[str, int]:
    """Return what one event adds to the history of its ``entity``."""
    return _add(plan, plan.sums[entity], summed_values(event), event.times_s)


def add_fraud(plan: HistoryPlan, entity: str, known_at_s: float) -> dict[str, int]:
    """Return what a fraud adds to a history, dated when it became known. Taking it back adds the negative."""
    sums = [s for s in plan.sums[entity] if s.kind == "f"]
    return _add(plan, sums, {"f": np.ones(1)}, np.array([known_at_s]))


def _add(plan: HistoryPlan, sums: Sequence[Sum], values: Mapping[Kind, Floats], times_s: Floats) -> dict[str, int]:
    added = {}
    weighed = [weigh(times_s, half_life_s) for half_life_s in plan.half_lives_s]
    for s in sums:
        epochs, weights = weighed[s.half_life]
        amount = int(quantise(values[s.kind], weights, s.kind)[0])
        if amount:
            added[attribute(s.kind, s.half_life, int(epochs[0]))] = amount
    return added


def stale_names(plan: HistoryPlan, names: Iterable[str], time_s: float) -> list[str]:
    """Return the stored names that no event at ``time_s`` or later can read."""
    epochs, _ = weigh(np.array([time_s]), np.array(plan.half_lives_s))
    oldest = (epochs - 1).tolist()
    return [name for name in names if epoch_of(name)[1] < oldest[epoch_of(name)[0]]]
