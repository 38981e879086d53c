"""Answers in the shape of the API's contract, with numbers that hang together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

VERSION = "20261120-1412-9f3ac1"
SCALE = [(600, 0.10), (700, 0.07), (775, 0.05), (860, 0.03), (900, 0.02), (950, 0.01), (975, 0.005), (1000, 0.0005)]
OUTCOMES = [("approve", 0), ("review", 900), ("block", 975)]
MODELS = [
    ("xgboost", "XGBoost", 9.0),
    ("random_forest", "Random forest", 7.5),
    ("logistic", "Logistic regression", 4.0),
    ("tree", "Decision tree", 3.0),
]
ROWS, FRAUDS, MEAN_FRAUD, MEAN_PAYMENT = 48_210, 412, 318.4, 61.2
_SAFETY: Json = {"fail": "none", "required": [], "review": "review", "block": "block"}
_SAFETY |= {"most_blocked": None, "over_s": 3600.0, "at_least": 20}
EDGES = list(range(0, 1001, 50))


def progress(rows: int) -> Json:
    """Half of a file's rows are scored."""
    return {
        "phase": "scoring", "rows": rows // 2, "failed": 2, "rows_total": rows, "rows_total_estimated": True,
        "bytes": 500_000, "size_bytes": 1_000_000, "recorded": 0, "started_at": "2026-11-23T18:58:05Z",
        "heartbeat_at": "2026-11-23T18:58:07Z",
    }  # fmt: skip


def false_positive_rate(score: float) -> float:
    points = [(0, 1.0), *SCALE]
    for (low, low_rate), (high, high_rate) in itertools.pairwise(points):
        if low <= score <= high:
            return float(low_rate * (high_rate / low_rate) ** ((score - low) / (high - low)))
    return 0.0


def recall(score: float, power: float = MODELS[0][2]) -> float:
    return float(false_positive_rate(score) ** (1 / power))


def rule(**given: object) -> Json:
    return {"priority": 100, "enabled": True, "shadow": False, "expires_at": None, **given}


def detector_document() -> Json:
    return {
        "detector": "payments",
        "detector_version": VERSION,
        "description": "Card payments of an online shop.",
        "created_at": "2026-11-20T14:12:09Z",
        "event_type": {"name": "payment", "currency": "USD", "variables": _variables()},
        "label": {"column": "is_fraud", "fraud": "fraud", "legitimate": "legitimate", "delay_s": 604800},
        "outcomes": [{"name": name, "from_score": score} for name, score in OUTCOMES],
        "score_scale": [{"score": score, "false_positive_rate": rate} for score, rate in SCALE],
        "model": {"kind": "xgboost", "title": "XGBoost", "imbalance": "none", "brought": False},
        "features": [{"name": "amount", "description": "The amount"}],
        "examples": _examples(),
        "outcome_order": [name for name, _ in OUTCOMES],
        "reasons": {"kind": "exact", "method": "path_dependent", "stability": None, "gap": None},
        "rules_mode": "FIRST_MATCHED",
        "rules": [rule(name="large_amount", expression="amount > 1000", outcome="review")],
        "lists": [],
        "files": {"delimiter": None, "encoding": None},
        "safety": _SAFETY,
        "training": {
            "rows": 291_406,
            "frauds": 2_480,
            "from": "2026-01-01T00:00:12Z",
            "to": "2026-05-31T23:59:48Z",
            "data_sha256": "5f" * 32,
        },
        "libraries": {"xgboost": "3.2.0"},
    }


def _variable(name: str, role: str, kind: str, required: bool = True, values: list[str] | None = None) -> Json:
    entities = [name.removesuffix("_id")] if role == "entity" else []
    return {"name": name, "role": role, "type": kind, "required": required, "values": values, "entities": entities}


def _variables() -> list[Json]:
    shops = ["groceries", "electronics", "travel", "fashion", "games", "fuel"]
    return [
        _variable("event_id", "id", "string"),
        _variable("timestamp", "timestamp", "timestamp"),
        _variable("amount", "amount", "number"),
        _variable("customer_id", "entity", "string"),
        _variable("merchant_id", "entity", "string"),
        _variable("device_id", "entity", "string", required=False),
        _variable("ip", "entity", "string", required=False),
        _variable("merchant_category", "categorical", "string", values=shops),
        _variable("channel", "categorical", "string", values=["web", "app", "store"]),
        _variable("latitude", "latitude", "number", required=False),
        _variable("longitude", "longitude", "number", required=False),
        _variable("express", "boolean", "boolean", required=False),
    ]


