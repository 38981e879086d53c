"""Formula inputs: what formulas read of events themselves, as columns of n of them or the plain numbers of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tollgate.core.events.event import Events, Floats

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
