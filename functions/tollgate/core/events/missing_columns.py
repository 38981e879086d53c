"""Messages on missing columns: the nearest that a table has, or what is wrong with its header."""

from __future__ import annotations

from collections.abc import Sequence

from tollgate.core.events.event_type import EventType
from tollgate.errors import suggest

_DELIMITERS = ",;\t|:^~"
_NAMED = {"\t": "a tab"}
_MAX_NAMES = 12
_MAX_CHARACTERS = 60
_FIRST_LINE = "in CSV the first line has to be the header, so delete what stands above it, or add one"


def say_lacking(event_type: EventType, lacking: Sequence[str], present: Sequence[str]) -> str:
    """Return the sentence on the ``lacking`` columns of a table whose own are ``present``."""
    has = f"it has {list_names([name for name in present if name])}"
    knows_none = not event_type.accepted.intersection(present)
    if knows_none and (delimiter := _find_delimiter(lacking, present)):
        named = _NAMED.get(delimiter, f'"{delimiter}"')
        written = "\\t" if delimiter == "\t" else delimiter
        return (
            f"The header is cut in the wrong places: {has}, where the cells seem to be divided by {named}; declare "
            f'delimiter = "{written}" in [files] of the detector file.'
        )
    spare = [name for name in present if name not in event_type.variables]
    nearest = {name: suggest(name, spare) for name in lacking}
    if knows_none and not any(nearest.values()):
        return f"The table has none of the declared columns {list_names(lacking)}; {has}: {_FIRST_LINE}."
    column = "columns" if len(lacking) > 1 else "column"
    hint = ""
    if list(lacking) == [event_type.id] and not nearest[lacking[0]]:
        hint = " Without ids, leave id out of [event]: training and tollgate score then take the numbers of rows."
    named = ", ".join(f'"{_short(name)}"{nearest[name]}' for name in lacking)
    return f"The table lacks the declared {column} {named}; {has}.{hint}"


def _find_delimiter(lacking: Sequence[str], present: Sequence[str]) -> str | None:
    """Return what would divide the names into more of the columns that are lacking, None where nothing does."""
    found = {}
    for delimiter in _DELIMITERS:
        cells = {cell.strip(' "') for name in present if delimiter in name for cell in name.split(delimiter)}
        found[delimiter] = len(cells.intersection(lacking))
    best = max(_DELIMITERS, key=lambda delimiter: found[delimiter])
    return best if found[best] >= min(2, len(lacking)) and found[best] * 2 >= len(lacking) else None


def list_names(names: Sequence[str]) -> str:
    """Return the first names of columns in quotes, and how many more there are."""
    listed = ", ".join(f'"{_short(name)}"' for name in names[:_MAX_NAMES])
    return listed + (f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else "")


def _short(name: str) -> str:
    return name if len(name) <= _MAX_CHARACTERS else f"{name[:_MAX_CHARACTERS]}…"
