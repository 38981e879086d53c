"""Decisions of the last days, for the contract's server to know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.app import contract_shapes as shapes
from tests.app.contract_server import Contract
from tests.app.contract_shapes import Json

# What the dashboard takes for now, whatever the day and the hour on which tests run.
NOW = datetime(2026, 11, 26, 14, 20, tzinfo=UTC)
REASONS = [
    {"name": "Amount", "impact": 3, "contribution": 2.1, "sentence": "The amount is 9.0 times this customer's usual."},
    {"name": "Place", "impact": -1, "contribution": -0.4, "sentence": "The payment was made 2 km from here."},
]


def add(contract: Contract, event_id: str, amount: float, at: datetime = NOW, label: str = "", **event: object) -> Json:
    """Have an event decided on at a moment: 10 is let through, 920 reviewed, 2000 blocked."""
    sent = shapes.event(amount, **{"event_id": event_id, "timestamp": write(at), **event})
    stored: Json = {
        **shapes.decision(sent),
        "decided_at": write(at),
        "event": sent,
        "label": {"label": label, "known_at": write(at), "note": None, "labelled_by": None} if label else None,
        "reasons": REASONS,
        "rules": [],
        "lists": [],
    }
    contract.decisions[event_id] = stored
    contract.indexed_until = max(contract.indexed_until or "", write(at))
    return stored


def write(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def add_days(contract: Contract, days: int, daily: int = 20, reviewed: int = 1) -> None:
    """Add days before today, alike but for their dates."""
    for back in range(1, days + 1):
        noon = NOW.replace(hour=12, minute=0, second=0) - timedelta(back)
        for number in range(daily):
            amount = 920.0 if number < reviewed else 10.0
            add(contract, f"day{back}-{number}", amount, noon.replace(hour=number % 24), label="")
