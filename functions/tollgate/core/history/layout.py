"""Layout of all sums of a plan side by side, so that one event reads and adds to all of its histories at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats, Ints


@dataclass(frozen=True, eq=False)
class Layout:
    """Where each of k sums stands: those of the first entity, then those of the next.

    ``half_lives_s`` has shape (h,). ``kind``, ``half_lives`` and ``units`` have one entry a sum: its place among the
    letters of ``kinds``, the index of its half-life, and how many units one whole is. ``parts`` says where the sums of
    an entity are, ``places`` where one sum is, by entity, kind and half-life.
    """

    half_lives_s: Floats
    kinds: tuple[str, ...]
    kind: Ints
    half_lives: Ints
    units: Floats
    parts: Mapping[str, slice]
    places: Mapping[tuple[str, str, int], int]

    @classmethod
    def of(
        cls,
        half_lives_s: Sequence[float],
        sums: Mapping[str, Sequence[tuple[str, int]]],
        units: Mapping[str, float],
    ) -> Layout:
        """Lay out the sums of each entity, given as (kind, half-life), in their order."""
        kept = [(entity, kind, half_life) for entity, its in sums.items() for kind, half_life in its]
        kinds = tuple(dict.fromkeys(kind for _, kind, _ in kept))
        parts, first = {}, 0
        for entity, its in sums.items():
            parts[entity] = slice(first, first + len(its))
            first += len(its)
        return cls(
            half_lives_s=np.array(half_lives_s, dtype=np.float64),
            kinds=kinds,
            kind=np.array([kinds.index(kind) for _, kind, _ in kept], dtype=np.int64),
            half_lives=np.array([half_life for _, _, half_life in kept], dtype=np.int64),
            units=np.array([units[kind] for _, kind, _ in kept], dtype=np.float64),
            parts=parts,
            places={one: place for place, one in enumerate(kept)},
        )

    def side_by_side(self, reads: Mapping[str, Floats], start: int, stop: int) -> Floats:
        """Return what the events from ``start`` to before ``stop`` read, (n, k), given by entity as (all, its sums)."""
        parts = [reads[entity][start:stop] for entity in self.parts]
        return np.concatenate(parts, axis=1) if parts else np.empty((stop - start, 0))
