"""Decisions as the index has them, made for tests."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tollgate.core.events.event_type import FRAUD, LEGITIMATE
from tollgate.core.search.entry import Entry, EntryKind

DAY_US = 1_764_115_200 * 10**6  # 2025-11-26T00:00:00Z
KINDS = (
    EntryKind("approve", "v1"),
    EntryKind("approve", "v1", (("seen before", True),)),
    EntryKind("review", "v1", (("new device", False), ("far away", False))),
    EntryKind("review", "v2", degraded=True),
    EntryKind("block", "v2", (("new device", False),), forced=True),
)


def sequence(number: int) -> str:
    return str(number).rjust(40, "0")


def make_entries(count: int, seed: int = 0) -> list[Entry]:
    """Decisions of one day on different events."""
    chance = Random(seed)
    return [_make(number, chance) for number in range(count)]


def _make(number: int, chance: Random) -> Entry:
    known = chance.random() < 0.95
    return Entry(
        sequence=sequence(10**20 + number * 1_000),
        event_id=f"e{number}",
        decided_us=DAY_US + chance.randrange(86_400) * 10**6,
        time_us=DAY_US - chance.randrange(10**9),
        score=chance.randrange(1001) if known else None,
        probability=chance.random() if known else None,
        amount=round(chance.uniform(-5, 500), 2) if chance.random() < 0.95 else None,
        kind=chance.choice(KINDS),
        entities={"customer": f"c{chance.randrange(20)}", "device": f"d{chance.randrange(5)}"},
    )


def label_some(entries: list[Entry], seed: int = 1) -> list[Entry]:
    """What the stream says later: some of the entries with a label, some with a second one."""
    chance = Random(seed)
    found = []
    for entry in entries:
        for time in range(chance.choice((0, 0, 0, 1, 2))):
            label = chance.choice((FRAUD, LEGITIMATE))
            number = sequence(int(entry.sequence) + 10**10 * (time + 1))
            found.append(replace(entry, sequence=number, label=label, known_us=DAY_US + time))
    return found
