"""Changing a list of a deployed detector."""

from __future__ import annotations

from pathlib import Path

from tollgate.adapters import clients
from tollgate.adapters.lists import ListStore
from tollgate.adapters.versions import VersionStore
from tollgate.core.rules.members import Members, read_members
from tollgate.errors import InputError, suggest

from model_build.lists_file import read_list_file


def put_list(path: Path, name: str, detector: str, bucket: str) -> Members:
    """Put the values in a file, one a line, in place of those of a list; return them.

    Raises `InputError` where the version that decides has no such list, or a value is not of its kind;
    `NotFoundError` where there is no such detector, `UnavailableError` where the bucket does not answer.
    """
    values = read_list_file(path)
    sealed = VersionStore(clients.s3(), bucket, refresh_s=0).champion(detector, 0.0).rules.book.lists
    if name not in sealed:
        has = ", ".join(sealed) or "none"
        raise InputError(
            f'The version of {detector} that decides has no list "{name}"{suggest(name, sealed)}; it has {has}.'
        )
    try:
        members = read_members(sealed[name].kind, values)
    except ValueError as error:
        raise InputError(f"{path} {error}.") from None
    ListStore(clients.s3(), bucket).put(detector, name, values)
    return members
