"""Small labeled tables, and how training reads or refuses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.errors import TableError

from model_build.data.table import read_labeled_events

SMALL = EventType("payment", "id", "time", amount="amount", label=LabelRule("fraud", 0.0))


def write(tmp_path: Path, text: str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def refusal(path: Path, event_type: EventType = SMALL) -> str:
    with pytest.raises(TableError) as caught:
        read_labeled_events(path, event_type)
    message = str(caught.value)
    assert "\n" not in message
    return message
