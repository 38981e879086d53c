"""Update of a deployed detector's list, checked and described before anything is written.

It stands apart from the publishing of versions, which loads the libraries that read and seal them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tollgate.adapters import clients
from tollgate.adapters.s3.lists import ListStore
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.rules.lists.text import ListLine, describe_change, read_list
from tollgate.core.rules.value_lists import ValueList
from tollgate.errors import InputError, suggest

from model_build.detector_file.rules import read_list_file


@dataclass(frozen=True)
class ListChange:
    """Change of a list: its values ``before`` and ``after``, and the ``etag`` of those before, if any.

    ``repeated`` counts the duplicate lines of the file.
    """

    detector: str
    name: str
    before: ValueList
    after: ValueList
    etag: str | None
    repeated: int

    @property
    def empties_most(self) -> bool:
        """Whether more than half of the values are removed."""
        return 2 * len(self.before.values - self.after.values) > len(self.before.values)

    def describe(self) -> tuple[str, ...]:
        """Return what the change does, in words."""
        repeated = f"{self.repeated:,} duplicate lines, each value counted once"
        return (*describe_change(self.before, self.after), *([repeated] if self.repeated else []))


def plan_change(path: Path, name: str, detector: str, bucket: str, *, may_be_empty: bool) -> ListChange:
    """Return the change that replaces the values of a list by those in a file, one per line.

    Raises `InputError` if the champion has no such list, or a line cannot be a value of it, `NotFoundError` if there is
    no such detector, and `UnavailableError` if the bucket does not answer.
    """
    lines, s3 = read_list_file(path), clients.s3()
    rules = VersionStore(s3, bucket, refresh_s=0).champion(detector, 0.0).rules
    lists = rules.book.lists
    if name not in lists:
        has = ", ".join(lists) or "none"
        raise InputError(f'The champion of {detector} has no list "{name}"{suggest(name, lists)}; it has {has}.')
    after = _read_values(path, lists[name], lines, (name, *rules.columns_that_ask(name)), may_be_empty=may_be_empty)
    etag = ListStore(s3, bucket).etag(detector, name)
    return ListChange(detector, name, lists[name], after, etag, len(lines) - len(after.values))


def _read_values(
    path: Path, like: ValueList, lines: list[ListLine], asked: tuple[str, ...], *, may_be_empty: bool
) -> ValueList:
    try:
        return read_list(like.kind, lines, asked, may_be_empty=may_be_empty)
    except ValueError as error:
        raise InputError(f"{path} {error}.") from None


def make_change(change: ListChange, bucket: str) -> None:
    """Write the list; raise `ChangedError` if somebody else changed it since the change was planned."""
    ListStore(clients.s3(), bucket).write(change.detector, change.name, change.after, change.etag)
