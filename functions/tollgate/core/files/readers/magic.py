"""Magic numbers: kinds of file by their first bytes, for files whose name says something else."""

from __future__ import annotations

from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError

PARQUET, GZIP, ZSTD = "Parquet", "gzip", "zstd"
_SAMPLE_SIZE = 4096
_MAGIC = (
    (b"PAR1", PARQUET),
    (b"\x1f\x8b", GZIP),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (XLS)"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (b"FEA1", "a Feather file"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x04\x22\x4d\x18", "LZ4 data"),
    (b"\xff\x06\x00\x00sNaPpY", "Snappy data"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
)
# Names of columns may begin so as well.
_LETTERS = (b"PAR1", b"ORC", b"ARROW1", b"FEA1", b"BZh")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r")
_TEXT_MAGIC = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"{\\rtf", "an RTF document"),
)
_REMEDIES = {
    "an Excel workbook (XLSX)": 'save it as "CSV UTF-8" in Excel',
    "an Excel workbook (XLS)": 'save it as "CSV UTF-8" in Excel',
    "a ZIP archive": "take the file out of it",
    "a web page": "it may tell why the download failed",
}


def kind_of(start: bytes) -> str | None:
    """Return what a file is by its first bytes, None where these tell nothing, as those of text."""
    if start.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in start or b"xl/" in start):
        return "an Excel workbook (XLSX)"
    if start.startswith(_LETTERS) and not _CONTROLS & frozenset(start):
        return None
    found = next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    return found or next((kind for magic, kind in _TEXT_MAGIC if text.startswith(magic)), None)


def look_at(name: str, source: Source) -> str | None:
    """Return the kind of a file that can be read, by its first bytes, None where these tell nothing.

    Raises `TableError` for a file of another kind.
    """
    kind = kind_of(source.read_at(0, _SAMPLE_SIZE))
    if kind not in (None, PARQUET, GZIP, ZSTD):
        raise refusal(name, kind)
    return kind


def refusal(name: str, kind: str | None) -> TableError:
    """Return the error for a file of a kind that cannot be read under its name."""
    remedy = _REMEDIES.get(kind or "", "write it as CSV, JSON lines or Parquet")
    return TableError(f'"{name}" is not what its name says but {kind}; {remedy}.')
