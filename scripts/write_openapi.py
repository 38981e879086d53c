"""Generator of docs/reference/openapi.json, the HTTP API for programs.

python scripts/write_openapi.py
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

OPENAPI = Path(__file__).parent.parent / "docs/reference/openapi.json"


def describe_api() -> str:
    """Return the OpenAPI description of the HTTP API as JSON."""
    # Mangum makes a loop by itself, with a warning.
    asyncio.set_event_loop(asyncio.new_event_loop())
    from tollgate.handlers.http_api.app import app  # noqa: PLC0415

    return json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    OPENAPI.write_text(describe_api(), encoding="utf-8")
