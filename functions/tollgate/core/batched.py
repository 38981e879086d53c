"""Things in lots, for what takes only so many at a time; `itertools.batched` begins with Python 3.12."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Thing = TypeVar("Thing")


def in_lots(things: Iterable[Thing], most: int) -> Iterator[list[Thing]]:
    """Yield things in lists of ``most``, and the rest."""
    waiting = iter(things)
    while lot := list(islice(waiting, most)):
        yield lot
