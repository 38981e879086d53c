"""Option --now: the time at which a file was made."""

from __future__ import annotations

from datetime import datetime

import click
from tollgate.core.times.time_format import TimeFormat
from tollgate.core.times.timestamps import to_moment


class _Moment(click.ParamType[datetime]):
    name = "when"

    def convert(self, value: datetime | str, param: click.Parameter | None, context: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return to_moment(TimeFormat().read(value))
        except ValueError as error:
            self.fail(f"{error}.", param, context)


NOW = click.option(
    "--now", type=_Moment(), help="Time at which DATA was made, such as 2026-01-31T13:24Z; by default, now."
)
