"""Lists of a detector: shown, and changed only if nobody else changed them meanwhile."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import read_text
from tollgate.core.rules.lists.faults import unquote
from tollgate.core.rules.lists.text import given_lines, read_list, show_values
from tollgate.core.rules.scope import ValueKind
from tollgate.core.rules.value_lists import MAX_ENTRIES, ValueList
from tollgate.core.times.timestamps import write_second
from tollgate.errors import ChangedError, InputError, NotFoundError, suggest
from tollgate.services.container import Container

Values = Sequence[bool | str | int | float]


def show_list(
    container: Container, name: str, search: str, limit: int, after: str | None, detector: str | None = None
) -> dict[str, Any]:
    """Return a page of a list's values in their order: those that hold ``search``, behind the value ``after``.

    Raises `NotFoundError` for an unknown list, `InputError` for an ``after`` that is no value of its kind.
    """
    version = container.champion(detector)
    members, etag = _read(container, version, name)
    values = show_values(members)
    wanted = search.strip().casefold()
    matching = [value for value in values if wanted in value.casefold()] if wanted else values
    start = 0 if after is None else _behind(matching, members, after)
    page = matching[start : start + limit]
    return _serialize(version, name, members, etag) | {
        "matching": len(matching),
        "values": page,
        "cursor": page[-1] if start + limit < len(matching) else None,
    }


def replace_list(
    container: Container,
    name: str,
    values: Values,
    etag: str | None,
    detector: str | None = None,
    *,
    may_be_empty: bool = False,
) -> dict[str, Any]:
    """Put values in place of those of a list with this ETag, None for those sealed.

    Raises `InputError` for values that cannot be meant, or none of them unless it ``may_be_empty``, and `ChangedError`
    if somebody else changed the list.
    """
    version = container.champion(detector)
    members = _as_value_list(version, name, values, may_be_empty=may_be_empty)
    return _write(container, version, name, members, etag)


def change_list(
    container: Container, name: str, add: Values, remove: Values, etag: str | None, detector: str | None = None
) -> dict[str, Any]:
    """Add and remove values of the list with this ETag, None for the one sealed; raises what `replace_list` does."""
    version = container.champion(detector)
    members, current = _read(container, version, name)
    if current != etag:
        raise ChangedError
    added = _as_value_list(version, name, add, may_be_empty=True)
    removed = _removed(name, members, remove)
    kept: set[str | float] = {*members.values, *added.values} - removed
    if len(kept) > MAX_ENTRIES:
        raise InputError(f'The list "{name}" would have {len(kept):,} values, and the maximum is {MAX_ENTRIES:,}.')
    return _write(container, version, name, ValueList.of(members.kind, kept), etag)


def _sealed(version: DetectorVersion, name: str) -> ValueList:
    lists = version.rules.book.lists
    if name not in lists:
        has = ", ".join(lists) or "none"
        raise NotFoundError(f'Version {version.version} has no list "{name}"{suggest(name, lists)}; it has {has}.')
    return lists[name]


def _read(container: Container, version: DetectorVersion, name: str) -> tuple[ValueList, str | None]:
    # The version that decides may hold what the bucket said half a minute ago.
    kind = _sealed(version, name).kind
    found = container.lists.read(version.detector, name, kind)
    if found:
        return found
    sealed = version.manifest["rules"]["lists"][name]
    return ValueList.of(sealed["kind"], sealed["values"]), None


def _as_value_list(version: DetectorVersion, name: str, values: Values, *, may_be_empty: bool) -> ValueList:
    kind, asked = _sealed(version, name).kind, (name, *version.rules.columns_looked_up(name))
    try:
        return read_list(kind, given_lines(_spell(kind, values)), asked, may_be_empty=may_be_empty)
    except ValueError as error:
        raise InputError(f'The list "{name}" {error}.') from None


def _spell(kind: ValueKind, values: Values) -> Values:
    """Return the values for a list; those for one of texts may be numbers and booleans, as the ids of events may."""
    if kind == "number":
        return values
    return [value if isinstance(value, str) else read_text(value) or "" for value in values]


def _removed(name: str, members: ValueList, values: Values) -> frozenset[str | float]:
    """Return values to take out: texts as they are or as they are read, as nothing is wrong with removing a fault."""
    if members.kind == "text":
        texts = [str(value).strip() for value in _spell(members.kind, values)]
        return frozenset(ValueList.of("text", (*texts, *map(unquote, texts))).values)
    try:
        return frozenset(read_list("number", given_lines(values), None).values)
    except ValueError as error:
        raise InputError(f'The list "{name}" {error}.') from None


def _write(
    container: Container, version: DetectorVersion, name: str, members: ValueList, etag: str | None
) -> dict[str, Any]:
    container.lists.write(version.detector, name, members, etag)
    kept, current = _read(container, version, name)
    return _serialize(version, name, kept, current)


def _behind(values: Sequence[str], members: ValueList, after: str) -> int:
    if members.kind == "text":
        return bisect_right(values, after)
    try:
        return bisect_right(values, float(after), key=float)
    except ValueError:
        raise InputError(f'cursor is "{after}", which is not a number; start without it.') from None


def _serialize(version: DetectorVersion, name: str, members: ValueList, etag: str | None) -> dict[str, Any]:
    changed_s = members.changed_s
    return {
        "detector": version.detector,
        "list": name,
        "kind": members.kind,
        "entries": len(members.values),
        "sealed": etag is None,
        "changed_at": version.manifest["created_at"] if changed_s is None else write_second(changed_s),
        "etag": etag,
    }
