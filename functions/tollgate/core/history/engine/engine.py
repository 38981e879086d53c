"""History engine: replays chunks of events, each on top of what is stored and of the chunks before it.

Training is one chunk on nothing, a file is many chunks, and the Spark application has a chunk for each span of time.
What events read is, to the bit, what reading and recording them one at a time gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.engine.arrivals import Arrivals, Moments
from tollgate.core.history.engine.entity_chunk import EntityChunk
from tollgate.core.history.engine.entity_state import ChunkKeys, EntityState
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.history.plan import HistoryPlan, amount_excess


@dataclass(frozen=True)
class ChunkReads:
    """What n events read: ``sums``, shape (k, n), in the order of the plan's layout; ``excess``, (n,), as judged.

    Sums of entities that an event lacks are NaN. ``numbers`` are those of the keys of each entity that keeps count of
    open events, in the order of their codes. ``at_once`` says whether some events came so late that they have matured
    already.
    """

    sums: Floats
    excess: Floats
    numbers: Mapping[str, Ints] = field(default_factory=dict)
    at_once: bool = False


@dataclass(frozen=True)
class _Judged:
    """The entity by which amounts were judged, its chunk, and the places of its sums that were read for it."""

    entity: str
    chunk: EntityChunk
    places: Sequence[int]


class HistoryEngine:
    """The histories of all entities of a plan, within a ``memory`` budget.

    Chunks that tell labels need an engine ``with_labels``.
    """

    def __init__(self, plan: HistoryPlan, memory: MemoryBudget, *, with_labels: bool = False) -> None:
        self.plan = plan
        self.states = {entity: EntityState(plan, entity, memory, with_labels=with_labels) for entity in plan.sums}

    def read(
        self, arrivals: Arrivals, keys: Mapping[str, ChunkKeys], excess: Floats | None = None, threads: int = 1
    ) -> ChunkReads:
        """Return what the events of the next chunk read, and keep what they and their labels add.

        Without ``excess``, amounts are judged. Entities are read ``threads`` at a time.
        """
        layout = self.plan.layout
        sums = np.empty((len(layout.units), arrivals.n))
        for entity, state in self.states.items():
            state.meet(keys[entity])
        judged = None
        if excess is None:
            judged = self._judge(arrivals, sums)
        else:
            arrivals.judge(excess)
        as_of: dict[str, Moments | None] = {}

        def read(entity: str) -> None:
            of_parent = as_of.get(self.plan.parents.get(entity, ""))
            as_of[entity] = self._read_entity(entity, arrivals, judged, of_parent, sums[layout.parts[entity]])

        for some in self._generations():
            if threads == 1:
                for entity in some:
                    read(entity)
            else:
                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(read, some))
        matures = [entity for entity in self.states if self.plan.matures(entity)]
        at_once = any(
            moments is not None and arrivals.at_once(moments) is not None for moments in map(as_of.get, matures)
        )
        return ChunkReads(sums, arrivals.excess, {entity: keys[entity].numbers for entity in matures}, at_once)

    def additions(self, entity: str) -> Iterator[dict[str, int]]:
        """Yield what the chunks added to the history of each key of an entity, by stored name, in order of numbers."""
        return self.states[entity].additions()

    def _generations(self) -> tuple[list[str], list[str]]:
        """Return the entities, and then the pairs: a pair is read as of the same moments as its parent."""
        pairs = [entity for entity in self.states if entity in self.plan.parents]
        return [entity for entity in self.states if entity not in self.plan.parents], pairs

    def _read_entity(
        self, entity: str, arrivals: Arrivals, judged: _Judged | None, of_parent: Moments | None, out: Floats
    ) -> Moments | None:
        """Fill ``out``, shape (k, n), with what the events read of an entity; what judged amounts is there already.

        Return the moments as of which they read it, None for their own.
        """
        state = self.states[entity]
        done: Sequence[int] = ()
        if judged is not None and entity == judged.entity:
            chunk, done = judged.chunk, judged.places
        else:
            chunk = state.open(arrivals, of_parent)
        chunk.read(arrivals, state.stored(), [place for place in range(len(out)) if place not in done], out)
        state.keep(chunk.behind(arrivals))
        return chunk.as_of

    def _judge(self, arrivals: Arrivals, sums: Floats) -> _Judged | None:
        """Judge all amounts by the two sums that this takes, and put these among the sums."""
        unusual = self.plan.unusual
        if unusual is None:
            return None
        part = self.plan.layout.parts[unusual.entity]
        places = [self.plan.sums[unusual.entity].index(s) for s in self.plan.judging.sums[unusual.entity]]
        state = self.states[unusual.entity]
        chunk = state.open(arrivals)
        chunk.read(arrivals, state.stored(), places, sums[part])
        arrivals.judge(amount_excess(self.plan, arrivals.events, {unusual.entity: sums[part].T}))
        return _Judged(unusual.entity, chunk, places)
