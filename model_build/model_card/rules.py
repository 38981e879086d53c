"""Model card section on rules and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from model_build.model_card.markdown import write_table

_FIELDS = ("name", "when", "outcome", "priority", "enabled", "shadow", "expires_us")


def describe_rules(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules in the order in which they are asked, those that are switched off too; empty without rules."""
    book = manifest.get("rules") or {}
    ordered = sorted(book.get("rules", ()), key=lambda rule: rule["priority"])
    if not ordered:
        return {}
    return {
        "mode": book["mode"],
        "rules": [{name: rule[name] for name in _FIELDS} for rule in ordered],
        "lists": {name: len(d["values"]) for name, d in book["lists"].items()},
    }


def write_rules(described: Mapping[str, Any]) -> Iterator[str]:
    """Yield the section of a card about its rules, as Markdown."""
    if described["mode"] == "FIRST_MATCHED":
        yield "The first matching rule decides; if none matches, the score decides."
    else:
        yield "The strongest outcome of all matching rules and of the score applies."
    yield ""
    yield from write_table(("Rule", "Matches", "Outcome", "Priority", "State"), map(_row, described["rules"]))
    if described["lists"]:
        yield ""
        yield from write_table(("List", "Values when sealed"), list(described["lists"].items()))


def _row(rule: Mapping[str, Any]) -> tuple[object, ...]:
    state = "off" if not rule["enabled"] else "shadow" if rule["shadow"] else "on"
    if rule["expires_us"] is not None:
        state += f" until {datetime.fromtimestamp(rule['expires_us'] / 1e6, UTC):%Y-%m-%d %H:%M}"
    return rule["name"], " ".join(rule["when"].split()), rule["outcome"], rule["priority"], state
