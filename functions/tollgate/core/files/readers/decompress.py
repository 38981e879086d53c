"""Decompression and decoding of a file into a stream of UTF-8 bytes."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa

from tollgate.core.files.readers.magic import GZIP, ZSTD, kind_of, refusal
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError

_GZIP_READ_BYTES = 1 << 18
# With gzip's own header and checksum.
_GZIP = zlib.MAX_WBITS | 16
_READ_BYTES = 1 << 20
_SAMPLE_SIZE = 4096
# What unpacks to more than this, and to more than so many times its size, is made to fill disks.
_SURELY_FINE_BYTES = 256 << 20
_MAX_RATIO = 150
_PACKED = {".gz": GZIP, ".zst": ZSTD}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class _Gunzip:
    """Unpacked bytes in order. Reading raises `OSError` for what is damaged or ends early."""

    def __init__(self, raw: Stream) -> None:
        self._raw = raw
        self._member = zlib.decompressobj(_GZIP)
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes, none only at the end."""
        out = b""
        while not out:
            if self._member.eof and not self._begin_next():
                break
            given = self._waiting or self._raw.read(_GZIP_READ_BYTES)
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
            self._waiting = self._raw.read(_GZIP_READ_BYTES)
            if not self._waiting:
                return False
        self._waiting = self._waiting.lstrip(b"\0")
        self._member = zlib.decompressobj(_GZIP)
        return True


class Stream(Protocol):
    """Bytes in order."""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes: fewer, or none, only at the end."""
        ...


def open_stream(name: str, source: Source, encoding: str | None, place: int) -> Stream:
    """Return a file's text as UTF-8 without a byte order mark, from ``place`` on, counted in what comes out.

    Raises `TableError` here or while reading where the file is not what its name or the encoding says.
    """
    suffix = name[name.rfind(".") :].lower()
    kind = kind_of(source.read_at(0, 4))
    packed = kind if kind in (GZIP, ZSTD) else _PACKED.get(suffix)
    if packed is None:
        mark = source.read_at(0, 4)
        if encoding_of(mark, encoding) in ("utf-8", "utf-8-sig"):
            skipped = len(codecs.BOM_UTF8) if mark.startswith(codecs.BOM_UTF8) else 0
            return _Plain(source, place + skipped)
    stream = _unpack(name, source, packed) if packed else _Plain(source, 0)
    text = _as_utf8(name, stream, encoding, is_packed=packed is not None)
    _skip(text, place)
    return text


def _skip(stream: Stream, size: int) -> None:
    while size > 0 and (chunk := stream.read(min(size, _READ_BYTES))):
        size -= len(chunk)


def encoding_of(mark: bytes, declared: str | None) -> str:
    """Return the encoding of text by its first four bytes, or else the ``declared`` one; UTF-8 by default."""
    found = next((encoding for start, encoding in _MARKS if mark.startswith(start)), None)
    return found or codecs.lookup(declared or "utf-8").name


class _Plain:
    def __init__(self, source: Source, place: int) -> None:
        self._source = source
        self._place = place

    def read(self, size: int) -> bytes:
        chunk = self._source.read_at(self._place, size)
        self._place += len(chunk)
        return chunk


class _Raw(io.RawIOBase):
    """A stream as Python's own kind of file, for libraries that want one."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:  # noqa: ANN401 - any buffer
        view = memoryview(target)
        chunk = self._stream.read(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)


def _unpack(name: str, source: Source, codec: str) -> Stream:
    raw = io.BufferedReader(_Raw(_Plain(source, 0)), _READ_BYTES)
    unpacked = _Gunzip(raw) if codec == GZIP else pa.CompressedInputStream(pa.PythonFile(raw, "r"), codec)
    most = max(_SURELY_FINE_BYTES, _MAX_RATIO * source.size_bytes)
    done = 0

    def read(size: int) -> bytes:
        nonlocal done
        try:
            chunk: bytes = unpacked.read(min(size, _READ_BYTES))
        except (OSError, pa.ArrowException) as error:
            raise TableError(f'"{name}" is not whole {codec} data: {str(error).rstrip(".")}.') from None
        done += len(chunk)
        if done > most:
            raise TableError(f'"{name}" unpacks to more than {_MAX_RATIO} times its size; send it unpacked.')
        return chunk

    return _Reading(read)


class _Reading:
    """Fills up what a function of bytes, which may give fewer than asked, gives."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def read(self, size: int) -> bytes:
        chunks: list[bytes] = []
        while size > 0 and (chunk := self._read(size)):
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)


def _as_utf8(name: str, stream: Stream, declared: str | None, *, is_packed: bool) -> Stream:
    start = stream.read(_SAMPLE_SIZE)
    encoding = encoding_of(start, declared)
    if is_packed and (kind := kind_of(start)) is not None:
        raise refusal(name, f"{kind}, packed once more")
    rest = io.BufferedReader(_Raw(_Joined(start, stream)), _READ_BYTES)
    if encoding == "utf-8-sig":
        rest.read(len(codecs.BOM_UTF8))
    if encoding in ("utf-8", "utf-8-sig"):
        return _Reading(rest.read)
    text = io.TextIOWrapper(rest, encoding, newline="")
    waiting = b""

    def read(size: int) -> bytes:
        nonlocal waiting
        try:
            waiting = waiting or text.read(_READ_BYTES).encode()
        except UnicodeError as error:
            raise TableError(f'"{name}" is not {encoding} text: {error}.') from None
        chunk, waiting = waiting[:size], waiting[size:]
        return chunk

    return _Reading(read)


class _Joined:
    def __init__(self, start: bytes, rest: Stream) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int) -> bytes:
        chunk, self._start = self._start[:size], self._start[size:]
        return chunk or self._rest.read(size)
