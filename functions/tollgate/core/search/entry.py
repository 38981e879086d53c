"""Index entries: what of a decision is searched, shown in lists and counted."""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tollgate.core.decisions.decision import Decision
from tollgate.core.events.event_type import FRAUD, LEGITIMATE

# What labels are stored as: their places here.
UNLABELED = "none"
LABELS = (UNLABELED, FRAUD, LEGITIMATE)
# Numbers of a stream have up to 40 digits; with zeros in front of them, texts are in their order.
_DIGITS = 40
# Moments are microseconds since 1970. A score is -1 and a number NaN where there is none.
COLUMNS = np.dtype(
    [
        ("event", "<u8"),
        ("sequence", f"S{_DIGITS}"),
        ("decided_us", "<i8"),
        ("time_us", "<i8"),
        ("score", "<i2"),
        ("probability", "<f8"),
        ("amount", "<f8"),
        ("label", "u1"),
        ("known_us", "<i8"),
        ("kind", "<u4"),
    ]
)

Columns = NDArray[np.void]
Places = NDArray[np.intp]


@dataclass(frozen=True, order=True)
class EntryKind:
    """What many decisions have in common. ``rules`` are those that matched, each with whether it is a shadow."""

    outcome: str
    version: str
    rules: tuple[tuple[str, bool], ...] = ()
    degraded: bool = False
    braked: bool = False
    forced: bool = False

    @classmethod
    def of(cls, decision: Decision) -> EntryKind:
        """Return the kind that a decision is of."""
        rules = tuple((hit.rule, hit.shadow) for hit in decision.rules)
        marks = {mark: bool(getattr(decision, mark)) for mark in MARKS}
        return cls(decision.outcome, decision.detector_version, rules, **marks)

    def marks(self) -> dict[str, bool]:
        """Return by name which of the `MARKS` it has."""
        return {mark: getattr(self, mark) for mark in MARKS}

    def to_json(self) -> list[Any]:
        """Return the plain form that segments hold."""
        return [self.outcome, self.version, [list(rule) for rule in self.rules], *self.marks().values()]

    @classmethod
    def from_json(cls, plain: Sequence[Any]) -> EntryKind:
        """Rebuild what `to_json` wrote."""
        outcome, version, rules, *marks = plain
        return cls(outcome, version, tuple((str(rule), bool(shadow)) for rule, shadow in rules), *marks)


# What is true of some decisions and is shown and counted; segments hold it in this order.
MARKS = tuple(one.name for one in fields(EntryKind) if one.default is False)


@dataclass(frozen=True)
class Entry:
    """One decision as it stood when the table's stream was at ``sequence``. ``entities`` are those of one column."""

    sequence: str
    event_id: str
    decided_us: int
    time_us: int
    score: int | None
    probability: float | None
    amount: float | None
    kind: EntryKind
    entities: Mapping[str, str] = field(default_factory=dict)
    label: str = UNLABELED
    known_us: int = 0


def token(entity: str, key: str) -> int:
    """Return the 64-bit hash by which rows of an entity are found; those of an event go by the entity ""."""
    return int.from_bytes(hashlib.blake2b(f"{entity}\0{key}".encode(), digest_size=8).digest(), "little")


def write_text(content: object) -> str:
    """Return JSON as texts of rows are written."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def deflate_json(plain: object) -> bytes:
    """Return JSON content as bytes of an object of the index."""
    return zlib.compress(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode())


def inflate_json(content: bytes) -> Any:  # noqa: ANN401 - whatever was written
    """Return what `deflate_json` was given; raise `zlib.error` or `ValueError` for other bytes."""
    return json.loads(zlib.decompress(content))


@dataclass(frozen=True)
class Rows:
    """n rows: ``columns`` are compared, ``texts`` hold event id and entities as JSON, ``kinds`` what kinds count in.

    Two events of a day are taken for the same one if their ids have the same 64-bit hash: a chance of 3 in 100 million
    at a million events.
    """

    columns: Columns
    texts: NDArray[np.object_]
    kinds: tuple[EntryKind, ...]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Rows:
        """Return entries as rows, in their order."""
        kinds = tuple(sorted({entry.kind for entry in entries}))
        places = {kind: place for place, kind in enumerate(kinds)}
        columns = np.array([_columns_of(entry, places[entry.kind]) for entry in entries], dtype=COLUMNS)
        texts = np.empty(len(entries), dtype=object)
        texts[:] = [write_text([entry.event_id, dict(entry.entities)]) for entry in entries]
        return cls(columns, texts, kinds)

    def __len__(self) -> int:
        """Return n."""
        return len(self.columns)

    def take(self, places: Places | NDArray[np.bool_]) -> Rows:
        """Return some of the rows, by their places or a mask of shape (n,)."""
        return Rows(self.columns[places], self.texts[places], self.kinds)

    def latest(self) -> Rows:
        """Return for each event its row of the highest sequence number."""
        order = np.lexsort((self.columns["sequence"], self.columns["event"]))
        events = self.columns["event"][order]
        return self.take(order[np.append(events[1:] != events[:-1], True)[: len(events)]])

    def arranged(self) -> Rows:
        """Return the rows as segments hold them: by label, outcome and score, so that few blocks hold what is rare."""
        columns = self.columns
        names = ("event", "decided_us", "score", "kind", "label")
        return self.take(np.lexsort([columns[name] for name in names]))

    def read_text(self, place: int) -> tuple[str, dict[str, str]]:
        """Return event id and entities of a row."""
        event_id, entities = json.loads(self.texts[place])
        return event_id, entities

    def entries(self) -> Iterator[Entry]:
        """Yield what `of` was given."""
        for place, row in enumerate(self.columns):
            event_id, entities = self.read_text(place)
            yield Entry(
                sequence=row["sequence"].decode(),
                event_id=event_id,
                decided_us=int(row["decided_us"]),
                time_us=int(row["time_us"]),
                score=None if row["score"] < 0 else int(row["score"]),
                probability=_number(row["probability"]),
                amount=_number(row["amount"]),
                kind=self.kinds[row["kind"]],
                entities=entities,
                label=LABELS[row["label"]],
                known_us=int(row["known_us"]),
            )


def join(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts, one part after the other."""
    kinds = tuple(sorted({kind for part in parts for kind in part.kinds}))
    places = {kind: place for place, kind in enumerate(kinds)}
    columns = np.concatenate([part.columns for part in parts]) if parts else np.empty(0, dtype=COLUMNS)
    start = 0
    for part in parts:
        moved = np.array([places[kind] for kind in part.kinds], dtype=np.uint32)
        columns["kind"][start : start + len(part)] = moved[part.columns["kind"]]
        start += len(part)
    texts = np.concatenate([part.texts for part in parts]) if parts else np.empty(0, dtype=object)
    return Rows(columns, texts, kinds)


def _columns_of(entry: Entry, kind: int) -> tuple[Any, ...]:
    return (
        token("", entry.event_id),
        entry.sequence.rjust(_DIGITS, "0").encode(),
        entry.decided_us,
        entry.time_us,
        -1 if entry.score is None else entry.score,
        math.nan if entry.probability is None else entry.probability,
        math.nan if entry.amount is None else entry.amount,
        LABELS.index(entry.label),
        entry.known_us,
        kind,
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
