"""Rules of a detector as plain data, as the manifest has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tollgate.core.rules.value_lists import Lists, ValueList

Mode = Literal["FIRST_MATCHED", "ALL_MATCHED"]
FIRST_PRIORITY, USUAL_PRIORITY, LAST_PRIORITY = 1, 100, 1000
MAX_RULES = 500
MAX_NAME = 60


@dataclass(frozen=True)
class Rule:
    """One rule: where ``when`` is true, ``outcome`` is what to do.

    A ``shadow`` rule is evaluated and counted and does not act. Smaller priorities come first, of equal ones the rule
    that is written first. Events from ``expires_us`` on, microseconds since 1970 UTC, are no longer tested.
    """

    name: str
    when: str
    outcome: str
    shadow: bool = False
    priority: int = USUAL_PRIORITY
    expires_us: int | None = None
    enabled: bool = True


@dataclass(frozen=True)
class RuleBook:
    """The rules of a detector in the order in which they are written, and its lists.

    ``order`` are the outcomes from weak to strong, those that only rules give among them; empty: those of the scores.
    ``whole_hours`` says what ``hour`` is: 0 to 23, or with its fraction, as in manifests that do not say.
    """

    mode: Mode = "FIRST_MATCHED"
    rules: tuple[Rule, ...] = ()
    lists: Lists = field(default_factory=dict)
    order: tuple[str, ...] = ()
    whole_hours: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that the manifest holds."""
        lists = {name: {"kind": held.kind, "values": sorted(held.values)} for name, held in self.lists.items()}
        rules = [asdict(rule) for rule in self.rules]
        plain = {"mode": self.mode, "order": list(self.order), "rules": rules, "lists": lists}
        return plain | ({"whole_hours": True} if self.whole_hours else {})

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> RuleBook:
        """Rebuild what `to_json` wrote."""
        lists = {name: ValueList.of(held["kind"], held["values"]) for name, held in plain["lists"].items()}
        rules = tuple(Rule(**rule) for rule in plain["rules"])
        return cls(plain["mode"], rules, lists, tuple(plain["order"]), bool(plain.get("whole_hours", False)))


def is_rule_name(text: str) -> bool:
    """Return whether a rule can have this name: results write names one behind the other, with ; between them."""
    return bool(text.strip()) and len(text) <= MAX_NAME and text.isprintable() and ";" not in text


def in_order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the enabled rules, in the order in which they are evaluated."""
    return tuple(sorted((rule for rule in rules if rule.enabled), key=lambda rule: rule.priority))
