"""Clock skew: an event far ahead of the server's clock is refused, or decided on as of that clock.

All later events read what an event adds to histories, and the latest addition decides how much of the earlier ones is
left. So the wrong clock of one caller would change what is known of others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tollgate.core.events.cells import Problem
from tollgate.core.events.event import Events, Ints
from tollgate.core.times.timestamps import write_moment
from tollgate.errors import EventAheadError

MAX_AHEAD_S = 600.0
_SENDER = "the clock and time zone of the sender"
_UNITS = ((365.25 * 86_400, "year"), (86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"))


@dataclass(frozen=True)
class ClockUsed:
    """Of an event that lay too far ahead: its own time, and that of the server's clock, which took its place."""

    given: str
    used: str


@dataclass(frozen=True)
class SkewLimit:
    """The latest time that events may have: ``max_ahead_s`` seconds after ``now_us``, the server's clock.

    ``column`` is that of the times. With ``as_of_now`` a later event is decided on as of now, and not refused.
    ``now_us`` is a whole millisecond, as answers write it.
    """

    column: str
    now_us: int
    max_ahead_s: float = MAX_AHEAD_S
    as_of_now: bool = False

    @property
    def latest_us(self) -> int:
        """The latest time that an event may have, in microseconds since 1970."""
        return self.now_us + round(self.max_ahead_s * 1e6)

    @property
    def used(self) -> str:
        """The time of the clock as answers write it."""
        return write_moment(self.now_us)

    def find_ahead(self, times_us: Ints) -> Ints:
        """Return the rows that lie ahead."""
        return np.flatnonzero(times_us > self.latest_us)

    def settle(self, times_us: Ints) -> tuple[Ints, Ints, list[Problem]]:
        """Return the times to decide as of, the rows that lie ahead, and the problem of each that is refused for it."""
        ahead = self.find_ahead(times_us)
        if not len(ahead):
            return times_us, ahead, []
        if not self.as_of_now:
            found = [Problem(row, self.column, self.describe(int(times_us[row]))) for row in ahead.tolist()]
            return times_us, ahead, found
        settled = times_us.copy()
        settled[ahead] = self.now_us
        return settled, ahead, []

    def settle_one(self, event: Events) -> tuple[Events, ClockUsed | None]:
        """Return an event as it is to be decided on, and what its answer says of the clock, None in the usual case.

        Raises `EventAheadError` for one that is refused.
        """
        time_us = event.times_us.item()
        if time_us <= self.latest_us:
            return event, None
        if not self.as_of_now:
            raise EventAheadError(f'Column "{self.column}": {self.describe(time_us)}.', self.column)
        return replace(event, times_us=np.array([self.now_us])), self.report(time_us)

    def report(self, time_us: int) -> ClockUsed:
        """Return what is said of an event that is decided on as of now."""
        return ClockUsed(write_moment(time_us), self.used)

    def describe(self, time_us: int, subject: str = "an event may lie", check: str = _SENDER) -> str:
        """Say that a time lies ahead, by how much, and what to check."""
        ahead, most = write_span((time_us - self.now_us) / 1e6), write_span(self.max_ahead_s)
        return (
            f"{write_moment(time_us)} lies {ahead} ahead of now ({write_moment(self.now_us // 10**6 * 10**6)}); "
            f"{subject} at most {most} ahead: check {check}"
        )


def write_span(span_s: float) -> str:
    """Return a length of time in the largest unit of which it has two, or one and no rest: "35 years", "90 minutes"."""
    for unit_s, name in _UNITS:
        whole = round(span_s / unit_s)
        if span_s >= 2 * unit_s or (whole in (1, 2) and abs(span_s - whole * unit_s) < unit_s / 50):
            return f"{whole:,} {name}{'s' if whole > 1 else ''}"
    return f"{span_s:,.0f} seconds"
