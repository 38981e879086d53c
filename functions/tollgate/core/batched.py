"""Batches of a stream of items, as `itertools.batched` gives them from Python 3.12 on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batched(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """Yield the items in lists of ``most``; the last list has the rest."""
    waiting = iter(items)
    while batch := list(islice(waiting, most)):
        yield batch
