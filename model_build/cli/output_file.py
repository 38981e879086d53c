"""Check of an output file: its extension is supported, and it does not overwrite an input."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tollgate.errors import InputError


def check_output(out: Path, inputs: Sequence[Path | None], suffixes: tuple[str, ...] = ()) -> None:
    """Raise `InputError` for an ``out`` that would overwrite an input, or whose ending is none of ``suffixes``.

    ``inputs`` are files, and folders in which no file may be overwritten either. Links and other spellings are
    followed.
    """
    if suffixes and not out.name.lower().endswith(suffixes):
        raise InputError(f"{out} must end with {' or '.join(suffixes)}.")
    for source in inputs:
        if source is not None and _overwrites(out, source):
            raise InputError(f"{out} would overwrite the input {source}; write to another file.")


def _overwrites(out: Path, source: Path) -> bool:
    if not source.exists():
        return False
    places = (out, *out.resolve().parents) if source.is_dir() else (out,)
    return any(place.exists() and place.samefile(source) for place in places)
