"""Names that a search may ask for: the outcomes and rules that any version of a detector has, or had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.cells import shown
from tollgate.errors import InputError, SealError, suggest
from tollgate.services.container import Container
from tollgate.services.search.terms import SearchTerms

_WORKERS = 8
# Where there are more versions, a name that the newest lack may be one of an older version.
_MAX_VERSIONS = 50
_MAX_NAMED = 12


def check_names(container: Container, version: DetectorVersion, terms: SearchTerms) -> None:
    """Raise `InputError` for an outcome or a rule that no version has, naming those that there are.

    To be asked where nothing was found: then manifests of earlier versions are read for a name that ``version`` lacks.
    """
    rules = [rule.name for rule in version.rules.book.rules]
    for what, name, known in (("outcome", terms.outcome, version.order), ("rule", terms.rule, rules)):
        if name is not None and name not in known and _is_in_no_version(container, version.detector, what, name):
            raise InputError(f"There is no {what} {shown(name)}{suggest(name[:100], known)}; {_list(what, known)}.")


def _is_in_no_version(container: Container, detector: str, what: str, name: str) -> bool:
    versions = container.versions.names(detector)
    if len(versions) > _MAX_VERSIONS:
        return False
    with ThreadPoolExecutor(_WORKERS) as pool:
        return not any(pool.map(lambda one: _may_have(container, detector, one, what, name), versions))


def _may_have(container: Container, detector: str, version: str, what: str, name: str) -> bool:
    try:
        return name in _names_of(what, container.versions.manifest(detector, version))
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
