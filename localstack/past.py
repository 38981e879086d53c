"""Backfill for the demo: days of sample payments that were decided on and labeled, as if the API had done it then.

The payments are simulated, the decisions are real: the core makes them, each payment sees the histories as they were at
its own time, and the tables are left as the API would have left them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.decide import Decisions, Reads, decide
from tollgate.core.decisions.decision import Decision
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.event_type import FRAUD, LEGITIMATE
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.histories import FileHistories
from tollgate.core.history.latest_addition import latest_name, latest_us, move_latest
from tollgate.core.history.stored import StoredHistories, add_up
from tollgate.services.decisions.record import make_record
from tollgate.services.labels.transitions import label_addition, label_time_us

from model_build.data.payloads import post_columns
from model_build.data.table import LabeledEvents, read_labeled_events

# Labels come in the morning (UTC): those of the cases that were worked on, and of frauds that were complained of.
_MORNING = timedelta(hours=9)
_DAY = timedelta(days=1)
# Of the cases of a day, those that are worked on by the next morning.
_WORKED_ON = 0.8
_MAX_ANSWER_S = 0.3

# Entity → key → sums by their stored names.
Sums = dict[str, dict[str, dict[str, int]]]


@dataclass
class Backfill:
    """What became of payments. ``stored`` are the histories before them, ``added`` what they and their labels added."""

    version: DetectorVersion
    stored: StoredHistories
    records: dict[str, DecisionRecord] = field(default_factory=dict)
    added: Sums = field(default_factory=dict)

    def decide(self, payments: LabeledEvents, start: int, stop: int) -> None:
        """Decide on some payments, none of which is labeled before the last one."""
        version, events = self.version, payments.events.part(start, stop)
        decisions = self._decide_and_add(payments, events, start, stop)
        columns = post_columns(version.event_type, payments, np.arange(start, stop))
        for row, event_id in enumerate(events.ids):
            decided_s = float(events.times_s[row]) + Random(event_id).uniform(0.05, _MAX_ANSWER_S)
            decided_at = datetime.fromtimestamp(decided_s, UTC)
            decision = Decision.of(version, event_id, decisions.verdict(row), decided_at)
            given = {name: values[row] for name, values in columns.items() if values[row] is not None}
            self.records[event_id] = make_record(version, events, decisions, decision, given, row=row)

    def label(self, event_id: str, label: str, known_s: float) -> None:
        """Label a decision that has no label yet."""
        record = replace(self.records[event_id], label=label, known_s=known_s)
        self.records[event_id] = record
        time_us = label_time_us(record)
        for entity, key in record.entities.items():
            if (added := label_addition(self.version, record, entity)) and time_us is not None:
                self._add(entity, key, {**added, latest_name(time_us): 1})

    def _decide_and_add(self, payments: LabeledEvents, events: Events, start: int, stop: int) -> Decisions:
        """Decide on payments of less than a label delay, and add what they leave in the histories."""
        plan = self.version.history
        chunk = payments.table.select(start, stop)
        with TemporaryDirectory(prefix="tollgate-") as folder:
            histories = FileHistories(plan, Path(folder), self._pick)
            read = EventReader(self.version.event_type, histories.hashing).read(chunk)
            reads = histories.read(read.events, read.keys)
            decisions = decide(self.version, events, Reads.side_by_side(plan.layout, reads.sums.T, reads.excess))
            withheld = np.flatnonzero([not self.version.lets_through(outcome) for outcome in decisions.outcomes])
            histories.withhold(read.events, read.keys, reads, withheld)
            for entity, key, sums in histories.additions():
                self._add(entity, key, sums)
        return decisions

    def _pick(self, wanted: Mapping[str, Sequence[str]]) -> StoredHistories:
        return {
            entity: {key: sums for key in keys if (sums := self._now(entity, key))} for entity, keys in wanted.items()
        }

    def _now(self, entity: str, key: str) -> Mapping[str, int]:
        found = (self.stored.get(entity, {}), self.added.get(entity, {}))
        parts = [by_key[key] for by_key in found if key in by_key]
        return parts[0] if len(parts) == 1 else add_up(*parts)

    def _add(self, entity: str, key: str, sums: Mapping[str, int]) -> None:
        total = self.added.setdefault(entity, {}).setdefault(key, {})
        for name, number in sums.items():
            total[name] = total.get(name, 0) + number
        latest = latest_us(total)
        for name in move_latest(total, latest).removes if latest is not None else ():
            del total[name]


def backfill_decisions(version: DetectorVersion, stored: StoredHistories, file: Path, now: datetime) -> Backfill:
    """Decide on the payments of a file, in order of time, on top of the ``stored`` histories.

    Each morning until ``now``, four of five cases of the day before are labeled, and the frauds whose label delay is
    over. Raises what `read_labeled_events` does.
    """
    payments = read_labeled_events(file, version.event_type)
    past, times_s = Backfill(version, stored), payments.events.times_s
    start = 0
    for morning in _mornings(float(times_s[0]), now):
        stop = int(times_s.searchsorted(min(morning, now).timestamp()))
        past.decide(payments, start, stop)
        if morning <= now:
            _label(past, payments, start, stop, morning.timestamp())
        start = stop
    return past


def _mornings(first_s: float, now: datetime) -> Iterator[datetime]:
    """Yield the mornings after a moment, up to the first one after ``now``."""
    first = datetime.fromtimestamp(first_s, UTC)
    morning = first.replace(hour=0, minute=0, second=0, microsecond=0) + _MORNING
    while morning < now:
        if morning > first:
            yield morning
        morning += _DAY
    yield morning


def _label(past: Backfill, payments: LabeledEvents, yesterday: int, stop: int, known_s: float) -> None:
    """Label what is known in a morning of the payments before ``stop``, of which those of a day began at a place."""
    for row in range(stop):
        event_id, is_fraud = payments.events.ids[row], bool(payments.labels[row])
        record = past.records[event_id]
        is_case = record.decision.outcome != past.version.order[0]
        is_worked_on = row >= yesterday and is_case and Random(event_id).random() < _WORKED_ON
        is_complained_of = is_fraud and record.time_s + payments.label_delay_s <= known_s
        if record.label is None and (is_worked_on or is_complained_of):
            past.label(event_id, FRAUD if is_fraud else LEGITIMATE, known_s)
