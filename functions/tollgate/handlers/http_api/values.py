"""Ids, days and times in requests: an id is read as that of an event, and no bare number is taken for a time."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator

from tollgate.core.events.cells import read_text, shown

# A day may come with its midnight, as programs write it.
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)


def _read_day(value: object) -> date | None:
    if value is None:
        return None
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        if found:
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not a day; write it as in 2026-11-25")


def _read_moment(value: object) -> object:
    """Return a text whose parts are those of a time; whether it is one is read after this."""
    if value is None or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError(f"{shown(value)} is not a time; write it as in 2026-11-25T10:00:00Z")


EventId = Annotated[str | None, BeforeValidator(read_text, json_schema_input_type=str | float | bool | None)]
Day = Annotated[date | None, BeforeValidator(_read_day, json_schema_input_type=date | None)]
Moment = Annotated[datetime | None, BeforeValidator(_read_moment, json_schema_input_type=datetime | None)]
