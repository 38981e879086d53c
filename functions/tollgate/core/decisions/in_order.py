"""Decisions in order: those on a table's events, each of which sees the ones before it.

It stands apart from `decide`, as a function that decides on single events has no use for the history engine.
"""

from __future__ import annotations

import numpy as np

from tollgate.core.decisions.decide import Decisions, Reads, decide
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.history.labels import NOTHING_WITHHELD, Withheld
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored import StoredHistories


def decide_in_order(version: DetectorVersion, events: Events, stored: StoredHistories) -> Decisions:
    """Decide on n events in order of time, each seeing the ones before it on top of what is stored.

    The decisions come in the order of the rows.
    """
    withheld = NOTHING_WITHHELD.rows
    while True:
        told = Withheld(withheld, np.full(len(withheld), np.inf))
        replayed = replay_histories(version.history, events, stored=stored, withheld=told)
        decisions = decide(version, events, Reads(replayed.reads, replayed.excess))
        found = np.flatnonzero([not version.lets_through(outcome) for outcome in decisions.outcomes])
        # An event depends on earlier ones alone: what is right up to some event stays right, and reaches further.
        if np.array_equal(found, withheld):
            return decisions
        withheld = found