def event(amount: float, **changes: object) -> Json:
    return {
        "event_id": "e-000481",
        "timestamp": "2026-06-14T21:07:45Z",
        "amount": amount,
        "customer_id": "C00812",
        "merchant_id": "M0149",
        "device_id": "D02117",
        "ip": "203.0.113.24",
        "merchant_category": "electronics",
        "channel": "web",
        "latitude": 48.1372,
        "longitude": 11.5756,
        **changes,
    }


def _examples() -> list[Json]:
    return [
        {"title": "Fraud: new device, large amount", "event": event(1849.0), "label": "fraud"},
        {"title": "Fraud: many small payments", "event": event(812.5, merchant_category="games"), "label": "fraud"},
        {"title": "Legitimate: the weekly shop", "event": event(64.2, channel="store"), "label": "legitimate"},
    ]


def _model(name: str, title: str, power: float) -> Json:
    test = {
        "auc": power / (power + 1),
        "average_precision": 0.08 * power,
        "recall_at_1pct_fpr": 0.01 ** (1 / power),
        "card_precision": 0.03 * power,
    }
    validation = {metric: value * 1.02 for metric, value in test.items()}
    return {
        "name": name,
        "title": title,
        "chosen": name == "xgboost",
        "train_s": 1.4 * power,
        "validation": validation,
        "test": test,
    }


def _curve(power: float) -> Json:
    share = FRAUDS / ROWS
    rates = [(step / 120) ** 3 for step in range(121)]
    caught = [rate ** (1 / power) for rate in rates]
    precision = [r * share / (r * share + f * (1 - share)) if f else 1.0 for f, r in zip(rates, caught, strict=True)]
    return {
        "roc": [list(pair) for pair in zip(rates, caught, strict=True)],
        "precision_recall": [list(pair) for pair in zip(caught, precision, strict=True)],
    }


def evaluation_document() -> Json:
    legitimate = ROWS - FRAUDS
    return {
        "detector": "payments",
        "detector_version": VERSION,
        "models": [_model(name, title, power) for name, title, power in MODELS],
        "period": {"from": "2026-06-01T00:00:03Z", "to": "2026-06-30T23:59:51Z"},
        "rows": ROWS,
        "frauds": FRAUDS,
        "fraud_amount": FRAUDS * MEAN_FRAUD,
        "curves": {name: _curve(power) for name, _, power in MODELS},
        "thresholds": [_threshold(score) for score in range(0, 1001, 5)],
        "score_histogram": {
            "edges": EDGES,
            "legitimate": histogram(legitimate, false_positive_rate),
            "fraud": histogram(FRAUDS, recall),
        },
        **dict.fromkeys(("calibration", "scale_check", "importance", "slices", "unseen_categories", "money")),
        "notes": [],
    }


def histogram(total: int, share_from: Callable[[float], float]) -> list[int]:
    """Return how many of ``total`` lie between each two edges, for a function score → share at or above it."""
    shares = [share_from(edge) for edge in EDGES[:-1]] + [0.0]
    return [round(total * (low - high)) for low, high in itertools.pairwise(shares)]


def _threshold(score: int) -> Json:
    caught, alarms = round(FRAUDS * recall(score)), round((ROWS - FRAUDS) * false_positive_rate(score))
    return {
        "score": score,
        "true_positives": caught,
        "false_positives": alarms,
        "false_negatives": FRAUDS - caught,
        "true_negatives": ROWS - FRAUDS - alarms,
        "caught_amount": caught * MEAN_FRAUD,
        "missed_amount": (FRAUDS - caught) * MEAN_FRAUD,
        "false_alarm_amount": alarms * MEAN_PAYMENT,
    }


def decision(sent: Json, repeated: bool = False) -> Json:
    """Return a decision whose score rises with the amount."""
    amount = float(sent.get("amount") or 0)
    score = next(score for limit, score in [(100, 312), (500, 742), (1500, 921), (1e18, 988)] if amount < limit)
    return {
        "event_id": sent["event_id"],
        "detector": "payments",
        "detector_version": VERSION,
        "score": score,
        "probability": {312: 0.0009, 742: 0.018, 921: 0.184, 988: 0.873}[score],
        "outcome": next(name for name, limit in reversed(OUTCOMES) if score >= limit),
        "decided_at": "2026-11-23T19:12:31Z",
        "repeated": repeated,
        "timings_ms": {"read": 5.61, "decide": 0.6, "write": 7.93, "total": 14.3},
    }


