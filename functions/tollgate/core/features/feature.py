"""Feature definition, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tollgate.core.events.cells import one_spelling

# The features of n events, shape (n, f), float32, NaN where something is missing.
Matrix: TypeAlias = npt.NDArray[np.float32]

# A history that has faded to less than this share of one payment says nothing about what is usual.
TOO_FAINT = 0.01


@dataclass(frozen=True)
class Feature:
    """One feature: its name, what it means to a person, and how it is computed.

    ``operation`` is a key of `EVENT_FEATURES` (``source`` is then a column) or of `HISTORY_FEATURES` (``source`` is
    then an entity and ``half_life`` an index into the plan's half-lives). ``value`` is the category that a yes-or-no
    feature asks for, ``table`` what a feature that looks values up has for each category.
    """

    name: str
    description: str
    operation: str
    source: str = ""
    half_life: int = -1
    value: str = ""
    table: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Feature:
        """Rebuild what `to_json` wrote; categories that are one key now are one."""
        feature = cls(**plain)
        table: dict[str, float] = {}
        for value, number in feature.table.items():
            table[one_spelling(value)] = table.get(one_spelling(value), 0.0) + number
        return replace(feature, value=one_spelling(feature.value), table=table)

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        return asdict(self)
