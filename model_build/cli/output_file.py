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
        raise InputError(f"{out} has to end with {' or '.join(suffixes)}.")
    for given in inputs:
        if given is not None and _overwrites(out, given):
            raise InputError(f"{out} would overwrite the input {given}; write to another file.")


def _overwrites(out: Path, given: Path) -> bool:
    if not given.exists():
        return False
    places = (out, *out.resolve().parents) if given.is_dir() else (out,)
    return any(place.exists() and place.samefile(given) for place in places)
