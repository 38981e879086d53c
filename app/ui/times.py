"""Times of the screen, in the reader's time zone or in UTC: sentences, table columns and chart axes.

The browser names the zone, and the reader can switch to UTC. Only what is shown changes: requests, links and downloads
keep UTC with an offset. Days that the API counts are days in UTC, and pages say when these begin for the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from app import clock
from app.ui.formatting import NOTHING

_IN_UTC = "times.utc"
# Other names of UTC.
_NAMES_OF_UTC = ("UTC", "GMT", "UCT", "Zulu", "Universal")
# Browsers still have the old names of these.
_NEW_NAMES = {"Calcutta": "Kolkata", "Katmandu": "Kathmandu", "Kiev": "Kyiv", "Rangoon": "Yangon"}
_NEW_NAMES |= {"Saigon": "Ho Chi Minh City", "Godthab": "Nuuk"}
_given: tzinfo | None = None


@contextmanager
def set_to(zone: tzinfo) -> Iterator[None]:
    """Have this process write times in ``zone``, whatever the browser says, until the block ends."""
    global _given  # noqa: PLW0603 - one zone a process, whatever the thread
    before, _given = _given, zone
    try:
        yield
    finally:
        _given = before


def reader_zone() -> tzinfo:
    """Return the zone of the reader's browser; UTC if the browser names none that is known here."""
    if _given is not None:
        return _given
    name = st.context.timezone or "UTC"
    if name.endswith(_NAMES_OF_UTC):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def shown_zone() -> tzinfo:
    """Return the zone in which times are written: the reader's, unless she switched to UTC."""
    return UTC if st.session_state.get(_IN_UTC) else reader_zone()


def offer_utc() -> None:
    """Show the switch between the reader's zone and UTC; nothing if they are the same."""
    zone = reader_zone()
    if zone is UTC:
        return
    names = [_city(zone), "UTC"]
    key = f"{_IN_UTC}.switch"
    st.session_state[key] = names[bool(st.session_state.get(_IN_UTC))]

    def switch() -> None:
        st.session_state[_IN_UTC] = st.session_state[key] == "UTC"

    st.segmented_control(
        "Time zone", names, key=key, on_change=switch, required=True, label_visibility="collapsed",
        help="The time zone of all times on the screen. Downloads and links keep UTC.",
    )  # fmt: skip


def zone_name() -> str:
    """Return the name of the shown zone, such as ``New York`` or ``UTC``."""
    zone = shown_zone()
    return "UTC" if zone is UTC else _city(zone)


def _city(zone: tzinfo) -> str:
    """Return the part of a zone's name that people know: ``New York`` of America/New_York."""
    city = str(zone).rpartition("/")[2].replace("_", " ")
    return _NEW_NAMES.get(city, city)


def abbreviation(at: datetime) -> str:
    """Return the zone's name at a time, such as ``EDT``, or its offset such as ``UTC−3`` where it has no name."""
    name = at.tzname() or "UTC"
    if name[0] not in "+-":
        return name
    hours, minutes = name[1:3].lstrip("0") or "0", name[3:5]
    return f"UTC{'−' if name[0] == '-' else '+'}{hours}{f':{minutes}' if minutes.strip('0') else ''}"


def read(text: str | None) -> datetime | None:
    """Return an ISO 8601 time, in UTC where it has no offset, as the shown zone has it; None if it is not one."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return to_shown(at if at.tzinfo else at.replace(tzinfo=UTC))


def to_shown(at: datetime) -> datetime:
    """Return a time in the shown zone; at the ends of the calendar, where that zone has none, in UTC."""
    try:
        return at.astimezone(shown_zone())
    except (OverflowError, ValueError):
        return at.astimezone(UTC)


def moment(text: str | None, *, time: bool = True, zone: bool = True) -> str:
    """Return an ISO 8601 time as ``Jan 5, 2026, 08:24 EST``, or the text itself if it is not one.

    ``time`` and ``zone`` leave out the time of day, or the name of the zone.
    """
    at = read(text)
    if at is None:
        return text or NOTHING
    if not time:
        return day(at)
    return f"{day(at)}, {at:%H:%M}{f' {abbreviation(at)}' if zone else ''}"


def time_of_day(at: datetime, *, seconds: bool = False) -> str:
    """Return the time of day as ``08:24 EST``."""
    at = to_shown(at)
    return f"{at:%H:%M:%S} {abbreviation(at)}" if seconds else f"{at:%H:%M} {abbreviation(at)}"


def day(at: date) -> str:
    """Return a day as ``Jan 5, 2026``."""
    return f"{at:%b} {at.day}, {at.year}"


def period(first: str | None, last: str | None) -> str:
    """Return two ISO 8601 times as ``Jan 1, 2026 to May 31, 2026``."""
    return f"{moment(first, time=False)} to {moment(last, time=False)}"


def day_of(text: str | None) -> date | None:
    """Return the day of an ISO 8601 time in the shown zone, None for none."""
    at = read(text)
    return at.date() if at else None


def midnight_of(at: date) -> str:
    """Return the first moment of a day in the shown zone, as ISO 8601 in UTC: what the API is sent."""
    first = datetime(at.year, at.month, at.day, tzinfo=shown_zone())
    return f"{first.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def bounds_of_day(at: datetime) -> tuple[datetime, datetime]:
    """Return the first moment of the day that ``at`` is on in its own zone, and of the next: 23 to 25 hours later."""
    first = at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first, first + timedelta(1)


def times_of_day(moments: Sequence[datetime]) -> list[str]:
    """Return times of day in the shown zone as ``08:24``; with the zone's name where a change of time repeats one."""
    shown = [to_shown(at) for at in moments]
    texts = [f"{at:%H:%M}" for at in shown]
    return [
        f"{text} {abbreviation(at)}" if texts.count(text) > 1 else text for at, text in zip(shown, texts, strict=True)
    ]


def utc_midnight() -> str:
    """Return when the days that the API counts begin: ``midnight UTC (19:00 EST)``."""
    first = to_shown(clock.now().replace(hour=0, minute=0, second=0, microsecond=0))
    return "midnight UTC" if first.tzinfo is UTC else f"midnight UTC ({first:%H:%M} {abbreviation(first)})"


def hours_of(at: date) -> list[str]:
    """Return the hours of a day in UTC, from its first to the next day's first, as times of day in the shown zone."""
    first = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return [f"{to_shown(first + timedelta(hours=hour)):%H:%M}" for hour in range(25)]


def on_axis(text: str) -> str:
    """Return an ISO 8601 time for a chart whose time scale is in UTC, such that its axis shows the zone's time."""
    at = read(text)
    return text if at is None else f"{at.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def column(title: str, *, time: bool = True, width: int | None = None, note: str = "") -> Any:  # noqa: ANN401 - Streamlit's own type
    """Return the configuration of a table's column of ISO 8601 times; its values, and a download, keep UTC."""
    zone = shown_zone()
    name = "UTC" if zone is UTC else str(zone)
    return st.column_config.DatetimeColumn(
        f"{title} ({zone_name()})" if time else title, format="MMM D, YYYY, HH:mm" if time else "MMM D, YYYY",
        timezone=name, width=width, help=f"{note} Time zone: {name}. Downloads have UTC.".strip(),
    )  # fmt: skip
