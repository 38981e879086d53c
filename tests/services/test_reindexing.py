"""The index written anew from the table finds what the stream's records do."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from tollgate.core.search.segment_names import SegmentName
from tollgate.handlers.index import handler
from tollgate.services.decisions.decide import decide_event
from tollgate.services.labels.label import label_events
from tollgate.services.search.search import search_decisions
from tollgate.services.search.terms import SearchTerms

from model_build.cli.main import main
from model_build.deployment import reindex as reindexing
from tests.services.backend import DETECTOR, Backend, Payment
from tests.services.decision_stream import read_stream

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def today() -> date:
    return datetime.now(UTC).date()


def found(backend: Backend) -> list[dict[str, object]]:
    answer = search_decisions(backend.container, SearchTerms(limit=200))
    decisions: list[dict[str, object]] = answer["decisions"]
    return decisions


def label_of(backend: Backend, event_id: object) -> object:
    (label,) = (one["label"] for one in found(backend) if one["event_id"] == event_id)
    return label["label"] if isinstance(label, dict) else None


def segments(backend: Backend) -> list[SegmentName]:
    return backend.container.segments.find(DETECTOR, today().isoformat(), today().isoformat())


@pytest.fixture
def decided(backend: Backend, later_payments: list[Payment]) -> list[Payment]:
    """Twelve decisions, some with a label, that are indexed; and a label that waits for its event."""
    payments = later_payments[:12]
    for payment in payments:
        decide_event(backend.container, payment)
    labels = [{"event_id": payment["event_id"], "label": "fraud"} for payment in payments[:3]]
    label_events(backend.container, [*labels, {"event_id": "nobody's", "label": "fraud"}])
    assert handler({"Records": read_stream(backend)}, None) == {"batchItemFailures": []}
    return payments


def reindex(backend: Backend, *more: str, status: int = 0) -> str:
    container, day = backend.container, today().isoformat()
    named = ["--decisions-table", container.decisions.table, "--bucket", backend.bucket, "--detector", DETECTOR]
    done = CliRunner().invoke(main, ["reindex", *named, "--from", day, "--to", day, *more])
    assert done.exit_code == status, done.output
    return done.output


def test_what_was_lost_is_found_again(backend: Backend, decided: list[Payment]) -> None:
    before = found(backend)
    assert len(before) == len(decided)
    backend.container.segments.delete(segments(backend))
    assert found(backend) == []
    assert f"{len(decided)} decisions on 1 days indexed" in reindex(backend)
    assert found(backend) == before


@pytest.mark.usefixtures("decided")
def test_former_segments_go_and_the_same_again_changes_nothing(backend: Backend) -> None:
    before, former = found(backend), {name.key for name in segments(backend)}
    assert "1 segments replaced" in reindex(backend)
    assert former.isdisjoint(name.key for name in segments(backend))
    reindex(backend)
    assert found(backend) == before
    assert len(segments(backend)) == 1


def test_what_comes_meanwhile_is_newer_than_what_was_read(backend: Backend, decided: list[Payment]) -> None:
    event_id = decided[5]["event_id"]
    label_events(backend.container, [{"event_id": event_id, "label": "legitimate"}])
    late = read_stream(backend)[-1:]
    label_events(backend.container, [{"event_id": event_id, "label": "fraud"}])
    reindex(backend)
    assert label_of(backend, event_id) == "fraud"
    # The stream is behind the table: what it tells in the end is what the table says.
    handler({"Records": [*late, *read_stream(backend)[-1:]]}, None)
    assert label_of(backend, event_id) == "fraud"


@pytest.mark.usefixtures("decided")
def test_large_days_are_written_in_parts(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    before = found(backend)
    monkeypatch.setattr(reindexing, "_MAX_ROWS_PER_DAY", 2)
    reindex(backend)
    assert found(backend) == before
    # Six were written and merged.
    assert len(segments(backend)) < 4


@pytest.mark.usefixtures("decided")
def test_other_days_and_detectors_are_left_alone(backend: Backend) -> None:
    before = segments(backend)
    assert "0 decisions" in reindex(backend, "--detector", "nobody")
    assert "0 decisions" in reindex(backend, "--from", "2026-01-01", "--to", "2026-01-02")
    assert segments(backend) == before
    assert "swap them" in reindex(backend, "--from", "2026-01-03", "--to", "2026-01-02", status=2)
