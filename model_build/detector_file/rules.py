"""Section [[rules]] of a detector file: read, and checked against the detector's columns, lists and outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from tollgate.core.rules.analysis.findings import check_book
from tollgate.core.rules.rule import (
    FIRST_PRIORITY,
    LAST_PRIORITY,
    MAX_NAME,
    MAX_RULES,
    MODES,
    USUAL_PRIORITY,
    Rule,
    RuleBook,
    is_rule_name,
)
from tollgate.core.rules.rule_set import columns_looked_up
from tollgate.core.rules.scope import Scope
from tollgate.core.rules.value_lists import Lists
from tollgate.errors import DetectorFileError, suggest

from model_build.detector_file.toml import TomlReader

RULE_KEYS = ("name", "when", "outcome", "mode", "priority", "expires", "enabled")
RULE_MODES = ("act", "shadow")


def read_rules(reader: TomlReader, order: Sequence[str], lists: Lists) -> RuleBook:
    """Read [[rules]]; ``order`` are the outcomes from weak to strong. Raises `DetectorFileError` naming the rule."""
    mode = reader.take("detector", "rules_mode", str, MODES[0])
    if mode not in MODES:
        raise reader.fail("detector", "rules_mode", f"must be {' or '.join(MODES)}{suggest(mode, MODES)}")
    given = reader.sections.get("rules", [])
    if len(given) > MAX_RULES:
        raise reader.fail("rules", "", f"has {len(given)} rules; the limit is {MAX_RULES}")
    rules: list[Rule] = []
    for index, table in enumerate(given):
        rules.append(_read_rule(reader, index, table, order))
        if rules[-1].name in {rule.name for rule in rules[:-1]}:
            raise reader.fail_in_table("rules", index, "name", f'is "{rules[-1].name}", the name of another rule')
    return RuleBook(mode, tuple(rules), lists, tuple(order))


def _read_rule(reader: TomlReader, index: int, table: Mapping[str, Any], order: Sequence[str]) -> Rule:
    taken = _RuleTable(reader, index, table)
    name, when = taken.text("name"), taken.text("when")
    if not is_rule_name(name):
        raise taken.fail("name", f"must be at most {MAX_NAME} characters, without ;")
    return Rule(
        name=name,
        when=when,
        outcome=taken.one_of("outcome", order),
        shadow=taken.one_of("mode", RULE_MODES, "act") == "shadow",
        priority=taken.priority(),
        expires_us=taken.expiry(),
        enabled=taken.switch("enabled"),
    )


class _RuleTable:
    """One [[rules]] table, of which typed values are taken; every error names the rule's number and the key."""

    def __init__(self, reader: TomlReader, index: int, table: Mapping[str, Any]) -> None:
        self._reader = reader
        self._index = index
        self._table = table
        for key in table:
            if key not in RULE_KEYS:
                raise self.fail(key, f"is not a known key{suggest(key, RULE_KEYS)}")

    def fail(self, key: str, message: str) -> DetectorFileError:
        return self._reader.fail_in_table("rules", self._index, key, message)

    def text(self, key: str) -> str:
        value = self._table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, "must be a string; every rule needs one")
        return value

    def one_of(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        value = self.text(key) if default is None or key in self._table else default
        if value not in known:
            raise self.fail(key, f'is "{value}", which is not one of {", ".join(known)}{suggest(value, known)}')
        return value

    def priority(self) -> int:
        value = self._table.get("priority", USUAL_PRIORITY)
        if isinstance(value, bool) or not isinstance(value, int) or not FIRST_PRIORITY <= value <= LAST_PRIORITY:
            raise self.fail("priority", f"must be a whole number from {FIRST_PRIORITY} to {LAST_PRIORITY}")
        return value

    def switch(self, key: str) -> bool:
        value = self._table.get(key, True)
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def expiry(self) -> int | None:
        if "expires" not in self._table:
            return None
        moment = _read_expiry(self._table["expires"])
        if moment is None:
            raise self.fail("expires", "must be a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z")
        return moment


def _read_expiry(value: object) -> int | None:
    """Return microseconds since 1970 UTC; a date is its midnight, a time without a zone is UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        return None
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)


def check_rules(reader: TomlReader, book: RuleBook, scope: Scope) -> tuple[str, ...]:
    """Check every rule, switched off or not, and return warnings.

    Raises `DetectorFileError` with line and column for a rule that cannot be read, whose kinds do not fit, that can
    never match or never be reached.
    """
    indices = {rule.name: index for index, rule in enumerate(book.rules)}
    warnings = []
    for finding in check_book(book, scope):
        told = reader.fail_in_value("rules", indices[finding.rule.name], "when", str(finding), finding.place)
        if finding.severity == "error":
            raise told
        warnings.append(str(told))
    return (*warnings, *_look_at_lists(book))


def _look_at_lists(book: RuleBook) -> Iterator[str]:
    """Yield what is odd about lists: that nothing is in one, or nobody asks it."""
    expressions = [rule.when for rule in book.rules]
    for name, members in book.lists.items():
        asked = columns_looked_up(name, expressions)
        if asked and not members.values:
            yield f'list "{name}" has no values: rules that use it match nothing until it has some'
        if not asked and not any(_names_list(expression, name) for expression in expressions):
            yield f'no rule uses list "{name}"'


def _names_list(expression: str, name: str) -> bool:
    return re.search(rf"\bin\s+{name}\b", expression) is not None
