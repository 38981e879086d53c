"""Replay of a table's past: what each event read from the histories of its entities, and what all of them left there.

Both are, to the bit, what recording and reading the events one at a time gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Events, Floats, Keys, used_codes
from tollgate.core.history.engine.arrivals import Arrivals
from tollgate.core.history.engine.engine import HistoryEngine
from tollgate.core.history.engine.entity_state import ChunkKeys
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.history.labels import NO_FRAUDS, NOTHING_WITHHELD, Frauds, Withheld
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.stored import StoredHistories, StoredSums, tidy_history


@dataclass(frozen=True)
class Replayed:
    """What n events read on their arrival.

    ``reads`` maps each entity to an array of shape (n, k) in the order of the plan's sums, NaN where an event lacks the
    entity. ``excess`` is what `amount_excess` says of them, shape (n,).
    """

    reads: Mapping[str, Floats]
    excess: Floats


def replay_histories(
    plan: HistoryPlan,
    events: Events,
    frauds: Frauds = NO_FRAUDS,
    stored: StoredHistories | None = None,
    *,
    withheld: Withheld = NOTHING_WITHHELD,
    threads: int = 1,
) -> Replayed:
    """Let the events happen in order of time, and the ``frauds`` among them become known, on top of what is stored.

    Those ``withheld`` do not mature. Entities are replayed ``threads`` at a time.
    """
    keys = {entity: its.keys for entity, its in _number(plan, events, stored or {}).items()}
    engine = HistoryEngine(plan, MemoryBudget(), with_labels=True)
    reads = engine.read(Arrivals(plan, events, frauds, withheld), keys, threads=threads)
    return Replayed({entity: reads.sums[part].T for entity, part in plan.layout.parts.items()}, reads.excess)


def sum_additions(
    plan: HistoryPlan,
    events: Events,
    excess: Floats,
    frauds: Frauds = NO_FRAUDS,
    *,
    withheld: Withheld = NOTHING_WITHHELD,
) -> dict[str, dict[str, dict[str, int]]]:
    """Return what the events, and the frauds known by the last of them, add: entity → key → stored name → number.

    ``excess`` is what `amount_excess` says of the events. What matured before the last event stands in the sums, what
    did not is left open, and what no event from then on can read is left out. Beside them stands the date of the latest
    addition.
    """
    numbered = _number(plan, events, {})
    engine = HistoryEngine(plan, MemoryBudget(), with_labels=True)
    keys = {entity: its.keys for entity, its in numbered.items()}
    engine.read(Arrivals(plan, events, frauds, withheld), keys, excess)
    until_s = float(np.max(events.times_s, initial=-np.inf))
    return {
        entity: {
            key: tidied
            for key, sums in zip(its.names, engine.additions(entity), strict=True)
            if (tidied := tidy_history(plan, entity, sums, until_s))
        }
        for entity, its in numbered.items()
    }


@dataclass(frozen=True)
class _Numbered:
    """Keys in the order of their numbers, all of them new."""

    keys: ChunkKeys
    names: Sequence[str]

    @classmethod
    def of(cls, keys: Keys, stored: Mapping[str, StoredSums]) -> _Numbered:
        """Number the values of a column that it uses, some of which have ``stored`` histories."""
        codes, used = used_codes(keys.codes, len(keys.values))
        names = list(keys.values) if used is None else [keys.values[code] for code in used.tolist()]
        found = {place: stored[key] for place, key in enumerate(names) if key in stored} if stored else {}
        numbers = np.arange(len(names))
        return cls(ChunkKeys(codes, numbers, numbers, found), names)


def _number(plan: HistoryPlan, events: Events, stored: StoredHistories) -> dict[str, _Numbered]:
    return {entity: _Numbered.of(events.entities[entity], stored.get(entity, {})) for entity in plan.sums}
