"""Note on the keys of a file: the version knows hardly any key of an entity, as when leading zeros were lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tollgate.core.events.cells import shown
from tollgate.core.events.event_type import EventType
from tollgate.core.rules.analysis.spelling import Spelling, respellings

# Keys → which of them have a history.
FindKnown = Callable[[str, Sequence[str]], Sequence[str]]
_MIN_KEYS = 20
_MAX_SHARE_KNOWN = 0.05
_SAMPLE = 20


@dataclass
class EntityKeys:
    """How many different keys the rows so far have, how many of these have a stored history, and some of the others."""

    met: int = 0
    known: int = 0
    unknown: list[str] = field(default_factory=list)

    def add(self, new: Sequence[str], known: Mapping[str, object]) -> None:
        """Take keys into account that were met for the first time, of which some are ``known``."""
        self.met += len(new)
        self.known += len(known)
        if len(self.unknown) < _SAMPLE:
            self.unknown += [key for key in new[: 2 * _SAMPLE] if key not in known][: _SAMPLE - len(self.unknown)]

    @property
    def are_unknown(self) -> bool:
        """Whether nearly none of many is known."""
        return self.met >= _MIN_KEYS and self.known <= _MAX_SHARE_KNOWN * self.met


def describe_unknown_keys(
    event_type: EventType,
    keys: Mapping[str, EntityKeys],
    rows: int,
    stored: Mapping[str, int] | None,
    find: FindKnown,
) -> Iterator[str]:
    """Yield a note for each entity of one column whose keys are not those of the version.

    ``stored`` says how many keys of each entity have a history. Without it, they have none for all one knows unless
    another of them is known, or one that is spelled otherwise. Keys that hardly come twice in ``rows`` rows, as of
    sessions, are always new: for them, only one that is spelled otherwise tells anything.
    """
    singles = {name: its for name, its in keys.items() if len(event_type.entities.get(name, ())) == 1}
    some_known = any(its.known for its in singles.values())
    for entity, its in singles.items():
        if not its.are_unknown:
            continue
        likely = _find_likely(entity, its.unknown, find)
        kept = some_known if stored is None else bool(stored.get(entity))
        if likely is None and not (kept and 2 * its.met <= rows):
            continue
        few = f"Only {its.known:,}" if its.known else "None"
        are = "are" if its.known > 1 else "is"
        said = (
            f'{few} of the {its.met:,} values of "{event_type.entities[entity][0]}" in this file {are} known to the '
            "version"
        )
        if likely is None:
            yield f"{said}: if they are not all new, check that they are written as in the training data."
        else:
            yield f"{said}; {shown(likely[0])} may be {shown(likely[1])}, which is."


def _find_likely(entity: str, unknown: Sequence[str], find: FindKnown) -> tuple[str, str] | None:
    """Return a key and the known one that it is likely to stand for."""
    others = {key: respellings(key) for key in unknown}
    found = set(find(entity, list(dict.fromkeys(other for some in others.values() for other in some))))
    for key, some in others.items():
        known = Spelling(other for other in some if other in found).same(key)
        if known is not None:
            return key, known
    return None
