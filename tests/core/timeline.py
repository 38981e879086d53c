"""Timeline of events, labels that became known, and events that matured, in order of arrival."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.history.labels import NO_FRAUDS, NOTHING_WITHHELD, Frauds, Withheld
from tollgate.core.history.plan import LabelMaturation

EVENT, FRAUD, MATURED, TAKEN_BACK = range(4)


@dataclass(frozen=True)
class Timeline:
    """Everything that concerns n events, in order of arrival.

    ``rows`` holds the event of each happening, and ``what`` one of `EVENT`, `FRAUD`, `MATURED` and `TAKEN_BACK` (an
    event that had matured turns out to be fraud). An event that was not let through matures when it is labeled
    legitimate. ``times_s`` says when it happened, ``dated_s`` the date under which the histories have it: the two
    differ where a maturing is taken back. What happens at the very time of an event comes after it: an event never
    reads its own label. ``matures_s`` says when each of the n events matures by itself, inf for never; empty where none
    does.
    """

    rows: Ints
    what: npt.NDArray[np.int8]
    times_s: Floats
    dated_s: Floats
    matures_s: Floats = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(
        cls,
        events: Events,
        frauds: Frauds = NO_FRAUDS,
        maturing: LabelMaturation | None = None,
        withheld: Withheld = NOTHING_WITHHELD,
    ) -> Timeline:
        """Put everything in order of time; events of the same time keep the order of their rows."""
        parts = [
            (np.arange(len(events)), EVENT, events.times_s, events.times_s),
            (frauds.rows, FRAUD, frauds.known_s, frauds.known_s),
        ]
        told = np.flatnonzero(np.isfinite(withheld.legitimate_s))
        told_s = withheld.legitimate_s[told]
        parts.append((withheld.rows[told], MATURED, told_s, told_s))
        matured_s = np.empty(0)
        if maturing is not None:
            matured_s = maturing.moments_s(events.times_s)
            known_s = np.full(len(events), np.inf)
            known_s[frauds.rows] = frauds.known_s
            matured_s[withheld.rows] = np.inf
            lasting = np.flatnonzero((known_s > matured_s) & np.isfinite(matured_s))
            late = lasting[np.isfinite(known_s[lasting])]
            parts.append((lasting, MATURED, matured_s[lasting], matured_s[lasting]))
            parts.append((late, TAKEN_BACK, known_s[late], matured_s[late]))
        what = np.concatenate([np.full(len(rows), kind, dtype=np.int8) for rows, kind, _, _ in parts])
        rows = np.concatenate([part[0] for part in parts])
        times_s = np.concatenate([part[2] for part in parts])
        dated_s = np.concatenate([part[3] for part in parts])
        order = np.argsort(times_s, kind="stable")
        return cls(rows[order], what[order], times_s[order], dated_s[order], matured_s)
