"""Histories of all entities of a file, chunk after chunk: stored ones, and what the file itself adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.entity_histories import EntityHistories
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.notes.unknown_keys import EntityKeys
from tollgate.core.history.engine.arrivals import ChunkTimes
from tollgate.core.history.engine.entity_chunk import EntityChunk
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.history.plan import HistoryPlan, Sum, amount_excess
from tollgate.core.history.stored import StoredSums

# Entity → the keys that are met for the first time → what is stored of each that has a history.
ReadStored = Callable[[Mapping[str, Sequence[str]]], Mapping[str, Mapping[str, StoredSums]]]
# As much as a million payments of a few entities take: the busiest keys are met by then.
_MEMORY_BYTES = 40 << 20
_COUNTS = "histories.json"
_KEYS = "unknown_keys.json"
_MULTIPLIERS = "multipliers"


def nothing_stored(_keys: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, StoredSums]]:
    """Say that no key has a history."""
    return {}


@dataclass(frozen=True)
class ChunkReads:
    """What n events read: ``sums``, shape (k, n), in the order of the plan's layout; ``excess``, (n,), as judged.

    ``numbers`` are those of the keys of each entity, in the order of the texts that were read. ``at_once`` says whether
    some events came so late that they have matured already.
    """

    sums: Floats
    excess: Floats
    numbers: Mapping[str, Ints] = field(default_factory=dict)
    at_once: bool = False


@dataclass(frozen=True)
class _Begun:
    """What was judged of amounts, and the entity of which the sums at some places were read for it."""

    excess: Floats
    entity: str = ""
    chunk: EntityChunk | None = None
    places: Sequence[int] = ()


class FileHistories:
    """What is known of every key that a file has met, in ``folder`` and, the busiest part, in memory."""

    def __init__(self, plan: HistoryPlan, folder: Path, read_stored: ReadStored = nothing_stored) -> None:
        self._plan = plan
        self._folder = folder
        self._read_stored = read_stored
        self.hashing = KeyHashes()
        memory = MemoryBudget(_MEMORY_BYTES)
        self._entities = {entity: EntityHistories(plan, entity, folder, memory) for entity in plan.sums}
        # How many of the keys met so far have a stored history, by entity.
        self.keys = {entity: EntityKeys() for entity in plan.sums}

    def read(self, events: Events, texts: Mapping[str, DictionaryColumn]) -> ChunkReads:
        """Return what the events of the next chunk read, in order of time, and keep what they add.

        ``texts`` has the keys of each entity.
        """
        self._meet(texts)
        times = ChunkTimes(self._plan, events)
        layout = self._plan.layout
        sums = np.empty((len(layout.units), len(events)))
        begun = self._amount_excess(events, times, texts, sums)
        times = times.with_excess(begun.excess)
        as_of: dict[str, ChunkTimes | None] = {}
        numbers = {entity: its.numbers for entity, its in self._entities.items() if self._plan.matures(entity)}
        for entity in sorted(self._entities, key=lambda one: one in self._plan.parents):
            of_parent = as_of.get(self._plan.parents.get(entity, ""))
            part = sums[layout.parts[entity]]
            as_of[entity] = self._read_entity(entity, texts[entity], times, begun, part, of_parent)
        at_once = any(times.mature_before(as_of[entity]) for entity in numbers)
        return ChunkReads(sums, times.excess, numbers, at_once)

    def withhold(self, events: Events, texts: Mapping[str, DictionaryColumn], reads: ChunkReads, rows: Ints) -> None:
        """Take back that some events of a chunk become legitimate: they were not let through. They read ``reads``."""
        for entity, numbers in reads.numbers.items():
            codes = texts[entity].codes[rows]
            held = np.flatnonzero(codes >= 0)
            if len(held):
                self._entities[entity].withhold(numbers[codes[held]], events.times_us[rows[held]])

    def find_known(self, entity: str, keys: Sequence[str]) -> Sequence[str]:
        """Return which keys of an entity have a stored history."""
        return list(self._read_stored({entity: keys}).get(entity, {}))

    def save(self) -> None:
        """Leave in the folder what `load` needs."""
        self.hashing.multipliers.tofile(self._folder / _MULTIPLIERS)
        counts = {entity: its.save() for entity, its in self._entities.items()}
        (self._folder / _COUNTS).write_text(json.dumps(counts))
        (self._folder / _KEYS).write_text(json.dumps({entity: vars(its) for entity, its in self.keys.items()}))

    def load(self) -> None:
        """Take up what `save` left in the folder."""
        self.hashing = KeyHashes(np.fromfile(self._folder / _MULTIPLIERS, dtype=np.uint64).reshape(2, -1))
        for entity, counts in json.loads((self._folder / _COUNTS).read_text()).items():
            self._entities[entity].load(counts)
        if (self._folder / _KEYS).exists():  # not in a checkpoint of before
            for entity, its in json.loads((self._folder / _KEYS).read_text()).items():
                self.keys[entity] = EntityKeys(**its)

    def additions(self) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        """Yield entity, key and what the file adds to its history, by stored name, in the order of meeting."""
        for entity, its in self._entities.items():
            for key, sums in its.additions():
                yield entity, key, sums

    def _meet(self, texts: Mapping[str, DictionaryColumn]) -> None:
        asks = self._read_stored is not nothing_stored
        new = {entity: its.find(texts[entity]) for entity, its in self._entities.items()}
        found: Mapping[str, Mapping[str, StoredSums]] = {}
        if asks and any(len(places) for places in new.values()):
            named = {entity: its.name_new(texts[entity]) for entity, its in self._entities.items()}
            found = self._read_stored(named)
            for entity, keys in named.items():
                self.keys[entity].add(keys, found.get(entity, {}))
        for entity, its in self._entities.items():
            its.meet(texts[entity], found.get(entity, {}))

    def _read_entity(
        self,
        entity: str,
        texts: DictionaryColumn,
        times: ChunkTimes,
        begun: _Begun,
        out: Floats,
        of_parent: ChunkTimes | None,
    ) -> ChunkTimes | None:
        """Fill ``out``, shape (k, n), with what the events read of an entity; what judged amounts is there already.

        A pair is read as of the same moments as its parent. Return these moments, None for the events' own.
        """
        its, chunk, done = self._entities[entity], begun.chunk, begun.places
        if chunk is None or entity != begun.entity:
            chunk, done = its.open(texts, times, of_parent), ()
        chunk.read(times, its.stored(), [place for place in range(len(out)) if place not in done], out)
        its.keep(chunk.behind(times))
        return chunk.as_of

    def _amount_excess(
        self, events: Events, times: ChunkTimes, texts: Mapping[str, DictionaryColumn], sums: Floats
    ) -> _Begun:
        """Judge all amounts by the two sums that this takes, and put these among the sums."""
        unusual = self._plan.unusual
        if unusual is None:
            return _Begun(np.zeros(len(events)))
        longest, part = len(self._plan.half_lives_s) - 1, self._plan.layout.parts[unusual.entity]
        places = [self._plan.sums[unusual.entity].index(s) for s in (Sum("n", longest), Sum("a", longest))]
        its = self._entities[unusual.entity]
        chunk = its.open(texts[unusual.entity], times)
        chunk.read(times, its.stored(), places, sums[part])
        return _Begun(amount_excess(self._plan, events, {unusual.entity: sums[part].T}), unusual.entity, chunk, places)
