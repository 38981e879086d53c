"""Drafts of a detector's next rules: checked, shown, and saved only if nobody else saved meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tollgate import clock
from tollgate.adapters.s3.drafts import Draft
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.rules.analysis.findings import Finding, check_book
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.times.timestamps import write_second
from tollgate.errors import InputError, suggest
from tollgate.services.container import Container


def check_rules(container: Container, rules: Sequence[Rule], detector: str | None = None) -> dict[str, Any]:
    """Return what is wrong or odd about rules, as a detector file would be refused or warned for it.

    Raises `InputError` for an unknown outcome or a name that two rules have.
    """
    version = container.champion(detector)
    findings = find_problems(version, build_rule_book(version, rules))
    return {"detector_version": version.version, "findings": serialize_findings(findings)}


def show_draft(container: Container, detector: str | None = None) -> dict[str, Any]:
    """Return the draft, or where there is none the rules of the version that decides, with what is odd about them."""
    version = container.champion(detector)
    found = container.drafts.read(version.detector)
    draft, etag = found or (Draft(version.rules.book.rules, version.version, "", None), None)
    book = version.rules.book
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "rules_mode": book.mode,
        "outcomes": list(outcomes_of(version)),
        "rules": [serialize_rule(rule) for rule in draft.rules],
        "deciding": [serialize_rule(rule) for rule in book.rules],
        "findings": serialize_findings(find_problems(version, build_rule_book(version, draft.rules))),
        "based_on": draft.based_on,
        "saved_at": draft.saved_at or None,
        "saved_by": draft.saved_by,
        "etag": etag,
    }


def save_draft(
    container: Container, rules: Sequence[Rule], saved_by: str | None, etag: str | None, detector: str | None = None
) -> dict[str, Any]:
    """Save rules as the draft in place of the one with this ETag, None for the first one; return it.

    Raises `InputError` for rules that a detector file would be refused for, `ChangedError` if somebody else saved.
    """
    version = container.champion(detector)
    findings = find_problems(version, build_rule_book(version, rules))
    for finding in findings:
        if finding.severity == "error":
            raise InputError(f"The draft was not saved: {finding}.")
    draft = Draft(tuple(rules), version.version, write_second(clock.now_s()), saved_by)
    container.drafts.write(version.detector, draft, etag)
    return show_draft(container, version.detector)


def outcomes_of(version: DetectorVersion) -> tuple[str, ...]:
    """Return all outcomes that rules may have, from weak to strong, those that no rule has now among them."""
    return version.rules.book.order or version.order


def build_rule_book(version: DetectorVersion, rules: Sequence[Rule]) -> RuleBook:
    """Return the book of the version's next one, with these rules.

    Raises `InputError` for an unknown outcome or a name twice.
    """
    order = outcomes_of(version)
    for rule in rules:
        if rule.outcome not in order:
            known = f"{suggest(rule.outcome, order)}; the outcomes are {', '.join(order)}"
            raise InputError(f'Rule "{rule.name}" has the outcome "{rule.outcome}", which does not exist{known}.')
    name, count = max(Counter(rule.name for rule in rules).items(), key=lambda pair: pair[1], default=("", 0))
    if count > 1:
        raise InputError(f'{count} rules have the name "{name}"; give each rule its own name.')
    return replace(version.rules.book, rules=tuple(rules), order=order, whole_hours=True)


def find_problems(version: DetectorVersion, book: RuleBook) -> tuple[Finding, ...]:
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
