"""Sections [[rules]] and [lists] of a detector file: read, and checked against its columns and outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator
from tollgate.core.rules.analysis.findings import check_book
from tollgate.core.rules.lexer import RESERVED, WORDS
from tollgate.core.rules.lists.text import ListLine, check_file, decode_list, given_lines, read_list, split_lines
from tollgate.core.rules.rule import (
    FIRST_PRIORITY,
    LAST_PRIORITY,
    MAX_NAME,
    MAX_RULES,
    USUAL_PRIORITY,
    Mode,
    Rule,
    RuleBook,
    is_rule_name,
)
from tollgate.core.rules.rule_set import columns_looked_up
from tollgate.core.rules.scope import Scope, ValueKind
from tollgate.core.rules.value_lists import Lists, ValueList
from tollgate.errors import DetectorFileError

from model_build.detector_file.messages import WrongValueError
from model_build.detector_file.section import Section, check_one_of, key

_NEITHER = 'must be values = [...] or file = "..."'


def _read_text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise WrongValueError("must be a string; every rule needs one")
    return value


def _check_name(name: str) -> str:
    if not is_rule_name(name):
        raise WrongValueError(f"must be at most {MAX_NAME} characters, without ;")
    return name


def _read_priority(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not FIRST_PRIORITY <= value <= LAST_PRIORITY:
        raise WrongValueError(f"must be a whole number from {FIRST_PRIORITY} to {LAST_PRIORITY}")
    return value


def _read_expiry(value: object) -> int | None:
    """Return microseconds since 1970 UTC; a date is its midnight, a time without a zone is UTC."""
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise WrongValueError("must be a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z")
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)


_RuleText = Annotated[str, BeforeValidator(_read_text)]


class RuleSection(Section):
    """The keys of one [[rules]]."""

    name: Annotated[_RuleText, AfterValidator(_check_name)] = key(
        ..., f"Its name in decisions: up to {MAX_NAME} characters, without `;`. Names must be unique."
    )
    when: _RuleText = key(..., "The [expression](rules.md#what-a-rule-can-say). The rule matches if it is true.")
    outcome: _RuleText = key(..., '`"approve"`, or one of [outcomes](#outcomes).')
    mode: Literal["act", "shadow"] = key("act", '`"shadow"`: the rule is evaluated and counted, but takes no action.')
    priority: Annotated[int, BeforeValidator(_read_priority)] = key(
        USUAL_PRIORITY,
        f"Rules with smaller numbers are evaluated first; {FIRST_PRIORITY} to {LAST_PRIORITY}.",
    )
    expires: Annotated[int | None, BeforeValidator(_read_expiry)] = key(
        None,
        "The rule is not evaluated for events from then on: `2027-01-31` (midnight UTC at the start of that day) or "
        "`2027-01-31T12:00:00Z`, without quotes.",
        type="date or time",
        default="never",
    )
    enabled: bool = key(True, "Whether the rule is evaluated at all.")


def read_rules(mode: Mode, sections: Sequence[RuleSection], order: Sequence[str], lists: Lists) -> RuleBook:
    """Return the rules of a file; ``order`` are the outcomes from weak to strong.

    Raises `WrongValueError` for too many rules, a name that two have, and an outcome that the detector does not have.
    """
    if len(sections) > MAX_RULES:
        raise WrongValueError(f"has {len(sections)} rules; the limit is {MAX_RULES}", "rules")
    rules: dict[str, Rule] = {}
    for index, section in enumerate(sections):
        check_one_of(section.outcome, order, "rules", index, "outcome")
        if section.name in rules:
            raise WrongValueError(f'is "{section.name}", the name of another rule', "rules", index, "name")
        shadow, kept = section.mode == "shadow", section.model_dump(exclude={"mode", "expires"})
        rules[section.name] = Rule(**kept, shadow=shadow, expires_us=section.expires)
    return RuleBook(mode, tuple(rules.values()), lists, tuple(order))


def check_rules(book: RuleBook, scope: Scope) -> Iterator[WrongValueError]:
    """Check every rule, switched off or not, and yield what looks odd about it.

    Raises `WrongValueError` with the place in its expression for a rule that cannot be read, whose kinds do not fit, or
    that can never match or be reached.
    """
    indices = {rule.name: index for index, rule in enumerate(book.rules)}
    for finding in check_book(book, scope):
        found = WrongValueError(str(finding), "rules", indices[finding.rule.name], "when", offset=finding.place)
        if finding.severity == "error":
            raise found
        yield found


def check_lists(book: RuleBook) -> Iterator[str]:
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


_LIST_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class ListSection(Section):
    """The keys of one [lists.<name>]."""

    values: list[Any] | None = None
    file: str | None = None
    kind: Literal["text", "number"] | None = None
    allow_empty: bool | None = None

    @model_validator(mode="after")
    def _check_source(self) -> ListSection:
        if self.has("values") == self.has("file"):
            raise WrongValueError(_NEITHER)
        return self


def _check_names(given: object) -> object:
    for name, content in given.items() if isinstance(given, dict) else ():
        if not _LIST_NAME.fullmatch(name) or name in RESERVED | WORDS:
            raise WrongValueError("must be lowercase letters, digits and _, starting with a letter", name)
        if not isinstance(content, dict):
            raise WrongValueError(_NEITHER, name)
    return given


ListSections = Annotated[dict[str, ListSection], BeforeValidator(_check_names)]


def read_lists(sections: Mapping[str, ListSection], expressions: Sequence[str], folder: Path) -> dict[str, ValueList]:
    """Return the lists by name; ``expressions`` are those of the rules, and files are found from ``folder``.

    Raises `WrongValueError` for values that cannot be in a list.
    """
    return {name: _read_list(name, section, expressions, folder) for name, section in sections.items()}


def _read_list(name: str, section: ListSection, expressions: Sequence[str], folder: Path) -> ValueList:
    # A header of a file has the name of the list, or of a column that asks it.
    asked = None if section.file is None else (name, *columns_looked_up(name, expressions))
    may_be_empty = section.file is None if section.allow_empty is None else section.allow_empty
    try:
        lines = given_lines(section.values or []) if section.file is None else read_list_file(folder / section.file)
        return read_list(section.kind or _kind_of(lines), lines, asked, may_be_empty=may_be_empty)
    except DetectorFileError as error:
        said = f"names a file that cannot be read: {str(error).removesuffix('.')}"
        raise WrongValueError(said, "lists", name) from None
    except ValueError as error:
        of_file = "" if section.file is None else f"names {section.file}, which "
        raise WrongValueError(f"{of_file}{error}", "lists", name) from None


def _kind_of(lines: Sequence[ListLine]) -> ValueKind:
    return "text" if not lines or isinstance(lines[0].value, str) else "number"


def read_list_file(path: Path) -> list[ListLine]:
    """Return the values in a file with their lines; raise `DetectorFileError` if it cannot be read."""
    try:
        content = path.read_bytes()
        check_file(content)
        return split_lines(decode_list(content))
    except FileNotFoundError:
        raise DetectorFileError(f"List file {path} does not exist.") from None
    except OSError as error:
        raise DetectorFileError(f"List file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise DetectorFileError(f"{path} {error}.") from None
