"""Contributions of deep trees against a background sample, for versions that were sealed with them.

Training builds no such trees any more (ADR 131). A leaf counts for an event and a background row if each condition
on the way to it is met by one of them at least. With a conditions that only the event meets and c that only the row
meets, each of the first gets w (a − 1)! c! / (a + c)! of the leaf's value w, and each of the second
−w a! (c − 1)! / (a + c)! (Laberge, Pequignot: "Understanding interventional TreeSHAP", 2022). Background rows that miss
the same conditions of a leaf are one entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places

Masks = npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class DeepPairs:
    """m nodes level by level from the roots, siblings side by side; l leaves, e entries sorted by leaf.

    Of each node, shape (m,): ``split``, its parent's split; ``wanted``, the answer that leads to it; ``bit``, the
    number of the split's feature among those on the way. ``ends`` and ``inner`` are as in `DeepTrees`. ``leaf``, shape
    (l,), are the nodes that are leaves, ``features``, (l, d), the features of their conditions. An entry has the
    conditions that its background rows miss as bits in ``missed``, its leaf's place in ``entry_leaf``, and in
    ``weight`` the leaf's value times the share of the background.
    """

    ends: Places
    split: Places
    wanted: Bools
    bit: Places
    inner: Places
    leaf: Places
    features: Places
    missed: Masks
    entry_leaf: Places
    weight: Floats

    def contribute(self, answers: Bools, out: Floats) -> None:
        """Add to ``out``, shape (n, f), the contributions of n rows of answers, shape (n, s + 1)."""
        for row, given in enumerate(answers):
            out[row] += self._contribute_one(given, out.shape[1])

    def _missed_by(self, given: Bools) -> Masks:
        """Return the conditions of each leaf that a row of answers, shape (s + 1,), misses, as bits, shape (l,)."""
        missed = self._bits * (given[self.split] != self.wanted)
        used = 0
        for begin, end in zip(self.ends[:-1], self.ends[1:], strict=True):
            pairs = (end - begin) // 2
            missed[begin:end] |= missed[self.inner[used : used + pairs]].repeat(2)
            used += pairs
        found: Masks = missed[self.leaf]
        return found

    def _contribute_one(self, given: Bools, features: int) -> Floats:
        missed = self._missed_by(given)
        alive = np.flatnonzero((missed[self.entry_leaf] & self.missed) == 0)
        leaf, entry = self.entry_leaf[alive], self.missed[alive]
        only_event, only_row = np.bitwise_count(entry), np.bitwise_count(missed)[leaf]
        weight = self.weight[alive]
        out = np.zeros(features)
        _share_out(out, entry, self.features[leaf], weight * self._shares[0][only_event, only_row])
        lost = np.bincount(leaf, weight * self._shares[1][only_event, only_row], minlength=len(self.leaf))
        _share_out(out, missed, self.features, -lost)
        return out

    @cached_property
    def _bits(self) -> Masks:
        bits: Masks = np.array(1, self.missed.dtype) << self.bit.astype(self.missed.dtype)
        return bits

    @cached_property
    def _shares(self) -> tuple[Floats, Floats]:
        """What one condition gets of a leaf, by how many only the event and only the row meets."""
        d = self.features.shape[1] + 1
        gained, lost = np.zeros((d, d)), np.zeros((d, d))
        for a in range(d):
            for c in range(d):
                if a:
                    gained[a, c] = factorial(a - 1) * factorial(c) / factorial(a + c)
                if c:
                    lost[a, c] = factorial(a) * factorial(c - 1) / factorial(a + c)
        return gained, lost


def _share_out(out: Floats, masks: Masks, features: Places, values: Floats) -> None:
    """Add each value, shape (k,), to the features, (k, d), whose bits are set in its mask."""
    for place in range(features.shape[1]):
        has = (masks >> np.array(place, masks.dtype)) & 1 == 1
        out += np.bincount(features[has, place], values[has], minlength=len(out))
