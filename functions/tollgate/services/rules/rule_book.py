"""Rule book from rules that somebody sends, with the mode, outcomes and lists that the detector has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.rules.analysis.findings import Finding, check_book
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.times.timestamps import write_second
from tollgate.errors import InputError, suggest


def outcomes_of(version: DetectorVersion) -> tuple[str, ...]:
    """Return all outcomes that rules may have, from weak to strong, those that no rule has now among them."""
    return version.rules.book.order or version.order


def put_together(version: DetectorVersion, rules: Sequence[Rule]) -> RuleBook:
    """Return the book of the version's next one, with these rules.

    Raises `InputError` for an unknown outcome or a name twice.
    """
    order = outcomes_of(version)
    for rule in rules:
        if rule.outcome not in order:
            known = f"{suggest(rule.outcome, order)}; there are {', '.join(order)}"
            raise InputError(f'Rule "{rule.name}" has the outcome "{rule.outcome}", which is none{known}.')
    name, count = max(Counter(rule.name for rule in rules).items(), key=lambda pair: pair[1], default=("", 0))
    if count > 1:
        raise InputError(f'{count} rules have the name "{name}"; every rule needs one of its own.')
    return replace(version.rules.book, rules=tuple(rules), order=order, whole_hours=True)


def find_faults(version: DetectorVersion, book: RuleBook) -> tuple[Finding, ...]:
    """Return what the version's next one would be refused or warned for."""
    return check_book(book, RuleSet.of(replace(book, rules=()), version.event_type, version.features).scope)


def serialize_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as the API tells them, lines and columns from 1."""
    return [
        {
            "rule": finding.rule.name,
            "severity": finding.severity,
            "kind": finding.kind,
            "message": finding.message,
            **(_place(finding.rule.when, finding.place) if finding.kind == "unreadable" else _NOWHERE),
        }
        for finding in findings
    ]


_NOWHERE: Mapping[str, int | None] = {"line": None, "column": None}


def _place(text: str, place: int) -> dict[str, int | None]:
    before = text[:place]
    return {"line": before.count("\n") + 1, "column": place - (before.rfind("\n") + 1) + 1}


def serialize_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as the API tells it, its expression as it is written."""
    return {
        "name": rule.name,
        "expression": rule.when,
        "outcome": rule.outcome,
        "priority": rule.priority,
        "enabled": rule.enabled,
        "shadow": rule.shadow,
        "expires_at": None if rule.expires_us is None else write_second(rule.expires_us / 1e6),
    }
