"""Section [files] of a detector file: delimiter and encoding, where they cannot be detected."""

from __future__ import annotations

from tollgate.core.files.file_format import FileForm

from model_build.detector_file.toml import TomlReader

FILE_KEYS = ("delimiter", "encoding")
_NO_DELIMITERS = frozenset('"\r\n\0')


def read_file_form(reader: TomlReader) -> FileForm:
    """Read [files]. Raises `DetectorFileError` naming the key."""
    delimiter, encoding = (reader.take("files", key, str, "") for key in FILE_KEYS)
    if delimiter and (len(delimiter) > 1 or not delimiter.isascii() or delimiter in _NO_DELIMITERS):
        raise reader.fail("files", "delimiter", f'must be one ASCII character such as ";", not {delimiter!r}')
    if encoding and not _is_known(encoding):
        raise reader.fail("files", "encoding", f'is "{encoding}", which is not a text encoding such as "cp1252"')
    return FileForm(delimiter or None, encoding or None)


def _is_known(encoding: str) -> bool:
    try:
        return "".encode(encoding) is not None
    except (LookupError, ValueError):  # no codec, or one between bytes
        return False
