"""What columns are compared with: events made by hand, and histories kept one event at a time in whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from tollgate.core.events.event import Events, Floats, Keys, join_keys, parent_key
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.history.decay import quantize, weigh
from tollgate.core.history.labels import NOTHING_WITHHELD, Withheld
from tollgate.core.history.latest_addition import latest_name, latest_names, latest_us, move_latest, read_as_of
from tollgate.core.history.plan import HistoryPlan, Sum, amount_excess
from tollgate.core.history.replay import Replayed
from tollgate.core.history.stored import StoredSums, add_fraud, add_to_all, fold_matured, read_all, stale_names
from tollgate.core.history.stored_names import attribute, epoch_of
from tollgate.core.history.sum_kinds import UNITS, SumKind

from tests.core.timeline import EVENT, FRAUD, MATURED, Timeline

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


def read_history(plan: HistoryPlan, entity: str, stored: StoredSums, time_s: float) -> Floats:
    """Return one entity's sums as of ``time_s``, shape (k,) in the order of ``plan.sums[entity]``."""
    return np.array(read_all(plan, {entity: stored}, time_s)[plan.layout.parts[entity]])


def add_event(plan: HistoryPlan, entity: str, event: Events, excess: float) -> dict[str, int]:
    """Return what one event adds to the history of one entity."""
    return add_to_all(plan, event, excess)[entity]


def add_legitimate(plan: HistoryPlan, entity: str, matured_at_s: float) -> dict[str, int]:
    """Return what an event adds that counts as legitimate from ``matured_at_s`` on."""
    added = {}
    for kept in plan.sums[entity]:
        if kept.kind == "l":
            epochs, weights = weigh(np.array([matured_at_s]), plan.half_lives_s[kept.half_life])
            name = attribute("l", kept.half_life, int(epochs[0]))
            added[name] = int(quantize(np.ones(1), weights, UNITS[SumKind.LEGITIMATE])[0])
    return added


def make_events(
    times_s: Sequence[float],
    customers: Sequence[str | None],
    *,
    amounts: Sequence[float] | None = None,
    devices: Sequence[str | None] | None = None,
    places: Sequence[tuple[float, float]] | None = None,
) -> Events:
    """Return events of one customer each; without ``devices``, their device is missing."""
    n = len(times_s)
    customer, device = Keys.of(customers), Keys.of(devices or [None] * n)
    latitudes, longitudes = zip(*places, strict=True) if places else ([0.0] * n, [0.0] * n)
    return Events(
        ids=[str(row) for row in range(n)],
        times_us=np.rint(np.array(times_s, dtype=np.float64) * 1e6).astype(np.int64),
        amounts=np.array([1.0] * n if amounts is None else amounts, dtype=np.float64),
        latitudes=np.array(latitudes, dtype=np.float64),
        longitudes=np.array(longitudes, dtype=np.float64),
        numeric={},
        categories={},
        entities={"customer": customer, "device": device, "customer_device": join_keys([customer, device])},
    )


@dataclass(frozen=True)
class Keeping:
    """How storage keeps its histories; what is read may not depend on it.

    ``folds`` says whether each writer folds what has matured by its own time, ``drops_stale`` whether it also drops
    what nothing later reads.
    """

    folds: bool = False
    drops_stale: bool = False


LAZILY, FOLDING, TIDILY = Keeping(), Keeping(folds=True), Keeping(folds=True, drops_stale=True)


