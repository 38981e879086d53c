"""Version folder on this machine: one version, or the newest version of a detector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import click
from tollgate.core.detectors.version import MANIFEST
from tollgate.errors import SealError

_MAX_NAMED = 3


def find_version(folder: Path) -> Path:
    """Return the folder itself where it is a version, or else the newest version in it.

    Raises `SealError` where there is no version.
    """
    if not folder.is_dir():
        raise SealError(f"Version folder {folder} does not exist.")
    if (folder / MANIFEST).exists():
        return folder
    versions = sorted(_versions_in(folder), key=_age)
    if versions:
        return versions[-1]
    below = sorted({version.parent for place in folder.iterdir() if place.is_dir() for version in _versions_in(place)})
    if below:
        raise SealError(f"{folder} holds versions in {_named(below)}; give one of these folders.")
    raise SealError(
        f"{folder} has no {MANIFEST}: give the folder of a sealed version, or of a detector, whose newest version is "
        "then used."
    )


def _versions_in(folder: Path) -> Iterator[Path]:
    return (place for place in folder.iterdir() if not place.name.startswith(".") and (place / MANIFEST).is_file())


def _age(version: Path) -> tuple[str, str]:
    try:
        return str(json.loads((version / MANIFEST).read_bytes())["created_at"]), version.name
    except (ValueError, KeyError, TypeError):  # opening it says what is wrong with it
        return "", version.name


def _named(folders: list[Path]) -> str:
    more = f" and {len(folders) - _MAX_NAMED} more" if len(folders) > _MAX_NAMED else ""
    return ", ".join(map(str, folders[:_MAX_NAMED])) + more


class VersionCommand(click.Command):
    """A command that takes one version, and refuses several, as from a pattern such as versions/shop/*."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse several version folders one after another."""
        given = [Path(argument) for argument in args]
        for place in range(len(given)):
            matched = list(takewhile(lambda path: (path / MANIFEST).is_file(), given[place:]))
            if len(matched) > 1:
                raise click.UsageError(
                    f"Several versions were given, {_named(matched)}; give one, or the folder {matched[0].parent}, "
                    "whose newest version is then used.",
                    ctx,
                )
        return super().parse_args(ctx, args)


def choose_version(folder: Path) -> Path:
    """Return what `find_version` does, and say which version that is where there was a choice."""
    found = find_version(folder)
    show_version(found.name, folder)
    return found


def show_version(name: str, folder: Path) -> None:
    """Say which version is used, unless the folder that was given is its own."""
    if folder.resolve().name not in (name, ""):
        click.echo(f"Version: {name}, the newest in {folder}", err=True)
