"""Random rules, as text that is CEL too, with the scope they are written for."""

from __future__ import annotations

from hypothesis import strategies as st
from tollgate.core.rules.operators import AND, IN, INFIX, NOT, OR, PREFIX, Level
from tollgate.core.rules.scope import Scope, Symbol, ValueKind
from tollgate.core.rules.value_lists import ValueList

NUMBERS = ("amount", "score", "n_1d")
TEXTS = ("country", "channel")
TRUTHS = ("is_new", "is_gift")
LISTS = {
    "countries": ValueList.of("text", ["US", "NG", "é", ""]),
    "amounts": ValueList.of("number", [0.0, 1.0, 2.5, -3.0, 100.0]),
}
SCOPE = Scope(
    {
        **{name: Symbol("number", "numeric", name) for name in NUMBERS},
        **{name: Symbol("text", "category", name) for name in TEXTS},
        **{name: Symbol("truth", "numeric", name) for name in TRUTHS},
    },
    {name: members.kind for name, members in LISTS.items()},
)
# Few different values, so that comparisons hit.
SOME_NUMBERS = (0.0, -0.0, 1.0, 2.5, -3.0, 100.0, 1e300, -1e300, 0.1)
SOME_TEXTS = ("US", "NG", "DE", "é", "", "a b", "Ünï\U0001f600", 'q"uote', "back\\slash", "line\nbreak", "us")


def quoted(text: str) -> str:
    """Return a text as a literal of a rule and of CEL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


numbers = st.sampled_from(SOME_NUMBERS) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from(SOME_TEXTS)
_literal = st.one_of(st.sampled_from(SOME_NUMBERS), st.floats(0, 1e6)).map(lambda value: repr(abs(value)))
_number_list = st.lists(_literal, min_size=1, max_size=4).map(lambda values: f"[{', '.join(values)}]")
_text_list = st.lists(texts.map(quoted), min_size=1, max_size=4).map(lambda values: f"[{', '.join(values)}]")
_equality = st.sampled_from(("==", "!="))


def _comparing(kind: ValueKind) -> st.SearchStrategy[str]:
    compare = (one for one in INFIX.values() if one.level is Level.COMPARISON and one is not IN)
    return st.sampled_from([one.sign for one in compare if kind in one.takes])


_calculating = st.sampled_from([one.sign for one in INFIX.values() if one.gives == "number"])
_negating = st.sampled_from([one.sign for one in PREFIX.values() if one is not NOT])
_joining = st.sampled_from((AND.sign, OR.sign))

_number = st.recursive(
    st.one_of(_literal, st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)),
    lambda inner: st.one_of(
        st.tuples(inner, _calculating, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, _calculating, inner).map(" ".join),
        st.tuples(_negating, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
    ),
    max_leaves=4,
)
_text = st.one_of(st.sampled_from(TEXTS), st.sampled_from(TEXTS), texts.map(quoted))
_condition_leaf = st.one_of(
    st.tuples(_number, _comparing("number"), _number).map(" ".join),
    st.tuples(_text, _comparing("text"), _text).map(" ".join),
    st.tuples(_number, st.just("in"), _number_list | st.just("amounts")).map(" ".join),
    st.tuples(_text, st.just("in"), _text_list | st.just("countries")).map(" ".join),
    st.tuples(st.sampled_from((*TEXTS, *TRUTHS)), _equality, st.just("null")).map(" ".join),
    st.tuples(st.sampled_from(TRUTHS), _comparing("truth"), st.sampled_from((*TRUTHS, "true", "false"))).map(" ".join),
    st.sampled_from(TRUTHS),
    st.sampled_from(("true", "false")),
)
conditions = st.recursive(
    _condition_leaf,
    lambda inner: st.one_of(
        st.tuples(inner, _joining, inner).map(" ".join),
        st.tuples(inner, _joining, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, _comparing("truth"), inner).map(lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"),
        inner.map(lambda text: f"!({text})"),
    ),
    max_leaves=6,
)
rows = st.fixed_dictionaries(
    {
        **{name: numbers | st.just(float("nan")) for name in NUMBERS},
        **{name: texts | st.none() for name in TEXTS},
        **{name: st.sampled_from((0.0, 1.0, float("nan"))) for name in TRUTHS},
    }
)
