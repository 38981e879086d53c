"""Costs of a missed fraud, a review and a wrong block, and the losses that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats
from tollgate.errors import DetectorFileError

AMOUNT = "amount"


@dataclass(frozen=True)
class Costs:
    """Prices in the currency of the amount; ``missed_fraud`` None: a missed fraud costs its amount.

    A review finds the truth: a reviewed fraud is caught, a reviewed legitimate event goes through, and either costs
    ``review``. The defaults stand ten to one, so that without a review only events are blocked of which more than nine
    in ten are fraud: reviewing costs ``review``, blocking ``blocked_legitimate`` × (1 − probability of fraud).
    ``defaults`` names the prices that a detector file does not set.
    """

    missed_fraud: float | None = None
    review: float = 5.0
    blocked_legitimate: float = 50.0
    defaults: tuple[str, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the prices as detector.toml has them, and the names of those that are defaults."""
        return asdict(self) | {
            "missed_fraud": AMOUNT if self.missed_fraud is None else self.missed_fraud,
            "defaults": list(self.defaults),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Costs:
        """Rebuild what `to_json` wrote."""
        missed = None if plain["missed_fraud"] == AMOUNT else plain["missed_fraud"]
        return cls(missed, plain["review"], plain["blocked_legitimate"], tuple(plain["defaults"]))

    def losses(self, fraud: npt.NDArray[np.bool_], amounts: Floats | None) -> Floats:
        """Return what each of n events costs when it is approved, shape (n,): 0 for a legitimate one.

        A fraud whose amount is missing (NaN) or negative, a refund, counts as no loss where its amount is its price.
        Raises `DetectorFileError` where that is so and there are no amounts.
        """
        if self.missed_fraud is not None:
            return np.where(fraud, self.missed_fraud, 0.0)
        if amounts is None:
            raise DetectorFileError(
                "A missed fraud has no price, as the event type has no amount: give missed_fraud in [costs] a number."
            )
        return np.where(fraud, np.maximum(np.nan_to_num(amounts), 0.0), 0.0)
