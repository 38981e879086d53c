"""Sources of a file's bytes: memory, or a local file."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Source(Protocol):
    """Bytes that can be read from any place, such as an object in S3. They are read from one thread at a time."""

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset`` on: fewer only at the end."""
        ...


class Held:
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size_bytes = len(content)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset`` on."""
        return self._content[offset : offset + length]


class LocalFile:
    """A file on this machine, until it is closed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size_bytes = path.stat().st_size

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset`` on."""
        self._file.seek(offset)
        return self._file.read(length)
