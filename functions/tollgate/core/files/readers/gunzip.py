"""Gzip stream: members one after the other, and zeros behind the last, with which tapes and copies fill blocks."""

from __future__ import annotations

import zlib
from typing import Protocol

_READ_BYTES = 1 << 18
# With gzip's own header and checksum.
_GZIP = zlib.MAX_WBITS | 16


class _Raw(Protocol):
    def read(self, size: int) -> bytes: ...


class Gunzip:
    """Unpacked bytes in order. Reading raises `OSError` for what is damaged or ends early."""

    def __init__(self, raw: _Raw) -> None:
        self._raw = raw
        self._member = zlib.decompressobj(_GZIP)
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none only at the end."""
        out = b""
        while not out:
            if self._member.eof and not self._begin_next():
                break
            given = self._waiting or self._raw.read(_READ_BYTES)
            if not given:
                raise OSError("it ends too early")
            try:
                out = self._member.decompress(given, size)
            except zlib.error as error:
                raise OSError(str(error).rpartition(": ")[2]) from None
            self._waiting = self._member.unconsumed_tail or self._member.unused_data
        return out

    def _begin_next(self) -> bool:
        """Go to the next member; return whether there is one."""
        while not self._waiting.lstrip(b"\0"):
            self._waiting = self._raw.read(_READ_BYTES)
            if not self._waiting:
                return False
        self._waiting = self._waiting.lstrip(b"\0")
        self._member = zlib.decompressobj(_GZIP)
        return True
