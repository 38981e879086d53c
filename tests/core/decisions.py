"""Decisions made up for tests."""

from __future__ import annotations

from typing import Any

from tollgate.core.decisions.decision import Decision


def make_decision(**changes: Any) -> Decision:  # noqa: ANN401 - whatever a decision has
    """Return an approved decision, with changes."""
    usual: dict[str, Any] = {
        "event_id": "e1",
        "detector": "payments",
        "detector_version": "20261130-0123456789abcdef",
        "score": 10,
        "probability": 0.001,
        "outcome": "approve",
        "decided_at": "2026-11-30T12:00:00.000Z",
        "repeated": False,
        "timings_ms": {},
    }
    return Decision(**{**usual, **changes})
