"""Timestamps as they are written everywhere: ISO 8601 in UTC, ending in Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_utc(moment: datetime, precision: Literal["seconds", "milliseconds"] = "seconds") -> str:
    """Return a moment in UTC as text."""
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def write_second(time_s: float) -> str:
    """Return seconds since 1970 as text, to the second."""
    return write_utc(datetime.fromtimestamp(time_s, UTC))


def write_moment(moment_us: int) -> str:
    """Return microseconds since 1970 as text: to the second, and to the millisecond where it has any."""
    return write_utc(to_moment(moment_us), "milliseconds" if moment_us % 10**6 else "seconds")


def to_microseconds(moment: datetime) -> int:
    """Return a moment with its zone as microseconds since 1970."""
    # In whole numbers: seconds as a float lose the last microseconds from 2106 on.
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_moment(moment_us: int) -> datetime:
    """Return microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=moment_us)
