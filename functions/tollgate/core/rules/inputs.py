"""Inputs of rules: the values that they name, taken from events, features and scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints, Keys
from tollgate.core.features.feature import Matrix
from tollgate.core.rules.column_compiler import Columns
from tollgate.core.rules.row_compiler import Row, Value
from tollgate.core.rules.scope import Scope, Symbol

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US


@dataclass(frozen=True)
class RuleInputs:
    """``n`` events with their features, shape (n, f), and scores, shape (n,), NaN where there is none."""

    events: Events
    features: Matrix
    scores: Ints | Floats

    def columns(self, scope: Scope, names: Iterable[str]) -> Columns:
        """Return the column of each name."""
        return {name: _SOURCES[scope.symbols[name].source](self, scope.symbols[name]) for name in names}

    def row(self, place: int, scope: Scope, names: Iterable[str]) -> Row:
        """Return the value of each name for one event."""
        return {name: self._value(place, scope.symbols[name]) for name in names}

    def _value(self, place: int, symbol: Symbol) -> Value:
        if symbol.source == "feature":
            return float(self.features[place, int(symbol.key)])
        if symbol.source == "score":
            return float(self.scores.item(place))
        column = _SOURCES[symbol.source](self, symbol)
        if isinstance(column, Keys):
            code = column.codes.item(place)
            return column.values[code] if code >= 0 else None
        return float(column.item(place))


def _there(column: Floats | None) -> Floats:
    assert column is not None
    return column


_SOURCES: Mapping[str, Callable[[RuleInputs, Symbol], Floats | Keys]] = {
    "score": lambda inputs, _: inputs.scores.astype(np.float64),
    "amount": lambda inputs, _: _there(inputs.events.amounts),
    "latitude": lambda inputs, _: _there(inputs.events.latitudes),
    "longitude": lambda inputs, _: _there(inputs.events.longitudes),
    "numeric": lambda inputs, symbol: inputs.events.numeric[str(symbol.key)],
    "category": lambda inputs, symbol: inputs.events.categories[str(symbol.key)],
    "entity": lambda inputs, symbol: inputs.events.entities[str(symbol.key)],
    "feature": lambda inputs, symbol: inputs.features[:, int(symbol.key)].astype(np.float64),
    "hour": lambda inputs, _: (inputs.events.times_us % _DAY_US // _HOUR_US).astype(np.float64),
    "hour_exact": lambda inputs, _: (inputs.events.times_us % _DAY_US) / _HOUR_US,
    # 1 January 1970 was a Thursday; 0 is Monday.
    "weekday": lambda inputs, _: ((inputs.events.times_us // _DAY_US + 3) % 7).astype(np.float64),
}