@dataclass
class Store:
    """Histories as they are stored: entity → key → name of a sum → whole number.

    Storage does not know when an event matures: it counts open events, and readers see to the rest.
    """

    plan: HistoryPlan
    sums: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    keeping: Keeping = LAZILY

    def add(self, entity: str, key: str, added: Mapping[str, int], dated_us: int | None = None) -> None:
        sums = self.sums.setdefault(entity, {}).setdefault(key, {})
        for name, number in added.items():
            sums[name] = sums.get(name, 0) + number
        if dated_us is not None and added:
            moved = move_latest(sums, dated_us)
            if moved.adds:
                sums[moved.adds] = 1
            for name in moved.removes:
                del sums[name]

    def of(self, entity: str, key: str) -> dict[str, int]:
        return self.sums.get(entity, {}).get(key, {})

    def read(self, entity: str, key: str) -> dict[str, int]:
        """Return what a reader finds: a pair is read no earlier than its parent was added to."""
        sums, parent = self.of(entity, key), self.plan.parents.get(entity)
        if not sums or parent is None:
            return sums
        return sums | dict.fromkeys(latest_names(self.of(parent, parent_key(key))), 1)

    def tidy(self, entity: str, key: str, time_s: float) -> None:
        """Do what a writer at ``time_s`` does beside adding."""
        sums = self.of(entity, key)
        as_of_s = read_as_of(self.read(entity, key), time_s)
        if self.keeping.folds:
            fold(self.plan, entity, sums, as_of_s)
        for name in stale_names(self.plan, list(sums), as_of_s) if self.keeping.drops_stale else ():
            del sums[name]

    def happen(self, events: Events, timeline: Timeline, withheld: Withheld = NOTHING_WITHHELD) -> Replayed:
        """Let events and labels arrive one at a time; return what each event read on its arrival.

        Of legitimate events, only those ``withheld`` have labels that change anything.
        """
        shut = set(withheld.rows.tolist())
        reads = {entity: np.full((len(events), len(self.plan.sums[entity])), np.nan) for entity in events.entities}
        excess = np.zeros(len(events))
        happenings = zip(timeline.rows.tolist(), timeline.what.tolist(), timeline.times_s.tolist(), strict=True)
        for row, what, time_s in happenings:
            if what == EVENT:
                self._event(events, row, reads, excess, let_through=row not in shut)
            elif what == FRAUD:
                happened_s, beyond = float(events.times_s[row]), float(excess[row])
                for entity, key in keys_of(events, row):
                    fraud = add_fraud(
                        self.plan,
                        entity,
                        time_s,
                        event_time_s=happened_s,
                        excess=beyond,
                        let_through=row not in shut,
                    )
                    self.add(entity, key, fraud, round(time_s * 1e6))
                    self.tidy(entity, key, time_s)
            elif what == MATURED:
                for entity, key in keys_of(events, row):
                    self.add(entity, key, add_legitimate(self.plan, entity, time_s), round(time_s * 1e6))
                    self.tidy(entity, key, time_s)
        return Replayed(reads, excess)

    def _event(
        self, events: Events, row: int, reads: Mapping[str, Floats], excess: Floats, *, let_through: bool
    ) -> None:
        event, time_s = events.take(np.array([row])), float(events.times_s[row])
        for entity, key in keys_of(events, row):
            reads[entity][row] = read_history(self.plan, entity, self.read(entity, key), time_s)
        excess[row] = amount_excess(self.plan, event, {entity: read[[row]] for entity, read in reads.items()})[0]
        for entity, key in keys_of(events, row):
            added = add_to_all(self.plan, event, float(excess[row]), let_through=let_through)[entity]
            self.add(entity, key, added, event.times_us.item())
        for entity, key in keys_of(events, row):
            self.tidy(entity, key, time_s)

    def folded(self, entity: str, time_s: float) -> dict[str, dict[str, int]]:
        """Return the sums of an entity that are not nothing, once all that matured before ``time_s`` is folded.

        What matured counts as an addition of that moment.
        """
        histories = {key: dict(sums) for key, sums in self.sums.get(entity, {}).items()}
        for sums in histories.values():
            steps = [epoch_of(name)[1] for name, n in fold_matured(self.plan, entity, sums, time_s).steps.items() if n]
            fold(self.plan, entity, sums, time_s)
            found = latest_us(sums)
            if self.plan.maturing and steps and found is not None:
                for name in latest_names(sums):
                    del sums[name]
                sums[latest_name(max(found, round(max(steps) * self.plan.maturing.step_s * 1e6)))] = 1
        return without_zeros(histories)

    def readable(self, entity: str, time_s: float) -> dict[str, dict[str, int]]:
        """Return what `folded` does, without sums that no event at that time or later can read."""
        histories = self.folded(entity, time_s)
        for sums in histories.values():
            for name in stale_names(self.plan, list(sums), time_s):
                del sums[name]
        return {key: sums for key, sums in histories.items() if sums}


def keys_of(events: Events, row: int) -> Iterator[tuple[str, str]]:
    """Yield the entities that an event has, each with its key."""
    for entity, keys in events.entities.items():
        if keys.codes[row] >= 0:
            yield entity, keys.values[int(keys.codes[row])]


def fold(plan: HistoryPlan, entity: str, sums: dict[str, int], time_s: float) -> None:
    """Fold what matured before ``time_s``, as a writer does: the steps go, what they are comes."""
    matured = fold_matured(plan, entity, sums, time_s)
    for name in matured.steps:
        del sums[name]
    for name, number in matured.added.items():
        sums[name] = sums.get(name, 0) + number


def without_zeros(histories: Mapping[str, StoredSums]) -> dict[str, dict[str, int]]:
    """Return the histories without sums that are nothing: absent and 0 read the same."""
    kept = {key: {name: number for name, number in sums.items() if number} for key, sums in histories.items()}
    return {key: sums for key, sums in kept.items() if sums}


def read_sum(plan: HistoryPlan, entity: str, kind: str, reads: Floats) -> Floats:
    """Return what was read of one kind of sum over the longest half-life, shape (n,)."""
    place = plan.sums[entity].index(Sum(SumKind(kind), len(plan.half_lives_s) - 1))
    column: Floats = reads[:, place]
    return column
