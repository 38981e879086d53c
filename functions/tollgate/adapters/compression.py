"""Compression of small JSON: deflated against a dictionary of the words that decisions are written with.

A decision is too short for its own repetitions to be worth much; most of it is names that every decision has. Writes
are billed by the kilobyte, and with these words known beforehand the record of a usual decision takes one, not two.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

# What was packed can only be read with the very same words, so they may never change: other words need another
# attribute in the table. Names of columns are those usual for payments; an event with others takes some bytes more.
_WORDS = (
    b'"x86_64""aarch64"numpy 2., onnxruntime 1."reasons_approximate":false,"reasons_stability":null,"base_log_odds":'
    b'"contribution":-0.,"sentence":"The payment "fraud_kind":"country":"email":"ip_address":"user_agent":"card_id":'
    b'"account_id":"terminal_id":"ip":"latitude":"longitude":"channel":"currency":"USD","merchant_category":'
    b'"device_id":"merchant_id":"customer_id":"timestamp":"2026-"amount":"customer":"merchant":"device":'
    b'"reasons":[{"name":"Payments of this ","impact":-1{"event_id":"","detector":"payments","detector_version":"2026'
    b'","score":"probability":0.0,"outcome":"approve","rules":[],"lists":[],"decided_at":"2026-T","degraded":null,'
    b'"braked":false,"forced":false,"recorded":true},{"event_id":"'
)
_RAW = -zlib.MAX_WBITS
# Written with a window of 4 KB and little memory: for a record that packs as well, and does not take a quarter of a
# megabyte from the system at every decision. Any window can be read.
_SMALL_RAW, _LITTLE_MEMORY = -12, 5
# Made once: `json.dumps` makes an encoder at every call that asks for more than its defaults.
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def pack_json(content: object) -> bytes:
    """Return JSON content in few bytes; floats keep every bit."""
    packer = zlib.compressobj(wbits=_SMALL_RAW, memLevel=_LITTLE_MEMORY, zdict=_WORDS)
    return packer.compress(_write(content).encode()) + packer.flush()


def unpack_json(packed: bytes) -> Any:  # noqa: ANN401 - whatever was packed
    """Return what `pack_json` was given."""
    return json.loads(zlib.decompressobj(wbits=_RAW, zdict=_WORDS).decompress(packed))
