"""Names of stored sums: short, as writes are billed by the kilobyte, and fit to stand bare in update expressions."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Names stand bare in update expressions, where a minus sign cannot.
BEFORE_1970 = "N"
# Counts the events that are still open, by the step at which they mature.
OPEN: Final = "p"
# Says when a history was added to last.
LATEST: Final = "m"
# Begins what a stored name has beyond its own where the sum is of a pair that is packed in here (`item_packing`).
PACKED: Final = "_"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def attribute(kind: str, half_life: int, epoch: int) -> str:
    """Return the short stored name of a sum: kind, half-life, epoch in base 36 (writes are billed by the kilobyte).

    Open events have half-life 0 and the number of their step for an epoch.
    """
    return f"{kind}{half_life}{BEFORE_1970 if epoch < 0 else ''}{_base36(abs(epoch))}"


@lru_cache(maxsize=65_536)
def epoch_of(name: str) -> tuple[int, int]:
    """Return the half-life's index and the epoch that a stored name carries."""
    name = name.partition(PACKED)[0]
    sign = -1 if name[2] == BEFORE_1970 else 1
    return int(name[1]), sign * int(name[2:].lstrip(BEFORE_1970), 36)
