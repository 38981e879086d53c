"""Clock: the time of day, asked for in one place, so that a test or a command can set it.

How long something takes is measured with `time.monotonic`, which nobody sets.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

_shift_s = 0.0


def now_s() -> float:
    """Return the time in seconds since 1970."""
    return time.time() + _shift_s


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.fromtimestamp(now_s(), UTC)


def today() -> date:
    """Return the date in UTC."""
    return now().date()


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Have the clock of this process show ``moment`` (with its zone) and run on from there, until the block ends."""
    global _shift_s  # noqa: PLW0603 - one clock a process, whatever the thread
    before, _shift_s = _shift_s, moment.timestamp() - time.time()
    try:
        yield
    finally:
        _shift_s = before
