"""Rules and lists as the API's contract answers them: rules are really checked, drafts and lists are really kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tollgate.core.rules.analysis.findings import check_book
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.scope import Scope, Symbol
from tollgate.services.rules.rule_book import serialize_findings

from tests.app.contract_shapes import OUTCOMES, VERSION, Json, rule

RULES: list[Json] = [
    {"name": "denied", "expression": "customer_id in denied", "outcome": "block", "priority": 1},
    {"name": "large", "expression": "amount > 500 // for now\n  && score >= 860", "outcome": "review"},
    {"name": "hurry", "expression": "amount > 100 && score >= 700", "outcome": "block", "shadow": True},
    {"name": "old", "expression": "amount > 900", "outcome": "review", "enabled": False},
]
SYMBOLS = {"amount": Symbol("number", "amount"), "score": Symbol("number", "score")}
SYMBOLS |= {"customer_id": Symbol("text", "entity", "customer")}


def detector_rules() -> Json:
    """Return what the detector's description says of rules and lists."""
    one_line = [rule(**given) | {"expression": " ".join(str(given["expression"]).split())} for given in RULES]
    told = {"name": "denied", "kind": "text", "entries": 3, "sealed": True, "changed_at": "2026-11-20T14:12:09Z"}
    return {"rules_mode": "FIRST_MATCHED", "rules": one_line, "lists": [told]}


def summaries() -> Json:
    """Return two days of which the first has labels."""

    def tally(number: int, amount: float, **of: object) -> Json:
        return {"decisions": number, "amount": amount, "money_at_risk": amount / 5, **of}

    def large(outcome: str, label: str) -> Json:
        return {"rule": "large", "shadow": False, "outcome": outcome, "label": label}

    def hurry(outcome: str, label: str) -> Json:
        return {"rule": "hurry", "shadow": True, "outcome": outcome, "label": label}

    first = [
        tally(4, 2800.0, **large("review", "fraud")),
        tally(1, 900.0, **large("approve", "fraud")),
        tally(5, 3100.0, **large("review", "legitimate")),
        tally(2, 700.0, **hurry("approve", "fraud")),
        tally(3, 2100.0, **hurry("review", "fraud")),
    ]
    second = [tally(10, 6400.0, **large("review", "none"))]
    overlaps = [tally(3, 2100.0, rules=["hurry", "large"], label="fraud")]
    days = [("2026-11-22", first, overlaps), ("2026-11-23", second, [])]
    unused: Json = {
        "decisions": 15,
        "amount": 9_600.0,
        "money_at_risk": 1_920.0,
        "degraded": 0,
        "braked": 0,
        "forced": 0,
    }
    unused |= {"outcomes": [], "versions": [], "hours": {}, "scores": {}}
    return {
        "days": [{**unused, "day": day, "rules": rules, "overlaps": both} for day, rules, both in days],
        "indexed_until": "2026-11-23T18:58:00Z",
    }


def versions() -> Json:
    """Return three versions, of which one is damaged."""
    dates = {"from": "2026-01-01T00:00:12Z", "to": "2026-05-31T23:59:48Z"}
    sealed = {"description": "", "model": "XGBoost", "rules": 4, "trained_on": 291_406, **dates}
    damaged = dict.fromkeys((*sealed, "created_at"))
    return {
        "detector": "payments",
        "versions": [
            {"detector_version": VERSION, "created_at": "2026-11-20T14:12:09Z", **sealed, "decides": True},
            {"detector_version": "20261101-0900-aa", "created_at": "2026-11-01T09:00:00Z", **sealed, "decides": False},
            {"detector_version": "20261001-0900-bb", **damaged, "decides": False},
        ],
        "count": 31,
    }


