"""Delivery of a message to a function: the time left to work, and when the message comes again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


def _nothing(_seconds: float) -> None:
    """Nobody has to be told."""


@dataclass(frozen=True)
class Delivery:
    """``ends_s`` is when the function is ended, on the monotonic clock; ``receives`` how often the message came.

    ``retry_after`` puts off when the message comes again, in seconds from now. A delivery without a message, as a
    caller in Python has it, has no end, and nothing comes again.
    """

    message: str = ""
    receives: int = 1
    ends_s: float = math.inf
    retry_after: Callable[[float], None] = _nothing

    def left_s(self) -> float:
        """Return the seconds until the function is ended."""
        return self.ends_s - time.monotonic()
