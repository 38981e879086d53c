"""Sentences about a comparison that is never or always true, with the nearest value that occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats, Keys
from tollgate.core.rules.analysis.spelling import Spelling
from tollgate.core.rules.column_compiler import Bools, compile_values
from tollgate.core.rules.formatting import MAX_MEMBERS, join_words, show_number, write_node, write_value
from tollgate.core.rules.operators import EQUAL, INFIX, Effect
from tollgate.core.rules.scope import Columns, Scope
from tollgate.core.rules.syntax import Compare, In, ListName, Name, Node, Null
from tollgate.core.rules.type_check import kind_of
from tollgate.core.rules.value_lists import Lists

_UPPER: tuple[Effect, ...] = ("above", "at least")
_MAX_MEANT = 3


@dataclass(frozen=True)
class Rows:
    """Some of n events, ``mask`` of shape (n,), and how they are said in a sentence, empty for all."""

    mask: Bools
    where: str = ""

    @property
    def there(self) -> str:
        """What points back at them."""
        return " there" if self.where else ""


@dataclass(frozen=True)
class ComparisonExplainer:
    """Says which values occur in place of those that a comparison needs."""

    scope: Scope
    lists: Lists
    columns: Columns

    def leaf(self, node: Node, wanted: bool, rows: Rows) -> str:
        """Say of a condition that it is never ``wanted`` in some rows, and what there is instead."""
        holds = f"{write_node(node)} is {'never' if wanted else 'always'} true{rows.where}"
        details = self._describe(node, wanted, rows)
        return f"{holds}; {details}" if details else holds

    def _describe(self, node: Node, wanted: bool, rows: Rows) -> str:
        if isinstance(node, Name):
            return self._describe_truth(node, rows)
        if isinstance(node, In):
            return self._describe_members(node, wanted, rows)
        return self._describe_comparison(node, wanted, rows) if isinstance(node, Compare) else ""

    def _describe_comparison(self, node: Compare, wanted: bool, rows: Rows) -> str:
        if isinstance(node.left, Null) or isinstance(node.right, Null):
            name = cast(Name, node.right if isinstance(node.left, Null) else node.left)
            is_missing = (node.operator is EQUAL) is not wanted
            return f"{write_node(name)} is {'always' if is_missing else 'never'} missing{rows.there}"
        operator = node.operator if wanted else INFIX.get(node.operator.opposite)
        effect = operator.effect if operator else None
        kind = kind_of(node.left, self.scope)
        if kind == "number":
            return self._describe_numbers(node, effect, rows)
        if kind == "text":
            return self._describe_texts(node, effect, rows)
        names = [side for side in (node.left, node.right) if isinstance(side, Name)]
        return self._describe_truth(names[0], rows) if names else ""

    def _describe_truth(self, name: Name, rows: Rows) -> str:
        column = cast(Floats, self.columns[name.name])[rows.mask]
        counts = (
            ("true", (column == 1.0).sum()),
            ("false", (column == 0.0).sum()),
            ("missing", np.isnan(column).sum()),
        )
        found = [f"{word} in {count:,}" for word, count in counts if count]
        return f"it is {join_words(found)} of {rows.mask.sum():,} events"

    def _values(self, node: Node, rows: Rows) -> Any:  # noqa: ANN401 - a column, or a constant
        found = compile_values(node, self.scope, self.lists)(self.columns)
        if isinstance(found, Keys):
            return found.take(np.flatnonzero(rows.mask))
        return found[rows.mask] if isinstance(found, np.ndarray) and found.ndim else found

    def _describe_numbers(self, node: Compare, effect: Effect | None, rows: Rows) -> str:
        left, right = self._values(node.left, rows), self._values(node.right, rows)
        varies = [side for side in (left, right) if np.ndim(side)]
        if len(varies) == 2:
            return self._describe_pairs(node, effect, left, right)
        if not varies:
            return ""
        is_left = bool(np.ndim(left))
        compared, constant, side = (node.left, right, left) if is_left else (node.right, left, right)
        is_upper = (effect in _UPPER) is is_left
        return self._describe_number(compared, effect, [float(constant)], side, rows, is_upper=is_upper)

    def _describe_number(
        self,
        compared: Node,
        effect: Effect | None,
        wanted: Sequence[float],
        column: Floats,
        rows: Rows,
        *,
        is_upper: bool = False,
    ) -> str:
        known = column[np.isfinite(column)]
        if not len(known):
            return f"{write_node(compared)} is missing in all {len(column):,} events{rows.there}"
        absent = len(column) - len(known)
        missing = f" ({write_node(compared)} is missing in {absent:,} of {len(column):,})" if absent else ""
        if effect is None:
            return ""
        if effect == "unequal":
            return f"it is always {self._number(compared, known[0])}{rows.there}{missing}"
        if effect != "equal":
            word, found = ("largest", np.max(known)) if is_upper else ("smallest", np.min(known))
            return f"the {word}{rows.there} is {self._number(compared, found, wanted[0])}{missing}"
        distances = [np.abs(known - one) for one in wanted if np.isfinite(one)]
        if not distances:
            return ""
        best = min(distances, key=lambda one: float(np.min(one)))
        found = known[int(np.argmin(best))]
        beside = min(wanted, key=lambda one: abs(one - found))
        return f"the nearest value that occurs{rows.there} is {self._number(compared, found, beside)}{missing}"

    def _number(self, compared: Node, value: float, beside: float | None = None) -> str:
        is_amount = isinstance(compared, Name) and self.scope.symbols[compared.name].source == "amount"
        cents = is_amount and round(float(value), 2) == float(value)
        return show_number(float(value), beside=beside, cents=cents)

    def _describe_pairs(self, node: Compare, effect: Effect | None, left: Floats, right: Floats) -> str:
        gap = left - right
        known = np.flatnonzero(np.isfinite(gap))
        if not len(known):
            return "one of the two is always missing"
        if effect is None or effect == "unequal":
            return "the two are always equal" if effect else ""
        near = np.abs(gap) if effect == "equal" else -gap if effect in _UPPER else gap
        place = known[int(np.argmin(near[known]))]
        one, other = self._number(node.left, left[place]), self._number(node.right, right[place])
        return f"at the closest, {write_node(node.left)} is {one} and {write_node(node.right)} is {other}"

    def _describe_texts(self, node: Compare, effect: Effect | None, rows: Rows) -> str:
        left, right = self._values(node.left, rows), self._values(node.right, rows)
        varies = [side for side in (left, right) if isinstance(side, Keys)]
        if len(varies) != 1:
            said = {"equal": "the two are never equal", "unequal": "the two are always equal"}
            return said.get(effect or "", "") if varies else ""
        counts = _occurring(varies[0])
        compared = node.left if isinstance(left, Keys) else node.right
        if not counts:
            return f"{write_node(compared)} is missing in all {rows.mask.sum():,} events{rows.there}"
        if effect is None:
            return _describe_occurring(counts, rows)
        if effect == "equal":
            return _describe_spelling([right if isinstance(left, Keys) else left], counts, rows)
        if effect == "unequal":
            return f"it is always {write_value(next(iter(counts)))}{rows.there}"
        is_upper = (effect in _UPPER) is isinstance(left, Keys)
        return f"the {'last' if is_upper else 'first'} in order is {write_value((max if is_upper else min)(counts))}"

    def _describe_members(self, node: In, wanted: bool, rows: Rows) -> str:
        members = node.members
        held = self.lists[members.name].values if isinstance(members, ListName) else members.values
        if not held:
            return f"the list {members.name} is empty" if isinstance(members, ListName) else ""
        column = self._values(node.value, rows)
        if not wanted:
            return f"every value that occurs{rows.there} is in it"
        if isinstance(column, Keys):
            counts = _occurring(column)
            if not counts:
                return f"{write_node(node.value)} is missing in all {rows.mask.sum():,} events{rows.there}"
            return _describe_spelling(sorted(map(str, held)), counts, rows)
        if not np.ndim(column):
            return ""
        return self._describe_number(node.value, "equal", [float(one) for one in held], cast(Floats, column), rows)


def _occurring(column: Keys) -> Counter[str]:
    """Return the texts that occur with how often, the most common first."""
    codes: npt.NDArray[np.int64] = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    found = {column.values[code]: int(codes[code]) for code in np.flatnonzero(codes).tolist()}
    return Counter(dict(Counter(found).most_common()))


def _describe_spelling(compared: Sequence[str], counts: Counter[str], rows: Rows) -> str:
    spelling = Spelling(counts)
    # Of a long list, only what is the same text spelled otherwise: anything is near to some of many.
    find = spelling.nearest if len(compared) <= MAX_MEMBERS else spelling.same
    meant = [(text, found) for text in compared if (found := find(text)) is not None]
    if len(compared) == 1 and meant:
        return f"did you mean {write_value(meant[0][1])}?"
    if meant:
        pairs = [f"{write_value(found)} for {write_value(text)}" for text, found in meant[:_MAX_MEANT]]
        return f"did you mean {join_words(pairs)}?"
    return _describe_occurring(counts, rows)


def _describe_occurring(counts: Counter[str], rows: Rows) -> str:
    shown = [write_value(text) for text in list(counts)[:MAX_MEMBERS]]
    more = [f"{len(counts) - len(shown):,} more"] if len(counts) > len(shown) else []
    return f"the values that occur{rows.there} are {join_words([*shown, *more])}"
