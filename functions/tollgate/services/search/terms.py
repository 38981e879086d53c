"""Search terms: read and checked, with the cursors of pages, and the names of outcomes and rules in them."""

from __future__ import annotations

import hashlib
import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from tollgate import clock
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import read_text, shown
from tollgate.core.search.ordering import Position
from tollgate.core.search.query import Query
from tollgate.core.times.timestamps import to_moment
from tollgate.errors import InputError, SealError, suggest
from tollgate.services.search.read import Days

MAX_DAYS = 92
_WORKERS = 8
# Where there are more versions, a name that the newest lack may be one of an older version.
_MAX_VERSIONS = 50
_MAX_NAMED = 12


@dataclass(frozen=True)
class SearchTerms:
    """A search as it was asked for. ``first`` and ``last`` are days, ``entity`` is name:key.

    ``outcome`` may name several with commas between them.
    """

    detector: str | None = None
    first: date | None = None
    last: date | None = None
    outcome: str | None = None
    label: str | None = None
    rule: str | None = None
    entity: str | None = None
    from_score: int | None = None
    to_score: int | None = None
    sort: str = "newest"
    limit: int = 50
    cursor: str | None = None

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that are asked for; none stands for all."""
        return tuple(self.outcome.split(",")) if self.outcome is not None else ()


def read_days(detector: str, first: date | None, last: date | None) -> Days:
    """Return the days of a search: today without any, until today without a last one.

    Raises `InputError` if they are in the wrong order or too many.
    """
    if first is None and last is not None:
        raise InputError("to needs from: say both, or day for a single one.")
    today = clock.today()
    first = first or today
    last = last or max(first, today)
    if last < first:
        raise InputError(f"from ({first}) lies after to ({last}); exchange them.")
    if (last - first).days >= MAX_DAYS:
        raise InputError(f"From {first} to {last} is {(last - first).days + 1} days; ask for {MAX_DAYS} at most.")
    return Days(detector, first, last)


def read_query(version: DetectorVersion, terms: SearchTerms, days: Days) -> Query:
    """Return what is searched for; raise `InputError` for an unknown entity, scores that cross or a bad cursor."""
    lowest = 0 if terms.from_score is None else terms.from_score
    highest = TOP_SCORE if terms.to_score is None else terms.to_score
    if highest < lowest:
        raise InputError(f"from_score ({lowest}) is higher than to_score ({highest}); exchange them.")
    query = Query(
        outcomes=terms.outcomes,
        label=terms.label,
        rule=terms.rule,
        entity=_read_entity(version, terms.entity) if terms.entity is not None else None,
        scores=None if terms.from_score is None and terms.to_score is None else (lowest, highest),
        sort=terms.sort,
        limit=terms.limit,
    )
    return replace(query, after=_read_cursor(query, days, terms.cursor)) if terms.cursor else query


def _read_entity(version: DetectorVersion, text: str) -> tuple[str, str]:
    entity, colon, key = text.partition(":")
    known = {name for name, columns in version.event_type.entities.items() if len(columns) == 1}
    try:
        key = read_text(key) or ""
    except ValueError as error:
        raise InputError(f"entity: {error}.") from None
    if not colon or not key:
        raise InputError(f'entity is "{text}"; write its name and its key, as in {min(known, default="customer")}:c1.')
    if entity in known:
        return entity, key
    if entity in version.event_type.entities:
        raise InputError(f'"{entity}" is a pair of columns; search for one of them.')
    raise InputError(f'There is no entity "{entity}"{suggest(entity, known)}; there are {", ".join(sorted(known))}.')


def write_cursor(query: Query, days: Days, after: Position) -> str:
    """Return where the next page begins, as a text that only fits this search."""
    value = None if math.isinf(after.value) else after.value
    content = [_fingerprint(query, days), value, after.decided_us, after.event]
    return urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def _read_cursor(query: Query, days: Days, text: str) -> Position:
    try:
        padded = text + "=" * (-len(text) % 4)
        fingerprint, value, decided_us, event = json.loads(urlsafe_b64decode(padded))
        position = Position(
            value=-math.inf if value is None else float(value),
            decided_us=int(decided_us),
            event=int(np.uint64(event)),
        )
        to_moment(position.decided_us)  # one that a calendar has
    except (ValueError, TypeError, OverflowError):
        raise InputError("The cursor is none that an answer gave; begin without it.") from None
    if fingerprint != _fingerprint(query, days):
        raise InputError("The cursor belongs to another search; begin without it.")
    return position


def _fingerprint(query: Query, days: Days) -> str:
    """Return what tells searches apart. Not the last day: a search until today may go on tomorrow."""
    asked = (days.detector, days.first.isoformat(), replace(query, after=None, limit=0))
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:12]


def check_names(versions: VersionStore, version: DetectorVersion, terms: SearchTerms) -> None:
    """Raise `InputError` for an outcome or a rule that no version has, naming those that there are.

    To be asked where nothing was found: then manifests of earlier versions are read for a name that ``version`` lacks.
    """
    rules = [rule.name for rule in version.rules.book.rules]
    asked: list[tuple[str, str, Sequence[str]]] = [("outcome", name, version.order) for name in terms.outcomes]
    if terms.rule is not None:
        asked.append(("rule", terms.rule, rules))
    for what, name, known in asked:
        if name not in known and _is_in_no_version(versions, version.detector, what, name):
            raise InputError(f"There is no {what} {shown(name)}{suggest(name[:100], known)}; {_list(what, known)}.")


def _is_in_no_version(versions: VersionStore, detector: str, what: str, name: str) -> bool:
    names = versions.names(detector)
    if len(names) > _MAX_VERSIONS:
        return False
    with ThreadPoolExecutor(_WORKERS) as pool:
        return not any(pool.map(lambda one: _may_have(versions, detector, one, what, name), names))


def _may_have(versions: VersionStore, detector: str, version: str, what: str, name: str) -> bool:
    try:
        return name in _names_of(what, versions.manifest(detector, version))
    except SealError:
        return True  # nobody knows what it had


def _names_of(what: str, manifest: dict[str, Any]) -> Iterator[str]:
    book = manifest.get("rules") or {}
    if what == "outcome":
        yield from (outcome["name"] for outcome in manifest["outcomes"])
        yield from book.get("order", ())
    yield from (rule["name" if what == "rule" else "outcome"] for rule in book.get("rules", ()))


def _list(what: str, known: Sequence[str]) -> str:
    if not known:
        return f"the detector has no {what}s"
    more = f" and {len(known) - _MAX_NAMED:,} more" if len(known) > _MAX_NAMED else ""
    return f"there are {', '.join(known[:_MAX_NAMED])}{more}" if len(known) > 1 else f"there is {known[0]}"