REASONS = [
    (
        *("Amount compared with this customer's usual amount", 1.9),
        "The amount of $1,849.00 is 14.2 times this customer's usual amount of $130.21.",
    ),
    ("Payment velocity of this device", 0.8, "There are no earlier payments with this device."),
    ("Time of day", -0.4, "The payment was made at 21:07 UTC."),
]


def supposed(sent: Json, reasons: bool) -> Json:
    """Return what would be decided: as `decision` does, with reasons that add up."""
    made = decision({"event_id": "", **sent})
    told = {name: made[name] for name in ("score", "probability", "outcome")} | {"rules": _rules(sent)}
    nothing = {"base_log_odds": None, "reasons": None, "reasons_approximate": False, "reasons_stability": None}
    return told | (nothing | reasons_of(made["probability"]) if reasons else nothing)


def reasons_of(probability: float) -> Json:
    contributions = [contribution for _, contribution, _ in REASONS]
    told = [
        {"name": name, "impact": round(contribution / math.log(2)), "contribution": contribution, "sentence": sentence}
        for name, contribution, sentence in REASONS
    ]
    base = math.log(probability / (1 - probability)) - sum(contributions)
    return {"base_log_odds": base, "reasons": told}


def _rules(sent: Json) -> list[Json]:
    if float(sent.get("amount") or 0) < 1000:
        return []
    expression = f"amount > 1000 ({sent['amount']} > 1000)"
    return [{"rule": "large_amount", "outcome": "review", "shadow": True, "expression": expression}]


def histories(sent: Json, sums: Json | None = None) -> list[Json]:
    """Return what was known of the customer and the device of an event; the device is new.

    ``sums`` are those of the customer over its longest half-life, by operation, in place of the usual ones.
    """
    facts = [
        ("count", "Recent payments with this customer", "events", 12.25),
        ("mean_amount", "Usual amount of this customer", "amount", 130.214),
        ("distance_km", "Distance from the usual location of this customer, in kilometers", "km", None),
    ]
    known: list[Json] = [
        {"operation": name, "description": text, "half_life_s": half_life_s, "unit": unit, "value": value}
        for name, text, unit, value in facts
        for half_life_s in (86_400.0, 2_592_000.0)
    ]
    if sums is not None:
        same = {"description": "", "half_life_s": 2_592_000.0, "unit": "events"}
        known = [same | {"operation": operation, "value": value} for operation, value in sums.items()]
    return [
        _history("customer", "customer_id", sent, True, known),
        _history("device", "device_id", sent, False, [{**fact, "value": 0.0} for fact in known[:2]]),
    ]


def _history(entity: str, column: str, sent: Json, remembered: bool, facts: list[Json]) -> Json:
    key = [sent[column]] if sent.get(column) else None
    return {
        "entity": entity, "columns": [column], "key": key, "remembered": remembered and key is not None,
        "facts": facts if key else [],
    }  # fmt: skip


def summary(rows: int, failed: int) -> Json:
    scored = rows - failed
    block, review = round(scored * 0.011), round(scored * 0.019)
    errors = [{"row": 18 + 7 * n, "column": "amount", "message": f'"{n},50" is not a number'} for n in range(failed)]
    return {
        "detector_version": VERSION,
        "rows": rows,
        "scored": scored,
        "failed": failed,
        "outcomes": {"approve": scored - block - review, "review": review, "block": block},
        "amounts": {"approve": 741_228.4, "review": 42_910.1, "block": 58_377.75},
        "score_histogram": {"edges": EDGES, "counts": histogram(scored, false_positive_rate)},
        "top_events": [_top_event(place) for place in range(min(40, scored))],
        "errors": errors[:100],
        "notes": [],
        "unused_columns": ["is_fraud", "fraud_kind"],
    }


def _top_event(place: int) -> Json:
    score = 999 - 2 * place
    return {
        "row": 31 + 47 * place,
        "event_id": f"e-{10_000 + 173 * place:06d}",
        "timestamp": f"2026-06-{1 + place % 30:02d}T{place % 24:02d}:41:09Z",
        "amount": round(2950.4 - 61.7 * place, 2),
        "score": score,
        "probability": round(0.99 - 0.016 * place, 3),
        "outcome": "block" if score >= 975 else "review",
        "reasons": [f"Amount is {place} times this customer's usual (+{1 + place % 5})", "Made at night (+1)"],
        "customer_id": f"C{4000 + place * 7:05d}",
        "merchant_id": f"M{100 + place % 9:04d}",
        "device_id": f"D{900 + place:05d}",
        "ip": f"198.51.100.{place}",
    }
