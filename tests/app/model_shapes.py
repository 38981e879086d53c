"""Answers about the model in the shape of the API's contract: what features do, and what live days came to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from app import clock
from tests.app.contract_shapes import VERSION, event, false_positive_rate, recall

Json: TypeAlias = dict[str, Any]
DAYS, DAILY, DAILY_FRAUDS = 30, 2_000, 12
FEATURES = {
    "amount": ("Amount of the payment", "Amount", 0.41),
    "customer_amount_ratio_30d": ("Amount against this customer's mean (30d)", "Amount compared with usual", 0.83),
    "customer_amount_ratio_7d": ("Amount against this customer's mean (7d)", "Amount compared with usual", 0.22),
    "hour": ("Hour of the day", "Time of day", 0.12),
}


def contributions() -> Json:
    groups: dict[str, list[str]] = {}
    for name, (_, group, _) in FEATURES.items():
        groups.setdefault(group, []).append(name)
    sizes = {group: sum(FEATURES[name][2] for name in names) for group, names in groups.items()}

    def moved(size: float) -> Json:
        return {"mean_absolute": size, "mean_absolute_of_frauds": size * 2}

    segments = [
        {"name": name, "events": 1_000.0 * share, "frauds": 8.0, "groups": [size * share for size in sizes.values()]}
        for name, share in (("under 20", 0.5), ("20 to 90", 1.0), ("90 or more", 1.6))
    ]
    return {
        "detector": "payments",
        "detector_version": VERSION,
        "events": 10_000,
        "frauds": 412,
        "period": {"from": "2026-05-01T00:00:00Z", "to": "2026-05-31T23:59:59Z"},
        "features": [
            {"name": name, "description": words, **moved(size)} for name, (words, _, size) in FEATURES.items()
        ],
        "groups": [{"name": name, "features": names, **moved(sizes[name])} for name, names in groups.items()],
        "segments": [
            {"title": "Amount (USD)", "segments": segments},
            {"title": "channel", "segments": segments[:2]},
        ],
    }


def dependence(name: str) -> Json:
    words, group, size = FEATURES[name]
    values = [float(place) for place in range(10)]
    return {
        "detector": "payments",
        "detector_version": VERSION,
        "name": name,
        "description": words,
        "group": {"name": group, "features": [one for one, (_, other, _) in FEATURES.items() if other == group]},
        "bins": [
            *(_bin(value, value + 1, (value - 4) * size / 3) for value in values),
            _bin(None, None, 0.1),
        ],
        "points": [
            {"value": value + 0.5, "contribution": (value - 4) * size / 3, "label": "fraud" if value > 7 else "none"}
            for value in values
        ],
        "raised": [_past(place, 2.0 - place / 4, group) for place in range(4)],
        "lowered": [_past(place, -2.0 + place / 4, group) for place in range(4, 6)],
    }


def _bin(low: float | None, high: float | None, mean: float) -> Json:
    spread = {"mean": mean, "tenth": mean - 0.2, "ninetieth": mean + 0.2}
    return {"low": low, "high": high, "events": 900.0, "frauds": 0.01, **spread}


def _past(place: int, contribution: float, group: str) -> Json:
    sentence = "The amount of $1,849.00 is 9.2 times this customer's usual amount of $201.00."
    reason = {"name": group, "impact": 3, "contribution": contribution, "sentence": sentence}
    other = {
        "name": "Time of day",
        "impact": -1,
        "contribution": -0.4,
        "sentence": "The payment was made at 21:07 UTC.",
    }
    return {
        "event": event(1849.0 + place, event_id=f"past-{place}"),
        "label": "fraud" if place < 2 else "legitimate",
        "score": 981 - place,
        "value": 9.2,
        "contribution": contribution,
        "sentence": sentence if place else None,
        "reasons": [reason, other],
    }


def summaries(days: int = DAYS) -> Json:
    """Return as many days up to today, alike but that the newest have fewer labels."""
    today = clock.today()
    found = [_day((today - timedelta(days=back)).isoformat(), min(1.0, back / 7)) for back in range(days)]
    return {"days": found[::-1], "indexed_until": clock.now().isoformat(timespec="seconds")}


def _day(day: str, labeled: float) -> Json:
    steps = range(0, 1_005, 5)
    frauds = [round(DAILY_FRAUDS * labeled * recall(step)) for step in steps]
    others = [round(DAILY * false_positive_rate(step)) for step in steps]
    spreads = {"fraud": _spread(frauds, 300.0), "none": _spread(others, 60.0)}
    return {
        "day": day,
        "decisions": frauds[0] + others[0],
        "amount": 0.0,
        "money_at_risk": 0.0,
        "degraded": 0,
        "braked": 0,
        "forced": 0,
        "outcomes": _outcomes(frauds, others),
        "versions": [],
        "rules": [],
        "overlaps": [],
        "hours": {},
        "scores": spreads,
    }


def _outcomes(frauds: list[int], others: list[int]) -> list[Json]:
    """Return what thresholds did, and a rule that had one more fraud reviewed."""
    rows: list[Json] = []
    for label, above, amount in (("fraud", frauds, 300.0), ("none", others, 60.0)):
        blocked, alerts = above[975 // 5], above[900 // 5] + (label == "fraud" and above[0] > above[900 // 5])
        numbers = {"approve": above[0] - alerts, "review": alerts - blocked, "block": blocked}
        rows += [
            {"outcome": name, "label": label, "decisions": number, "amount": number * amount, "money_at_risk": 0.0}
            for name, number in numbers.items()
        ]
    return rows


def _spread(above: list[int], amount: float) -> Json:
    counts = [here - after for here, after in zip(above, [*above[1:], 0], strict=True)]
    return {"decisions": counts, "amount": [count * amount for count in counts]}
