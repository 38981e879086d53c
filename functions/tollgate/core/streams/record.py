"""Stream record, from Kinesis or Kafka."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tollgate.errors import InputError

Source = Literal["kinesis", "kafka"]


@dataclass(frozen=True)
class StreamRecord:
    """A record: bytes, and where they stand.

    ``place`` says that to people and programs. ``partition`` names the shard or the partition of a topic, within which
    a stream keeps order. ``data`` is None for a tombstone, by which Kafka marks a key as deleted.
    """

    source: Source
    place: Mapping[str, Any]
    partition: str
    key: bytes | None
    data: bytes | None

    def to_json(self, *, with_bytes: bool = True) -> dict[str, Any]:
        """Return the plain form that a message about the record holds, with its key and data in base64 or null."""
        return {
            "source": self.source,
            "place": dict(self.place),
            "key": _encode(self.key) if with_bytes else None,
            "data": _encode(self.data) if with_bytes else None,
            "size_bytes": len(self.data or b""),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> StreamRecord:
        """Rebuild what `to_json` wrote; raise `InputError` for anything else, or where it was written without data."""
        try:
            record = cls(plain["source"], plain["place"], "", _decode(plain["key"]), _decode(plain["data"]))
        except (KeyError, TypeError, binascii.Error) as error:
            raise InputError(f"The message does not hold a stream record as Tollgate writes it: {error}.") from None
        if record.data is None:
            raise InputError(f"The message does not hold the record's data; read it from the stream: {record.place}.")
        return record


def _encode(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
