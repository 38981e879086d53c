"""Timeline grouped by the key of one entity: what a replay sums, and as of when it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.plan import LabelMaturation, SumKind
from tollgate.core.history.stored import StoredSums
from tollgate.core.history.stored_names import OPEN, epoch_of
from tollgate.core.history.timeline import EVENT, FRAUD, MATURED, TAKEN_BACK, Timeline


@dataclass(frozen=True)
class KeyTimeline:
    """The arrivals that concern an entity, grouped by its key and in order within each.

    ``times_s`` says as of when each is read, ``dated_s`` the date of what it adds. ``numbers`` says how many events
    each stands for; None where each is one.
    """

    rows: Ints
    codes: Ints
    what: npt.NDArray[np.int8]
    times_s: Floats
    dated_s: Floats
    numbers: Ints | None = None

    @classmethod
    def of(cls, codes: Ints, timeline: Timeline) -> KeyTimeline:
        """Group arrivals by the key of their event; those of events without one are left out."""
        arrived = codes[timeline.rows]
        order = np.argsort(arrived, kind="stable")
        order = order[np.searchsorted(arrived[order], 0) :]  # code -1: no entity, no history
        return cls(
            timeline.rows[order], arrived[order], timeline.what[order], timeline.times_s[order], timeline.dated_s[order]
        )

    @cached_property
    def is_punctual(self) -> bool:
        """Whether everything is dated when it arrives."""
        return np.array_equal(self.times_s, self.dated_s)

    def only(self, *what: int) -> KeyTimeline:
        """Return the arrivals of some kinds."""
        kept = np.flatnonzero(np.isin(self.what, what))
        return KeyTimeline(self.rows[kept], self.codes[kept], self.what[kept], self.times_s[kept], self.dated_s[kept])

    def read_since(self, since_s: Floats | None) -> KeyTimeline:
        """Return the line, no key of which is read before a moment of its own."""
        if since_s is None or not len(self.rows):
            return self
        times_s = np.maximum(self.times_s, since_s[self.codes])
        return self if np.array_equal(times_s, self.times_s) else replace(self, times_s=times_s)

    def maturing_at_once(self, since_s: Floats | None, matures_s: Floats) -> KeyTimeline:
        """Return the line, on which events so late that they mature before their key is read do so on arrival."""
        if since_s is None:
            return self
        late = matures_s[self.rows] < since_s[self.codes]
        if not late.any():
            return self
        # It matures right after its event, and is taken back with its fraud, whichever of both came first by its date.
        twice = late & np.isin(self.what, (EVENT, FRAUD))
        places = np.repeat(np.arange(len(late)), np.where(twice, 2, np.where(late, 0, 1)))
        again = np.flatnonzero(np.diff(places, prepend=-1) == 0)
        rows, what, dated_s = self.rows[places], self.what[places], self.dated_s[places]
        what[again] = np.where(what[again] == EVENT, MATURED, TAKEN_BACK)
        dated_s[again] = matures_s[rows[again]]
        return KeyTimeline(rows, self.codes[places], what, self.times_s[places], dated_s)

    def with_open(
        self, maturing: LabelMaturation, names: Sequence[str], stored: Mapping[str, StoredSums], since_s: Floats | None
    ) -> KeyTimeline:
        """Return the line without frauds, and with the stored open events where they mature."""
        line = self.only(EVENT, MATURED, TAKEN_BACK)
        found = [
            (code, epoch_of(name)[1] * maturing.step_s, number)
            for code, key in enumerate(names if stored else ())
            for name, number in stored.get(key, {}).items()
            if name[0] == OPEN
        ]
        if not found:
            return line
        codes, moments_s, numbers = (np.array(column) for column in zip(*found, strict=True))
        # What matured before its key is read is there from the start.
        first_s = np.full(len(found), -np.inf) if since_s is None else since_s[codes]
        extra = len(found)
        columns = [
            (line.rows, np.zeros(extra, dtype=np.int64)),
            (line.codes, codes.astype(np.int64)),
            (line.what, np.full(extra, MATURED, dtype=np.int8)),
            (line.times_s, np.where(moments_s < first_s, -np.inf, moments_s)),
            (line.dated_s, moments_s.astype(np.float64)),
            (np.ones(len(line.rows), dtype=np.int64), numbers.astype(np.int64)),
        ]
        joined = [np.concatenate(pair) for pair in columns]
        # An event reads what matured before its own moment: at the same time, what is stored stands last.
        order = np.lexsort((np.arange(len(joined[0])) >= len(line.rows), joined[3], joined[1]))
        rows, line_codes, what, line_times_s, dated_s, line_numbers = (column[order] for column in joined)
        return KeyTimeline(rows, line_codes, what, line_times_s, dated_s, line_numbers)

    def pick(self, values: Mapping[SumKind, Floats], kind: SumKind) -> Floats:
        """Return what each arrival adds to a kind of sum, given what events add as they happen."""
        if kind == "f":
            return np.where(self.what == FRAUD, 1.0, 0.0)
        if kind == "l":
            return np.where(self.what == MATURED, 1.0, 0.0) - np.where(self.what == TAKEN_BACK, 1.0, 0.0)
        if kind == "v":
            return np.where(self.what == FRAUD, 1.0 - values["u"][self.rows], 0.0)
        return np.where(self.what == EVENT, values[kind][self.rows], 0.0)
