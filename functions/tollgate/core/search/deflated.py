"""Deflated JSON in the objects of the index."""

from __future__ import annotations

import json
import zlib
from typing import Any


def deflate_json(plain: object) -> bytes:
    """Return JSON content as bytes."""
    return zlib.compress(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode())


def inflate_json(content: bytes) -> Any:  # noqa: ANN401 - whatever was written
    """Return what `deflate_json` was given; raise `zlib.error` or `ValueError` for other bytes."""
    return json.loads(zlib.decompress(content))
