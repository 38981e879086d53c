"""What is packed comes back whole, and what was packed earlier can be read later."""

from __future__ import annotations

import base64

import pytest
from tollgate.adapters.dynamodb.decisions import pack_json, unpack_json

# Packed once, with the words as they have to stay.
EARLIER = "Q+EU6Bri8SeqnVDfWZqb1gIA"


@pytest.mark.parametrize(
    "content",
    [{}, [0.1, 1e-300, 1.7976931348623157e308, -0.0, 2**63, None, True], {"Müller": '🂡\x00"\\'}, "x" * 100_000],
)
def test_everything_comes_back(content: object) -> None:
    assert unpack_json(pack_json(content)) == content


def test_what_was_packed_earlier_can_be_read() -> None:
    packed = base64.b64decode(EARLIER)
    assert unpack_json(packed) == {"event_id": "p-1", "detector": "payments", "degraded": None, "score": 975}
    assert len(packed) < 40
