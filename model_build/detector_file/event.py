"""Section [event] of a detector file: the columns of an event, their roles, and how their values are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tollgate.core.events.event_type import EventType, LabelRule, OutcomeRule

from model_build.detector_file.messages import WrongValueError, show
from model_build.detector_file.section import DurationOrZero, Section, Table, Text, Texts, key
from model_build.detector_file.value_formats import (
    Decimal,
    NullWords,
    Origin,
    Thousands,
    Unit,
    Zone,
    check_marks,
    check_times,
)

# The keys that name columns, and those that event types have in another form.
_ROLES = (
    *("id", "timestamp", "amount", "location", "label", "label_time", "outcome"),
    *("numeric", "categorical", "boolean", "ignored"),
)
_NOT_IN_EVENT_TYPE = {
    *("type", "id", "location", "max_ahead", "outcome"),
    *("label", "label_values", "label_time", "label_delay"),
}


class EventSection(Section):
    """The keys of [event]."""

    id: str | None = key(
        None,
        "Identifies the event. Ids must be unique: a second event with the same id is a repeat. You can leave it out "
        "for training, `tollgate score` and `tollgate rules test`, which then use the row number. A version that is "
        "published needs it.",
    )
    timestamp: Text = key(..., "When the event happened.")
    timestamp_format: str = key("iso", "How times are written: see [timestamps](#timestamps).")
    max_ahead: DurationOrZero = key(
        "10m",
        "How far ahead of the clock an event may be, and the time when a label became known. See [a clock that is "
        "ahead](safety.md#a-clock-that-is-ahead).",
        example='"10m"',
    )
    timezone: Zone = key(
        "UTC",
        'The zone of times that do not state one, such as `"Europe/Berlin"`: see [timestamps](#timestamps).',
        example='"Europe/Berlin"',
    )
    timestamp_unit: Unit | None = key(
        None, '`"days"`, `"hours"`, `"minutes"` or `"seconds"`, if the column counts them from a start.'
    )
    timestamp_origin: Origin | None = key(
        None, 'The time at which that count is 0, such as `"2017-01-01"`.', example='"2026-01-01"'
    )
    decimal: Decimal = key(".", 'The decimal mark, `"."` or `","`: see [numbers](#numbers).', example='","')
    thousands: Thousands | None = key(
        None, 'The thousands separator: `"."`, `","`, `" "`, `"\'"`, `"’"` or `"_"`.', example='"."'
    )
    null_values: NullWords = key(
        (), 'Words that mean a missing value, such as `["NULL", "N/A"]`, in any column.', example='["NULL"]'
    )
    type: str = key("event", 'What an event is called, such as `"payment"`. A name, not a column.')
    amount: Text | None = key(None, "The amount, from −10¹² to 10¹².")
    currency: str | None = key(
        None,
        'The currency of amounts, such as `"USD"`. It is shown with amounts; nothing is converted. A name, not a '
        "column.",
    )
    location: Table | None = key(
        None,
        'Where the event happened: `{ latitude = "column", longitude = "column" }`, in degrees. Both or neither.',
        example='{ latitude = "lat", longitude = "lon" }',
    )
    numeric: Texts = key((), "Other columns of numbers, from −10¹⁵ to 10¹⁵. Each is used as a feature without changes.")
    categorical: Texts = key(
        (),
        "Columns with few different values. Each of the 20 most common values in training becomes a feature. One more "
        "feature says how common the value was.",
    )
    boolean: Texts = key(
        (),
        "Yes-or-no columns: `true`, `1`, `yes`, `y`, `t` and `false`, `0`, `no`, `n`, `f`, in upper or lower case.",
    )
    label: Text | None = key(None, "What the event turned out to be. Training needs it.")
    label_values: Table | None = key(
        None,
        "Your words for fraud and legitimate: see [labels](#labels).",
        example='{ fraud = ["Y"], legitimate = ["N"] }',
        default="see below",
    )
    label_time: Text | None = key(
        None, "The column with the time when the label became known. If it is empty, `label_delay` applies."
    )
    label_delay: DurationOrZero = key(
        "7d",
        'How long after the event a label is known, if no `label_time` says so. `"0d"` means at once.',
        example='"7d"',
    )
    outcome: Text | None = key(
        None,
        "What was done with the event, in the words of [outcomes](#outcomes). Only training reads it: see [outcomes "
        "of the past](#outcomes-of-the-past).",
    )
    ignored: Texts = key((), "Columns that may come with an event and are not used.")

    def event_type(self, entities: Mapping[str, tuple[str, ...]]) -> EventType:
        """Return the event type, but for the outcomes of the past; raise `WrongValueError` for keys that do not fit."""
        times = self.timestamp_format, self.timezone, self.timestamp_unit, self.timestamp_origin
        check_times(*times, has_format=self.has("timestamp_format"))
        check_marks(self.decimal, self.thousands)
        place = self._place()
        return EventType(
            name=self.type,
            id=self.id or None,
            label=self._label_rule(),
            entities=entities,
            max_ahead_s=self.max_ahead,
            latitude=place.get("latitude"),
            longitude=place.get("longitude"),
            **self.model_dump(exclude=_NOT_IN_EVENT_TYPE),
        )

    def check_roles(self, entities: Mapping[str, tuple[str, ...]]) -> None:
        """Raise `WrongValueError` for a column with two roles, and for an entity that the label tells."""
        first: dict[str, str] = {}
        for role in _ROLES:
            given = getattr(self, role) or ()
            columns = given.values() if isinstance(given, dict) else [given] if isinstance(given, str) else given
            for column in columns:
                if first.setdefault(column, role) != role:
                    used = f"names column {show(column)}, which is already used as {first[column]}"
                    raise WrongValueError(used, "event", role)
        for column in [column for columns in entities.values() for column in columns]:
            if column in (self.label, self.label_time):
                raise WrongValueError(f'must not use the label column "{column}"', "entities")

    def _place(self) -> dict[str, str]:
        """Return the columns of the location, if there is one."""
        given = self.location or {}
        columns = {column for column in given.values() if isinstance(column, str) and column}
        if given and (set(given) != {"latitude", "longitude"} or len(columns) != 2):
            raise WrongValueError('must be { latitude = "column", longitude = "column" }', "event", "location")
        return given

    def _label_rule(self) -> LabelRule | None:
        if self.label is None:
            for name in ("label_values", "label_time", "label_delay"):
                if self.has(name):
                    raise WrongValueError("needs label, the column that says which events were fraud", "event", name)
            return None
        words = {} if self.label_values is None else _read_label_words(self.label_values)
        return LabelRule(self.label, self.label_delay, self.label_time, **words)


def _read_label_words(given: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    place = ("event", "label_values")
    if set(given) != {"fraud", "legitimate"}:
        raise WrongValueError('must be { fraud = ["…"], legitimate = ["…"] }', *place)
    words = {}
    for side in ("fraud", "legitimate"):
        written = given[side] if isinstance(given[side], list) else [given[side]]
        words[side] = tuple(str(word).strip().lower() for word in written)  # type: ignore[attr-defined]
    if set(words["fraud"]) & set(words["legitimate"]) or not all(words.values()):
        raise WrongValueError("must give fraud and legitimate different words", *place)
    return words


def read_outcome_rule(column: str | None, order: Sequence[str], withheld_from: int) -> OutcomeRule | None:
    """Return how the table says what was done with its events, where it does; ``order`` are the outcomes."""
    words = [name.lower() for name in order]
    return OutcomeRule(column, tuple(words[:withheld_from]), tuple(words[withheld_from:])) if column else None
