"""Stream mapping: where an event's columns are in records of another layout, and in envelopes such as Debezium's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tollgate.core.events.cells import read_number
from tollgate.core.events.event_type import EventType
from tollgate.core.streams.foreign_bytes import recognize
from tollgate.errors import EventError, InputError

_MAX_LEVELS = 3
# A path that stands for the record's key: Kinesis's partition key, Kafka's key.
KEY = "$key"


@dataclass(frozen=True)
class _Envelope:
    """An envelope that has certain ``names``; the event stands under ``path``."""

    called: str
    names: tuple[str, ...]
    path: str


# The first one whose names are there. A dot stands between the names of nested objects.
_ENVELOPES = (
    _Envelope("a Debezium change event", ("op", "after"), "after"),
    _Envelope("a Debezium change event with its schema", ("schema", "payload.op", "payload.after"), "payload.after"),
    _Envelope("a Kafka Connect record with its schema", ("schema", "payload"), "payload"),
    _Envelope("a CloudEvents event", ("specversion", "data"), "data"),
    _Envelope("an EventBridge event", ("detail-type", "detail"), "detail"),
    _Envelope("a DynamoDB stream record", ("dynamodb.NewImage",), "dynamodb.NewImage"),
    _Envelope("a change record of AWS DMS", ("metadata.operation", "data"), "data"),
    _Envelope("a Maxwell change event", ("database", "table", "type", "data"), "data"),
)
# What a mapping cannot take out.
_OTHERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("specversion", "data_base64"), "a CloudEvents event with its data in base64; have the data sent as JSON"),
    (("Type", "TopicArn", "Message"), "an Amazon SNS notification; turn on raw message delivery"),
    (("messageType", "logEvents"), "a lot of CloudWatch log events; send one event as a record"),
    (("Records",), "a lot of records; send one event as a record"),
)


def name_envelope(event_type: EventType, body: Mapping[str, Any]) -> str | None:
    """Return what a record's JSON looks like, in which the event is not at the top, and what to do; None otherwise."""
    for names, said in _OTHERS:
        if _has(body, names):
            return f"The record looks like {said}."
    for envelope in _ENVELOPES:
        if _has(body, envelope.names):
            advice = _advise(event_type, body, envelope)
            return name_delete(body) or f"The record looks like {envelope.called}; {advice}"
    for path, _ in _find_events(event_type, body):
        return f'The record has the event under "{path}"; {_say_mapping(event_type, path)}'
    return None


def name_delete(body: Mapping[str, Any]) -> str | None:
    """Return what to do about a Debezium change event that deletes a row, None for any other record."""
    for path in ("", "payload."):
        if follow(body, f"{path}op") in ("d", "t") and follow(body, f"{path}after") is None:
            return 'The record is a Debezium delete, which has no event; set skipped.operations = "d" in the connector.'
    return None


def _advise(event_type: EventType, body: Mapping[str, Any], envelope: _Envelope) -> str:
    inner = follow(body, envelope.path)
    if isinstance(inner, str | list):
        return f'its "{envelope.path}" is not a JSON object; have it sent as one.'
    typed = ".S" if envelope.path.startswith("dynamodb") else ""
    return _say_mapping(event_type, envelope.path, typed)


def _say_mapping(event_type: EventType, path: str, typed: str = "") -> str:
    named = ", ".join(f'{name} = "{path}.{name}{typed}"' for name in (event_type.id, event_type.timestamp))
    return f"set mapping = {{ {named}, … }} in [stream] of the detector file."


def _has(body: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return all(_is_there(body, name) for name in names)


def _is_there(body: Mapping[str, Any], path: str) -> bool:
    above, _, name = path.rpartition(".")
    inner = follow(body, above) if above else body
    return isinstance(inner, Mapping) and name in inner


def follow(body: object, path: str) -> object:
    """Return what stands under names with dots between them, None where one is missing."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def _find_events(
    event_type: EventType, body: Mapping[str, Any], above: str = "", level: int = 1
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the paths of nested objects that have both the id and the time of an event."""
    for name, value in body.items():
        if isinstance(value, Mapping) and "." not in name:
            path = f"{above}{name}"
            if event_type.id in value and event_type.timestamp in value:
                yield path, value
            elif level < _MAX_LEVELS:
                yield from _find_events(event_type, value, f"{path}.", level + 1)


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
