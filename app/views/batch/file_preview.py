"""File preview: the columns and first rows of a file, compressed or not."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from app.api.detector import Detector

_CSV = (".csv", ".tsv", ".txt")
_TEXT = (*_CSV, ".jsonl", ".ndjson")
ACCEPTED = (*_TEXT, *(f"{kind}{packed}" for kind in _TEXT for packed in (".gz", ".zst")), ".parquet")
START_BYTES = 1_000_000
MAX_ROWS = 1_000
DELIMITERS = ",;\t|"
_RARE_DELIMITERS = "^~"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_MAGIC = {
    b"PAR1": "Parquet",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook (XLS)",
    b"Obj\x01": "an Avro file",
}
# Excel's own first line, which names the delimiter.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(?P<delimiter>[^\w\r\n"])(?P=delimiter)*"?(?P=delimiter)*', re.IGNORECASE)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class FileStart:
    """A file's columns and up to a thousand of its first rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class UnreadableError(Exception):
    """A file that does not match its name; the message completes a sentence that begins with the name."""


def read_start(filename: str, file: BinaryIO, detector: Detector) -> FileStart:
    """Read the first rows of a file; raise `UnreadableError` if it is damaged or does not match its name."""
    name = filename.lower()
    file.seek(0)
    kind = _kind_of(file.read(4))
    file.seek(0)
    if kind is not None and kind not in ("Parquet", *_PACKED.values()):
        raise UnreadableError(f"is {kind}, not what its name says. Save it as CSV, JSON Lines or Parquet.")
    try:
        if name.endswith(".parquet") or kind == "Parquet":
            return _read_parquet(file)
        packed = kind or next((codec for suffix, codec in _PACKED.items() if name.endswith(suffix)), None)
        text = _first_text(_unpack(file, packed), detector.encoding)
        kind = name.removesuffix(".gz").removesuffix(".zst")
        return _read_csv(text, detector.delimiter) if kind.endswith(_CSV) else _read_json(text)
    except (OSError, EOFError, UnicodeError, LookupError, csv.Error, pa.ArrowException) as error:
        raise UnreadableError("cannot be read. It may be damaged or in another format than its name says.") from error


def _kind_of(start: bytes) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def _read_parquet(file: BinaryIO) -> FileStart:
    table = pq.ParquetFile(file)
    names = tuple(str(name) for name in table.schema_arrow.names)
    if len(set(names)) < len(names) or not table.metadata.num_rows:
        return FileStart(names, ())
    batch = next(table.iter_batches(batch_size=MAX_ROWS), None)
    if batch is None:
        return FileStart(names, ())
    columns = [_values_of(column) for column in batch.columns]
    return FileStart(names, tuple(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)))


def _values_of(column: pa.Array) -> list[Any]:
    """Return the values of a column as they are shown: bytes as the text that they are, or else in hexadecimal."""
    try:
        values = column.to_pylist()
    except (pa.ArrowException, ArithmeticError, ValueError):
        values = [str(value) for value in column]
    return [_text_or_hex(value) if isinstance(value, bytes) else value for value in values]


def _text_or_hex(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _unpack(file: BinaryIO, codec: str | None) -> bytes:
    if codec is None:
        return file.read(START_BYTES)
    stream, chunks, size = pa.CompressedInputStream(pa.PythonFile(file, "r"), codec), [], 0
    while size < START_BYTES and (chunk := stream.read(START_BYTES - size)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def _first_text(start: bytes, declared: str | None) -> str:
    """Return whole lines of text; what is cut off at the end of the bytes is left out."""
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    text = codecs.getincrementaldecoder(marked or declared or "utf-8")().decode(start, final=len(start) < START_BYTES)
    return text if len(start) < START_BYTES else text[: text.rfind("\n") + 1]


def _read_csv(text: str, declared: str | None) -> FileStart:
    header, _, rest = text.partition("\n")
    if named := _SEPARATOR_LINE.fullmatch(header.strip("\r")):
        declared, text = named["delimiter"], rest
        header = text.partition("\n")[0]
    delimiter = declared or max(DELIMITERS, key=header.count)
    if declared is None and not header.count(delimiter):
        delimiter = max(_RARE_DELIMITERS, key=header.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = tuple(name.strip() for name in next(lines, []))
    rows = []
    for cells in lines:
        if cells:
            rows.append(dict(zip(columns, cells, strict=False)))
        if len(rows) == MAX_ROWS:
            break
    return FileStart(columns, tuple(rows))


def _read_json(text: str) -> FileStart:
    rows, damaged = [], 0
    for line in text.splitlines()[:MAX_ROWS]:
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if isinstance(row, dict):
            rows.append(row)
        else:
            damaged += 1
    if damaged and not rows:
        raise UnreadableError(
            'has no line that is a JSON object. Each line must be one event, such as {"amount": 12.5}.'
        )
    names: Sequence[str] = list(dict.fromkeys(str(name) for row in rows for name in row))
    return FileStart(tuple(names), tuple(rows))
