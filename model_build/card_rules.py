"""What a model card says about rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from model_build.markdown import write_table


def describe_rules(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules that are switched on, in the order in which they are asked; empty where there are none."""
    book = manifest.get("rules") or {}
    asked = sorted((rule for rule in book.get("rules", ()) if rule["enabled"]), key=lambda rule: rule["priority"])
    if not asked:
        return {}
    rules = [{name: rule[name] for name in ("name", "when", "outcome", "shadow", "expires_us")} for rule in asked]
    return {
        "mode": book["mode"],
        "rules": rules,
        "lists": {name: len(d["values"]) for name, d in book["lists"].items()},
    }


def write_rules(described: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a card about its rules, as Markdown."""
    if described["mode"] == "FIRST_MATCHED":
        yield "The first rule that matches decides; where none does, the score."
    else:
        yield "The strongest of the outcomes of all rules that match, and of the score, decides."
    yield ""
    yield from write_table(("Rule", "Matches", "Outcome"), [_row(rule) for rule in described["rules"]])
    if described["lists"]:
        yield ""
        yield from write_table(("List", "Values when sealed"), list(described["lists"].items()))


def _row(rule: Mapping[str, Any]) -> tuple[str, str, str]:
    outcome = f"{rule['outcome']} (in shadow)" if rule["shadow"] else rule["outcome"]
    if rule["expires_us"] is not None:
        outcome += f" until {datetime.fromtimestamp(rule['expires_us'] / 1e6, UTC):%Y-%m-%d %H:%M}"
    return rule["name"], " ".join(rule["when"].split()), outcome
