"""Upload of a file to the presigned address from the API."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

import requests

from app.api.errors import ApiProblem

CONNECT_TIMEOUT_S = 5.0
UPLOAD_TIMEOUT_S = 300.0

# Called with the share of a file, 0 to 1, that was sent.
Progress: TypeAlias = Callable[[float], None]


@dataclass(frozen=True)
class Announced:
    """Where a file can be put, for ``expires_in_s`` seconds."""

    batch_id: str
    url: str
    headers: Mapping[str, str]
    expires_in_s: int


class ProgressReader:
    """File that reports how much of it was read, in steps of a hundredth."""

    def __init__(self, content: BinaryIO, progress: Progress) -> None:
        self._content = content
        self._size = content.seek(0, io.SEEK_END)
        self._report = progress
        self._reported = 0
        content.seek(0)

    def __len__(self) -> int:
        """Return the size in bytes: storage wants to know it beforehand."""
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._content.read(size)
        hundredths = self._content.tell() * 100 // max(self._size, 1)
        if hundredths > self._reported:
            self._reported = hundredths
            self._report(hundredths / 100)
        return chunk


def send_file(announced: Announced, content: BinaryIO, progress: Progress) -> None:
    """Send a file to its presigned address, which carries its own signature; raise ``ApiProblem`` if that fails."""
    body, timeout = ProgressReader(content, progress), (CONNECT_TIMEOUT_S, UPLOAD_TIMEOUT_S)
    try:
        answer = requests.put(announced.url, data=body, headers=announced.headers, timeout=timeout)
    except requests.RequestException as error:
        raise ApiProblem(
            "The upload was interrupted, so nothing was scored: check the network and upload the file again."
        ) from error
    if not answer.ok:
        sentence = f"Storage rejected the file ({answer.status_code}): upload it again; the link may have expired."
        raise ApiProblem(sentence, answer.status_code)
