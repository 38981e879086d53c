"""What columns are compared with: events made by hand, and histories kept one event at a time in whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from tollgate.core.event import Events, Floats, Keys
from tollgate.core.event_type import EventType, LabelRule
from tollgate.core.history import HistoryPlan
from tollgate.core.replay import Arrivals
from tollgate.core.stored_history import add_event, add_fraud, read_history

PAYMENT = EventType(
    name="payment",
    id="event_id",
    timestamp="timestamp",
    amount="amount",
    currency="USD",
    label=LabelRule("is_fraud", 7 * 86_400.0),
    latitude="latitude",
    longitude="longitude",
    numeric=("age",),
    categorical=("channel",),
    boolean=("present",),
    ignored=("note",),
    entities={"customer": ("customer_id",), "device": ("device_id",), "customer_device": ("customer_id", "device_id")},
)


def make_events(
    times_s: Sequence[float],
    customers: Sequence[str | None],
    *,
    amounts: Sequence[float] | None = None,
    places: Sequence[tuple[float, float]] | None = None,
) -> Events:
    """Return events of one customer each, with a second entity that every event lacks."""
    n = len(times_s)
    latitudes, longitudes = zip(*places, strict=True) if places else ([0.0] * n, [0.0] * n)
    return Events(
        ids=[str(row) for row in range(n)],
        times_us=np.rint(np.array(times_s, dtype=np.float64) * 1e6).astype(np.int64),
        amounts=np.array([1.0] * n if amounts is None else amounts, dtype=np.float64),
        latitudes=np.array(latitudes, dtype=np.float64),
        longitudes=np.array(longitudes, dtype=np.float64),
        numeric={},
        categories={},
        entities={"customer": Keys.of(customers), "device": Keys.of([None] * n)},
    )


@dataclass
class Store:
    """Histories as they are stored: entity → key → name of a sum → whole number."""

    plan: HistoryPlan
    sums: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)

    def add(self, entity: str, key: str, added: Mapping[str, int]) -> None:
        sums = self.sums.setdefault(entity, {}).setdefault(key, {})
        for name, number in added.items():
            sums[name] = sums.get(name, 0) + number

    def of(self, entity: str, key: str) -> dict[str, int]:
        return self.sums.get(entity, {}).get(key, {})

    def happen(self, events: Events, arrivals: Arrivals) -> dict[str, Floats]:
        """Let payments and labels arrive one at a time; return what each event read on its arrival."""
        read = {entity: np.full((len(events), len(self.plan.sums[entity])), np.nan) for entity in events.entities}
        happenings = zip(arrivals.rows.tolist(), arrivals.is_label.tolist(), arrivals.times_s.tolist(), strict=True)
        for row, is_label, time_s in happenings:
            for entity, keys in events.entities.items():
                if keys.codes[row] < 0:
                    continue
                key = keys.values[keys.codes[row]]
                if is_label:
                    self.add(entity, key, add_fraud(self.plan, entity, time_s))
                    continue
                read[entity][row] = read_history(self.plan, entity, self.of(entity, key), time_s)
                self.add(entity, key, add_event(self.plan, entity, events.take(np.array([row]))))
        return read

    def without_zeros(self, entity: str) -> dict[str, dict[str, int]]:
        """Return the sums of an entity that are not nothing."""
        kept = {key: {name: n for name, n in sums.items() if n} for key, sums in self.sums.get(entity, {}).items()}
        return {key: sums for key, sums in kept.items() if sums}
