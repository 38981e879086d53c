"""Draft of a detector's next rules: shown, and saved only if nobody else saved meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tollgate import clock
from tollgate.adapters.s3.drafts import Draft
from tollgate.core.rules.rule import Rule
from tollgate.core.times.timestamps import write_second
from tollgate.errors import InputError
from tollgate.services.container import Container
from tollgate.services.rules.rule_book import (
    find_faults,
    outcomes_of,
    put_together,
    serialize_findings,
    serialize_rule,
)


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
        "findings": serialize_findings(find_faults(version, put_together(version, draft.rules))),
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
    findings = find_faults(version, put_together(version, rules))
    for finding in findings:
        if finding.severity == "error":
            raise InputError(f"The draft was not saved: {finding}.")
    draft = Draft(tuple(rules), version.version, write_second(clock.now_s()), saved_by)
    container.drafts.write(version.detector, draft, etag)
    return show_draft(container, version.detector)
