"""Stream mapping: where an event's columns stand in records of another layout. Set in the detector file, sealed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tollgate.core.events.cells import read_number
from tollgate.core.events.event_type import EventType
from tollgate.core.streams.envelopes import follow, name_delete, name_envelope
from tollgate.core.streams.foreign_bytes import recognize
from tollgate.errors import EventError, InputError

# A path that stands for the record's key: Kinesis's partition key, Kafka's key.
KEY = "$key"


@dataclass(frozen=True)
class StreamMapping:
    """The [stream] section of a detector file.

    ``columns`` maps a column to the path of its value: names of nested JSON objects, joined by dots, or `KEY`. Without
    any, a record is the event itself. ``minor_units`` says of columns of whole cents and the like how many decimals
    these have: 2 makes 1234 into 12.34.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    minor_units: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        return asdict(self)

    def read(self, event_type: EventType, body: object, key: bytes | None) -> Mapping[str, Any]:
        """Return the event, column → value, that a record's JSON and its key hold; what is not there is left out.

        Raises `InputError` for JSON that is no object, `EventError` where the event's id or time is not there.
        """
        if not isinstance(body, dict):
            raise InputError(_say_no_object(body))
        if not self.columns:
            _refuse_envelope(event_type, body)
            return body
        found = {column: self._read_column(event_type, column, body, key) for column in self.columns}
        for column in (event_type.id, event_type.timestamp):
            if column is not None and found.get(column) is None:
                if deleted := name_delete(body):
                    raise EventError(deleted)
                raise EventError(f'The record has no "{self.columns[column]}", which is column "{column}".', column)
        return {column: value for column, value in found.items() if value is not None}

    def _read_column(self, event_type: EventType, column: str, body: Mapping[str, Any], key: bytes | None) -> object:
        path = self.columns[column]
        value = _read_key(column, key) if path == KEY else follow(body, path)
        places = self.minor_units.get(column)
        return value if places is None else _scale(event_type, value, places)


def _say_no_object(body: object) -> str:
    if isinstance(body, list):
        return f"The record is a JSON list of {len(body):,}; send one event as a record."
    if isinstance(body, str):
        looks = "JSON" if body.lstrip().startswith(("{", "[")) else recognize(body.encode())
        if looks:
            return f"The record is a JSON text that holds {looks.partition(';')[0]}; send the event itself as JSON."
    return "The record is not a JSON object; send one event as a record."


def _refuse_envelope(event_type: EventType, body: Mapping[str, Any]) -> None:
    """Raise `EventError` for a record that cannot be an event and looks like an envelope around one."""
    lacks = event_type.id not in body or event_type.timestamp not in body
    if (lacks or not body.keys() <= event_type.accepted) and (said := name_envelope(event_type, body)):
        raise EventError(said)


def _read_key(column: str, key: bytes | None) -> str | None:
    try:
        return None if key is None else key.decode()
    except UnicodeDecodeError:
        raise EventError(f'The record\'s key is not UTF-8 text, and is to be column "{column}".', column) from None


def _scale(event_type: EventType, value: object, places: int) -> object:
    try:
        number = event_type.number_format.reader(read_number)(event_type.without_null(value))
    except ValueError:
        return value  # whoever reads the event says what is wrong with it
    return None if math.isnan(number) else number / 10**places
