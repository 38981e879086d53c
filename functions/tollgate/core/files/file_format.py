"""File format of a detector's files: delimiter and encoding, where they do not tell themselves.

Set in the detector file, sealed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class FileForm:
    """The [files] section of a detector file; what is None, each file tells.

    ``delimiter`` is the character between the cells of CSV. ``encoding`` is that of text without a byte order mark, by
    a name that Python's codecs know.
    """

    delimiter: str | None = None
    encoding: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        return asdict(self)
