"""Check for rows in the future: training data must have happened, and its labels must be known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.core.times.timestamps import to_microseconds
from tollgate.errors import TrainingDataError

from model_build.data.table import LabeledEvents, find_filled, read_labeled_events
from model_build.detector_file.reader import DetectorFile


def read_past_payments(path: Path, file: DetectorFile, now: datetime) -> LabeledEvents:
    """Read the table of a detector file to learn from, none of which may lie ahead of ``now``.

    Raises what `read_labeled_events` and `reject_future_rows` do.
    """
    data = read_labeled_events(path, file.event_type, file.file_form)
    reject_future_rows(data, file.event_type, now)
    return data


def reject_future_rows(data: LabeledEvents, event_type: EventType, now: datetime) -> None:
    """Raise `TrainingDataError` with row and column of the first event, or own time of a label, that lies ahead."""
    limit = SkewLimit(event_type.timestamp, to_microseconds(now), event_type.max_ahead_s)
    advice = f"the year and the time zone (a time without one is read in {event_type.timezone or 'UTC'})"
    _reject(data, limit.find_ahead(data.events.times_us), data.events.times_us, limit, "an event may lie", advice)
    rule = event_type.label
    if rule is not None and rule.time is not None:
        limit = SkewLimit(rule.time, limit.now_us, limit.max_ahead_s)
        known_us: Ints = np.rint(data.known_s * 1e6).astype(np.int64)
        late = np.flatnonzero((data.labels >= 0) & _has_own_time(data, rule.time) & (known_us > limit.latest_us))
        _reject(data, late, known_us, limit, "a label may become known", advice)


def _reject(data: LabeledEvents, late: Ints, times_us: Ints, limit: SkewLimit, subject: str, advice: str) -> None:
    if not len(late):
        return
    first = int(late[np.argmin(data.rows[late])])
    many = f" ({len(late):,} such rows)" if len(late) > 1 else ""
    said = limit.describe(int(times_us[first]), subject, advice)
    raise TrainingDataError(f'Row {int(data.rows[first]) + 1:,}, column "{limit.column}": {said}{many}.')


def _has_own_time(data: LabeledEvents, column: str) -> npt.NDArray[np.bool_]:
    """Tell for each event whether the table says when its label became known, shape (n,)."""
    filled = np.zeros(len(data.table), dtype=bool)
    filled[find_filled(data.table.column(column))] = True
    own: npt.NDArray[np.bool_] = filled[data.rows]
    return own
