"""The page on streams shows messages as they are sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tollgate.core.decisions.decision import Decision
from tollgate.core.events.reader import read_event
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError

from model_build.detector_file.reader import read_detector_file
from tests.docs.pages import ROOT, read_blocks

REFERENCE = ROOT / "docs" / "reference" / "streams.md"
HOW_TO = ROOT / "docs" / "how-to" / "streams.md"


def shown(number: int) -> dict[str, Any]:
    block: dict[str, Any] = json.loads(read_blocks(REFERENCE, "json")[number].text)
    return block


def test_the_refused_record_is_one_and_is_refused_for_the_reason_shown(tmp_path: Path) -> None:
    message = shown(0)
    record = StreamRecord.from_json(message["stream_record"])
    assert record.to_json() == message["stream_record"]
    (tmp_path / "detector.toml").write_text(
        '[detector]\nid = "payments"\n[event]\nid = "event_id"\ntimestamp = "timestamp"\namount = "amount"\n'
    )
    file = read_detector_file(tmp_path / "detector.toml")
    with pytest.raises(InputError) as raised:
        read_event(file.event_type, json.loads(record.data or b""))
    assert (raised.value.code, str(raised.value)) == (message["code"], message["reason"])


def test_a_result_is_what_is_told_of_a_decision_and_two_things_more() -> None:
    result = shown(1)
    decision = Decision.from_stored({**result, "rules": [{**hit, "expression": ""} for hit in result["rules"]]})
    assert result == {**decision.to_announcement(), "recorded": True, "repeated": False}


def test_the_mapping_of_the_guide_reads_the_record_beside_it(tmp_path: Path) -> None:
    (block,) = read_blocks(HOW_TO, "toml")
    (tmp_path / "detector.toml").write_text(block.text)
    file = read_detector_file(tmp_path / "detector.toml")
    begin = HOW_TO.read_text(encoding="utf-8").index("This reads `") + len("This reads `")
    record = HOW_TO.read_text(encoding="utf-8")[begin:].partition("`")[0]
    event = file.stream.read(file.event_type, json.loads(record), b"c1")
    assert event == {"event_id": "p-1", "timestamp": "2026-06-01T12:00:00Z", "amount": 12.34, "customer_id": "c1"}
