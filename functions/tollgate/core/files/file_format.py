"""File format: the suffixes of files that can be read, and the delimiter and encoding that a detector declares."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_TEXT = (".csv", ".jsonl", ".ndjson", ".tsv", ".txt")
SUFFIXES = (*_TEXT, *(f"{kind}{packed}" for kind in _TEXT for packed in (".gz", ".zst")), ".parquet")


@dataclass(frozen=True)
class FileForm:
    """The [files] section of a detector file, sealed with it; what is None, each file tells.

    ``delimiter`` is the character between the cells of CSV. ``encoding`` is that of text without a byte order mark, by
    a name that Python's codecs know.
    """

    delimiter: str | None = None
    encoding: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        return asdict(self)