@dataclass
class ContractRules:
    """The draft and the lists that were changed. ``saved_by_others`` makes the next condition fail once."""

    draft: Json | None = None
    etag: int = 0
    lists: dict[str, list[str]] = field(default_factory=lambda: {"denied": ["c1", "c2", "c3"]})
    list_etag: int = 0
    trials: list[Json] = field(default_factory=list)

    def check(self, body: Json) -> tuple[int, Json]:
        return 200, {"detector_version": VERSION, "findings": serialize_findings(_find(body["rules"]))}

    def trial(self, body: Json) -> tuple[int, Json]:
        self.trials.append(body)
        hits: Json = {"events": 1200, "frauds": 300, "legitimate": 900, "saved": 95_400.0}
        added = {"events": 400, "frauds": 90, "legitimate": 310, "saved": 20_100.0}
        figures: Json = {"precision": 0.25, "disturbed": 870, "spent": 6000.0, "lacking": 0, "rows": 410}
        figures["downgrades"] = [{"outcome": "block", "events": 11, "of": 123, "frauds": 9}]
        figures["notes"] = ["never hits: amount > 700 never holds; the largest is 512.30."]
        return 200, {
            "detector": "payments",
            "detector_version": VERSION,
            "period": {"from": "2026-06-01T00:00:00Z", "to": "2026-06-30T23:59:59Z"},
            "events": 48_210,
            "frauds": 412,
            "rows": 5_000,
            "estimated": True,
            "costs": {"missed_fraud": "amount", "review": 5.0, "blocked_legitimate": 50.0, "defaults": []},
            "rules": [
                {"rule": one["name"], "outcome": one["outcome"], "hits": hits, "added": added, **figures}
                for one in body["rules"]
            ],
        }

    def show_draft(self) -> tuple[int, Json]:
        deciding = [rule(**given) for given in RULES]
        rules = self.draft["rules"] if self.draft else deciding
        return 200, {
            "detector": "payments",
            "detector_version": VERSION,
            "rules_mode": "FIRST_MATCHED",
            "outcomes": [name for name, _ in OUTCOMES],
            "rules": rules,
            "deciding": deciding,
            "findings": serialize_findings(_find(rules)),
            "based_on": VERSION,
            "saved_at": "2026-11-23T19:20:00Z" if self.draft else None,
            "saved_by": self.draft["saved_by"] if self.draft else None,
            "etag": f"d{self.etag}" if self.draft else None,
        }

    def save_draft(self, body: Json, seen: str | None) -> tuple[int, Json]:
        if seen != self.show_draft()[1]["etag"]:
            return _changed()
        self.draft, self.etag = {**body, "rules": [rule(**one) for one in body["rules"]]}, self.etag + 1
        return self.show_draft()

    def show_list(self, name: str, query: str) -> tuple[int, Json]:
        asked = {key: values[0] for key, values in parse_qs(query).items()}
        values = [value for value in sorted(self.lists[name]) if asked.get("search", "") in value]
        start = sum(value <= asked["cursor"] for value in values) if "cursor" in asked else 0
        page = values[start : start + int(asked["limit"])]
        more = start + len(page) < len(values)
        return 200, self._list(name) | {
            "matching": len(values),
            "values": page,
            "cursor": page[-1] if more else None,
        }

    def change_list(self, name: str, body: Json, seen: str | None) -> tuple[int, Json]:
        if seen != self._list(name)["etag"]:
            return _changed()
        kept = {*self.lists[name], *body.get("add", ())} - {*body.get("remove", ())}
        self.lists[name] = sorted(body.get("values", kept))
        self.list_etag += 1
        return 200, self._list(name)

    def _list(self, name: str) -> Json:
        return {
            "detector": "payments",
            "list": name,
            "kind": "text",
            "entries": len(self.lists[name]),
            "sealed": not self.list_etag,
            "changed_at": "2026-11-23T19:20:00Z" if self.list_etag else "2026-11-20T14:12:09Z",
            "etag": f"l{self.list_etag}" if self.list_etag else None,
        }


def _find(rules: list[Json]) -> Any:  # noqa: ANN401 - findings
    given = (
        Rule(one["name"], one["expression"], one["outcome"], one.get("shadow", False), one.get("priority", 100))
        for one in rules
    )
    order = tuple(name for name, _ in OUTCOMES)
    return check_book(RuleBook("FIRST_MATCHED", tuple(given), {}, order), Scope(SYMBOLS, {"denied": "text"}))


def _changed() -> tuple[int, Json]:
    return 412, {"code": "changed_meanwhile", "message": "Somebody else changed it meanwhile.", "retry": False}
