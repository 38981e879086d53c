"""Event type: the columns that an event has, the role of each, and the words and the delay of its label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from tollgate.core.events.cells import read_word, shown
from tollgate.core.events.number_format import NumberFormat
from tollgate.core.times.time_format import TimeFormat
from tollgate.errors import LabelError

Role = Literal[
    "id", "timestamp", "amount", "latitude", "longitude", "numeric", "categorical", "boolean", "entity", "label"
]

# What a label says, however a table spells it.
FRAUD, LEGITIMATE = "fraud", "legitimate"
# What a manifest holds only where it was declared, and its value elsewhere.
_OPTIONAL: Mapping[str, object] = {
    **{"timezone": None, "timestamp_unit": None, "timestamp_origin": None},
    **{"decimal": ".", "thousands": None, "null_values": (), "outcome": None},
}


@dataclass(frozen=True)
class LabelRule:
    """How a table says what an event turned out to be, and when that was known.

    ``time`` names the column with the moment at which a label became known; without one, it is known ``delay_s``
    seconds after the event. ``fraud`` and ``legitimate`` are the accepted spellings, lower case, the first one shown.
    """

    column: str
    delay_s: float
    time: str | None = None
    fraud: tuple[str, ...] = ("fraud", "1", "true")
    legitimate: tuple[str, ...] = ("legitimate", "legit", "0", "false")

    def read(self, value: object) -> int | None:
        """Return 1 for fraud, 0 for legitimate, None for an empty value; raise `LabelError` for anything else."""
        text = read_word(value)
        if text in ("", "nan"):  # a missing number in a typed table is not a number
            return None
        if text in self.fraud:
            return 1
        if text in self.legitimate:
            return 0
        if isinstance(value, dict | list):
            nested = "a nested value is not a label"
            raise LabelError(f'Column "{self.column}": {nested}.', nested)
        words = " or ".join(f'"{word}"' for word in (*self.fraud, *self.legitimate))
        wrong = f"is not {words}, in upper or lower case; declare other words as label_values in [event]"
        raise LabelError(f'Label {shown(value)} in column "{self.column}" {wrong}.', f"{shown(value)} {wrong}")


@dataclass(frozen=True)
class OutcomeRule:
    """How a table of past events says what was done with each: the words for letting it through, and for not doing so.

    Words are lower case.
    """

    column: str
    let_through: tuple[str, ...]
    withheld: tuple[str, ...]

    def withholds(self, value: object) -> bool:
        """Return whether an event was not let through; raise `LabelError` for a word that is no outcome."""
        text = read_word(value)
        if text in ("", "nan") or text in self.let_through:
            return False
        if text in self.withheld:
            return True
        words = ", ".join((*self.let_through, *self.withheld))
        wrong = f"is none of {words}; write the table in these words, or name all of its outcomes in [outcomes]"
        raise LabelError(f'Outcome {shown(value)} in column "{self.column}" {wrong}.', f"{shown(value)} {wrong}")


@dataclass(frozen=True)
class EventType:
    """The columns of one kind of event and their roles. Everything but ``timestamp`` is optional.

    Without ``id`` the number of an event's row serves as one: enough for a table, not for what is stored or answered.
    An event may lie ``max_ahead_s`` seconds ahead of the server's clock, and so may the time when a label became known.
    ``entities`` maps an entity's name to the one or more columns whose values identify it: a pair is an entity too.
    ``outcome`` is what a table to learn from has of past decisions. ``ignored`` columns may come with an event and are
    not used. ``null_values`` are words that stand for a missing value, in any column.
    """

    name: str
    id: str | None
    timestamp: str
    timestamp_format: str = "iso"
    amount: str | None = None
    currency: str | None = None
    label: LabelRule | None = None
    latitude: str | None = None
    longitude: str | None = None
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    boolean: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    entities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_ahead_s: float = 600.0
    timezone: str | None = None
    timestamp_unit: str | None = None
    timestamp_origin: str | None = None
    decimal: str = "."
    thousands: str | None = None
    null_values: tuple[str, ...] = ()
    outcome: OutcomeRule | None = None

    @cached_property
    def time_format(self) -> TimeFormat:
        """How times are written."""
        return TimeFormat(
            self.timestamp_format, self.timezone, self.timestamp_unit, self.timestamp_origin, self.number_format
        )

    @cached_property
    def number_format(self) -> NumberFormat:
        """How numbers are written where they are text."""
        return NumberFormat(self.decimal, self.thousands)

    def without_null(self, value: object) -> object:
        """Return a value as it was given, None for a word that stands for a missing one."""
        return None if isinstance(value, str) and value.strip() in self.null_values else value

    @cached_property
    def entity_columns(self) -> tuple[str, ...]:
        """The columns that identify entities, each once, in the order of their declaration."""
        return tuple(dict.fromkeys(column for columns in self.entities.values() for column in columns))

    @cached_property
    def parents(self) -> dict[str, str]:
        """Pair → the entity that its first column is by itself, for the pairs that have one."""
        singles = {columns[0]: name for name, columns in self.entities.items() if len(columns) == 1}
        pairs = {name: columns for name, columns in self.entities.items() if len(columns) > 1}
        return {name: singles[columns[0]] for name, columns in pairs.items() if columns[0] in singles}

    @cached_property
    def text_columns(self) -> tuple[str, ...]:
        """The columns that are read as text: categories and what identifies entities, each once."""
        return tuple(dict.fromkeys((*self.categorical, *self.entity_columns)))

    @cached_property
    def variables(self) -> dict[str, Role]:
        """Column → role for all that an event carries when it is scored; the label is not among them."""
        roles: dict[str, Role] = {} if self.id is None else {self.id: "id"}
        roles[self.timestamp] = "timestamp"
        singles: list[tuple[str | None, Role]] = [
            (self.amount, "amount"),
            (self.latitude, "latitude"),
            (self.longitude, "longitude"),
        ]
        groups: list[tuple[tuple[str, ...], Role]] = [
            (self.numeric, "numeric"),
            (self.categorical, "categorical"),
            (self.boolean, "boolean"),
            (self.entity_columns, "entity"),
        ]
        for column, role in singles:
            if column is not None:
                roles[column] = role
        for columns, role in groups:
            for column in columns:
                roles.setdefault(column, role)
        return roles

    @cached_property
    def accepted(self) -> frozenset[str]:
        """All columns that may come with an event: its variables, its label, and the ignored ones."""
        label = (self.label.column, self.label.time or self.label.column) if self.label else ()
        outcome = (self.outcome.column,) if self.outcome else ()
        return frozenset((*self.variables, *self.ignored, *label, *outcome))

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        plain = asdict(self) | {"entities": {name: list(columns) for name, columns in self.entities.items()}}
        return {key: value for key, value in plain.items() if key not in _OPTIONAL or value != _OPTIONAL[key]}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> EventType:
        """Rebuild what `to_json` wrote."""
        fields = dict(plain)
        label = fields.pop("label")
        for name in ("numeric", "categorical", "boolean", "ignored", "null_values"):
            fields[name] = tuple(fields.get(name, ()))
        fields["entities"] = {name: tuple(columns) for name, columns in fields["entities"].items()}
        if label is not None:
            label = LabelRule(
                **label | {"fraud": tuple(label["fraud"]), "legitimate": tuple(label["legitimate"])},
            )
        if outcome := fields.pop("outcome", None):
            words = {name: tuple(outcome[name]) for name in ("let_through", "withheld")}
            fields["outcome"] = OutcomeRule(outcome["column"], **words)
        return cls(**fields, label=label)
