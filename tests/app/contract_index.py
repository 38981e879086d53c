"""Searches and sums of the decisions that the contract's server knows, as the API's index answers them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from tests.app.contract_shapes import Json

_SORTS = {"newest": "decided_at", "amount": "amount", "score": "score", "money_at_risk": "money_at_risk"}
_ENTITIES = {"customer": "customer_id", "merchant": "merchant_id", "device": "device_id", "ip": "ip"}


def found(decision: Json) -> Json:
    """Return a stored decision as lists show it."""
    event, probability = decision["event"], decision["probability"]
    amount = event.get("amount")
    same = ("event_id", "decided_at", "detector_version", "score", "probability", "outcome")
    label = decision["label"] and {name: decision["label"][name] for name in ("label", "known_at")}
    return {
        **{name: decision[name] for name in same},
        "downgraded": decision.get("downgraded"),
        "timestamp": event.get("timestamp", decision["decided_at"]),
        "amount": amount,
        "money_at_risk": None if amount is None else amount * probability,
        "entities": {entity: event[column] for entity, column in _ENTITIES.items() if event.get(column)},
        "rules": [{"rule": hit["rule"], "shadow": hit["shadow"]} for hit in decision.get("rules", [])],
        "label": label,
        "degraded": bool(decision.get("degraded")),
        "braked": bool(decision.get("braked")),
        "forced": False,
    }


def search(decisions: Iterable[Json], indexed_until: str | None, query: str) -> Json:
    """Answer ``GET /v1/decisions``."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    rows = [row for row in map(found, decisions) if _fits(row, asked)]
    rows.sort(key=lambda row: row[_SORTS[asked.get("sort", "newest")]] or 0, reverse=True)
    limit = int(asked.get("limit", "50"))
    cursor = "next" if len(rows) > limit else None
    return {"decisions": rows[:limit], "cursor": cursor, "indexed_until": indexed_until}


def _fits(row: Json, asked: dict[str, str]) -> bool:
    day, label = row["decided_at"][:10], (row["label"] or {"label": "none"})["label"]
    entity, _, key = asked.get("entity", "").partition(":")
    return (
        asked.get("from", "") <= day <= asked.get("to", "9999")
        and row["outcome"] in str(asked.get("outcome", row["outcome"])).split(",")
        and asked.get("label", label) == label
        and int(asked.get("from_score", 0)) <= row["score"] <= int(asked.get("to_score", 1000))
        and ("rule" not in asked or asked["rule"] in [hit["rule"] for hit in row["rules"]])
        and (not entity or row["entities"].get(entity) == key)
    )


def summaries(decisions: Iterable[Json], indexed_until: str | None, query: str) -> Json:
    """Answer ``GET /v1/summaries``."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    rows = [row for row in map(found, decisions) if _fits(row, asked)]
    by_day: dict[str, list[Json]] = {}
    for row in rows:
        by_day.setdefault(row["decided_at"][:10], []).append(row)
    return {"days": [_day(day, by_day[day]) for day in sorted(by_day)], "indexed_until": indexed_until}


def _tally(rows: list[Json], **names: Any) -> Json:  # noqa: ANN401 - names of any kind
    sums = {name: round(sum(row[name] or 0 for row in rows), 2) for name in ("amount", "money_at_risk")}
    return {**names, "decisions": len(rows), **sums}


def _day(day: str, rows: list[Json]) -> Json:
    def label(row: Json) -> str:
        return str((row["label"] or {"label": "none"})["label"])

    def tallies(name: str) -> list[Json]:
        kinds = sorted({(row[name], label(row)) for row in rows})
        return [
            _tally([r for r in rows if (r[name], label(r)) == (kind, of)], **{name: kind}, label=of)
            for kind, of in kinds
        ]

    hits = Counter((hit["rule"], hit["shadow"], row["outcome"], label(row)) for row in rows for hit in row["rules"])
    names = ("rule", "shadow", "outcome", "label")
    return {
        **_tally(rows, day=day),
        **{mark: sum(row[mark] for row in rows) for mark in ("degraded", "braked", "forced")},
        "outcomes": tallies("outcome"),
        "versions": tallies("detector_version"),
        "rules": [_tally([], **dict(zip(names, hit, strict=True))) | {"decisions": n} for hit, n in hits.items()],
        "overlaps": [],
        "hours": {outcome: _hours(rows, outcome) for outcome in {row["outcome"] for row in rows}},
        "scores": {},
    }


def _hours(rows: list[Json], outcome: str) -> Json:
    of_hour = [[r for r in rows if r["outcome"] == outcome and int(r["decided_at"][11:13]) == h] for h in range(24)]
    return {
        "decisions": [len(some) for some in of_hour],
        "amount": [sum(r["amount"] for r in some) for some in of_hour],
    }
