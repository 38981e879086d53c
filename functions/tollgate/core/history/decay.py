"""Forward decay: epochs, weights and whole numbers of units of what is added to a sum.

A sum ``S(t) = Σ x_i · 2^(−(t − t_i)/h)`` is kept *forward* (Cormode, Shkapenyuk, Srivastava, Xu: "Forward decay", ICDE
2009): what is added is ``x_i · 2^((t_i − L)/h)``, with the landmark L at the start of the event's epoch of 32
half-lives, and reading divides by ``2^((t − L)/h)``. Two epochs are read: the event's own, and the one before it, whose
weights are 2^32 larger. What is older has faded below 2^-32 and is, by definition, gone.

What is added is rounded to a whole number of units. Sums of whole numbers are exact, so neither order nor repetition of
the arithmetic can change a bit, in DynamoDB or here.
"""

from __future__ import annotations

import numpy as np

from tollgate.core.events.event import Floats, Ints

EPOCH_HALF_LIVES = 32
OLDER_EPOCH = 2.0**-EPOCH_HALF_LIVES


def weigh(times_s: Floats, half_life_s: float | Floats) -> tuple[Ints, Floats]:
    """Return the epoch of each time and its weight ``2^((t − L)/h)``, between 1 and 2^32."""
    epochs = find_epochs(times_s, half_life_s)
    return epochs, np.exp2((times_s - epochs * (EPOCH_HALF_LIVES * np.asarray(half_life_s))) / half_life_s)


def find_epochs(times_s: Floats, half_life_s: float | Floats) -> Ints:
    """Return the epoch of each time."""
    epochs: Ints = np.floor(times_s / (EPOCH_HALF_LIVES * np.asarray(half_life_s))).astype(np.int64)
    return epochs


def quantize(values: Floats, weights: Floats, units: float) -> Floats:
    """Return what is added for ``values``: whole numbers of units. A missing value adds nothing."""
    return np.rint(np.where(np.isnan(values), 0.0, values) * weights * units)
