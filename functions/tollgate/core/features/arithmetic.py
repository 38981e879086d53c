"""Arithmetic and inputs of formulas, so that each is written once: NumPy for columns, `scalar_math` for one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import numpy as np

from tollgate.core.events.event import Events, Floats
from tollgate.core.features import scalar_math


class Arithmetic(Protocol):
    """What a formula calculates with: `COLUMNS` or `PLAIN`."""

    @property
    def where(self) -> Any: ...  # noqa: ANN401, D102 - functions of NumPy, whose types differ by version
    @property
    def divide(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def maximum(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def minimum(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def sqrt(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def sign(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def log(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def log1p(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def arcsin(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def rint(self) -> Any: ...  # noqa: ANN401, D102


COLUMNS = cast(Arithmetic, np)
PLAIN = cast(Arithmetic, scalar_math)

# Arrays of shape (n, 1), or plain numbers.
Column: TypeAlias = Any


@dataclass(frozen=True)
class FormulaInputs:
    """``time_us`` counts from 1970; ``point`` is the place on the unit sphere; ``excess`` is what `amount_excess` says.

    A number that is missing is NaN; ``amount`` is NaN where no amount is declared, and so is ``point`` without places.
    """

    time_us: Column
    amount: Column
    point: tuple[Column, Column, Column]
    excess: Column
    numeric: Mapping[str, Column]

    @classmethod
    def columns(cls, events: Events, excess: Floats) -> FormulaInputs:
        """Return the columns of n events, each of shape (n, 1)."""
        amounts = np.full(len(events), np.nan) if events.amounts is None else events.amounts
        x, y, z = (column[:, None] for column in events.points)
        numeric = {name: column[:, None] for name, column in events.numeric.items()}
        return cls(events.times_us[:, None], amounts[:, None], (x, y, z), excess[:, None], numeric)

    @classmethod
    def one(cls, event: Events, excess: float) -> FormulaInputs:
        """Return the plain numbers of one event."""
        amount = float("nan") if event.amounts is None else event.amounts.item()
        x, y, z = (column.item() for column in event.points)
        numeric = {name: column.item() for name, column in event.numeric.items()}
        return cls(event.times_us.item(), amount, (x, y, z), excess, numeric)
