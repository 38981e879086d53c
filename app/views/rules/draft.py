"""Draft rules in the reader's session: edited here, and saved on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from app.api.client import Api, Json
from app.api.errors import ApiProblem

SETTINGS = ("name", "expression", "outcome", "priority", "enabled", "shadow", "expires_at")
_KEPT = "rules.draft"


@dataclass
class Draft:
    """Rules in the order in which they are written. ``saved`` is the API's answer that they began with.

    ``numbers`` name them for the widgets, whatever they are called. ``chosen`` is the number of the one that is edited.
    ``trial`` holds the rules that were tried last, and the answer. ``refused`` is what somebody else saved meanwhile,
    and ``problem`` why the last thing that was asked was not done.
    """

    saved: Json
    rules: list[Json] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    chosen: int = 0
    trial: tuple[list[Json], Json] | None = None
    refused: Json | None = None
    problem: ApiProblem | None = None

    @classmethod
    def of(cls, saved: Json) -> Draft:
        """Take a saved draft in hand."""
        rules = [{name: rule[name] for name in SETTINGS} for rule in saved["rules"]]
        return cls(saved, rules, list(range(len(rules))))

    @property
    def rule(self) -> Json | None:
        """The rule that is edited; None where there is none at all."""
        return self.rules[self.numbers.index(self.chosen)] if self.chosen in self.numbers else None

    @property
    def is_changed(self) -> bool:
        """Whether something in hand is not saved."""
        return self.rules != Draft.of(self.saved).rules

    def add(self) -> None:
        """Add a rule after the others, in shadow mode, and edit it."""
        taken = {rule["name"] for rule in self.rules}
        name = next(name for number in range(1, 1000) if (name := f"new rule {number}") not in taken)
        outcome = self.saved["outcomes"][min(1, len(self.saved["outcomes"]) - 1)]
        begun = dict(zip(SETTINGS, (name, "amount > 1000", outcome, 100, True, True, None), strict=True))
        self.rules.append(begun)
        self.chosen = max(self.numbers, default=-1) + 1
        self.numbers.append(self.chosen)

    def remove(self) -> None:
        """Take the edited rule out."""
        place = self.numbers.index(self.chosen)
        del self.rules[place], self.numbers[place]
        if self.numbers:
            self.chosen = self.numbers[min(place, len(self.numbers) - 1)]

    def label(self, rule: Json) -> str:
        """Return the name of a rule, and whether it differs from the live one."""
        state = self.state_of(rule)
        return f"{rule['name']} ({state})" if state else str(rule["name"])

    def state_of(self, rule: Json) -> str:
        """Return how a rule differs from the live rules: "new", "changed", or an empty text."""
        deciding = {known["name"]: known for known in self.saved["deciding"]}
        if rule["name"] not in deciding:
            return "new"
        known = deciding[rule["name"]]
        return "" if all(rule[name] == known[name] for name in SETTINGS) else "changed"

    def differences(self) -> Sequence[str]:
        """Return the differences between the draft and the live rules as words."""
        states = [self.state_of(rule) for rule in self.rules]
        names = {rule["name"] for rule in self.rules}
        removed = sum(known["name"] not in names for known in self.saved["deciding"])
        counts = (("new", states.count("new")), ("changed", states.count("changed")), ("removed", removed))
        return [f"{count} {word}" for word, count in counts if count]


def hold_draft(api: Api) -> Draft:
    """Return the draft in hand; ask for the saved one where there is none."""
    held = st.session_state.get(_KEPT)
    if isinstance(held, tuple) and held[0] == api.url and isinstance(held[1], Draft):
        return held[1]
    return take_draft(api, api.draft())


def take_draft(api: Api, saved: Json) -> Draft:
    """Take what the API saved in hand, and edit the rule that was edited before."""
    held = st.session_state.get(_KEPT)
    draft = Draft.of(saved)
    if isinstance(held, tuple) and isinstance(held[1], Draft):
        draft.trial = held[1].trial
        if held[1].rule in draft.rules:
            draft.chosen = draft.rules.index(held[1].rule)
    st.session_state[_KEPT] = (api.url, draft)
    # Widgets go by the numbers of the rules, which begin anew.
    st.session_state["rules.edition"] = int(st.session_state.get("rules.edition", 0)) + 1
    return draft
