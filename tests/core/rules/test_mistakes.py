"""Every mistake in a rule is found before it runs, and its place is told; no text brings the reader down."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.features.feature import Feature
from tollgate.core.rules.parser import parse
from tollgate.core.rules.scope import scope_of
from tollgate.core.rules.syntax import Name, names
from tollgate.core.rules.type_check import read_rule
from tollgate.errors import RuleError

from tests.core.rules.expressions import SCOPE
from tests.hypothesis_profiles import examples

EVENT_TYPE = EventType(
    name="payment",
    id="event_id",
    timestamp="booked",
    amount="amount",
    latitude="lat",
    longitude="lon",
    label=LabelRule("is_fraud", 0.0),
    numeric=("items", "odd name"),
    categorical=("channel",),
    boolean=("is_gift",),
    ignored=("comment",),
    entities={"customer": ("customer_id",), "customer_shop": ("customer_id", "shop_id")},
)
FEATURES = (
    Feature("amount", "", "amount", "amount"),
    Feature("channel_is_online", "", "is_category", "channel", value="online"),
    Feature("customer_count_1d", "", "count", "customer"),
)


@pytest.mark.parametrize(
    ("rule", "place", "says"),
    [
        ("", 0, "expected a value, but the rule ends here"),
        ("amount >", 8, "expected a value, but the rule ends here"),
        ("amount > 5 5", 11, "expected an operator such as && or ==, but found 5"),
        ("amount", 0, "the rule is a number"),
        ("amount > true", 7, "compares a number with true or false"),
        ('amount + "a" > 1', 9, "+ needs a number, but this is a text"),
        ("!amount", 1, "! needs true or false"),
        ("is_new && amount", 10, "&& needs true or false, but this is a number"),
        ("is_new < is_gift", 7, "compares numbers or texts"),
        ("-country == 1", 1, "- needs a number"),
        ("amuont > 5", 0, 'did you mean "amount"'),
        ("amount > 5 && cuontry == 'US'", 14, 'did you mean "country"'),
        ("country in countrys", 11, 'did you mean "countries"'),
        ("amount in countries", 7, "in looks for a number in a list of texts"),
        ("countries == 1", 0, "is a list"),
        ("amount in [1, 'a']", 14, "numbers or texts, not both"),
        ("amount in []", 11, "at least one"),
        ("amount in [score]", 11, "expected a number or a text"),
        ("amount in (1)", 10, "a list such as"),
        ("[1] == 1", 0, "only allowed after in"),
        ("amount > 5 ? true : false", 11, "no ? :"),
        ("customer.id == 1", 8, "no fields"),
        ("size(country) > 1", 4, "size(…) is a function call"),
        ("amount = 5", 7, "write =="),
        ("amount > 5 & is_new", 11, "write &&"),
        ("amount > 5 and is_new", 11, "but found and"),
        ("amount % 2 == 1", 7, "no %"),
        ("amount > 1e999", 9, "too large"),
        ("amount > 0x1F", 9, "not a number"),
        ("amount > 1u", 9, "not a number"),
        ("amount > 1.2.3", 9, "not a number"),
        ("amount > ٣", 9, "is not allowed here"),
        ("country == 'US", 11, "no closing '"),
        ("country == 'U\nS'", 11, "no closing '"),
        (r"country == '\q'", 12, "not an escape sequence"),
        (r"country == '\ud800'", 12, "is not a character"),
        (r"country == '\U00110000'", 12, "is not a character"),
        ("return == 1", 0, "backticks"),
        ("null == 1", 5, "null can only be compared"),
        ("amount < null", 7, "null can only be compared"),
        ("amount + 1 == null", 11, "null can only be compared"),
        ("!-1 == 1", 1, "expected a value, but found -"),
        ("(amount > 5", 11, "expected a ) for an open ("),
        ("amount > 5)", 10, "but found )"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(rule: str, place: int, says: str) -> None:
    with pytest.raises(RuleError) as raised:
        read_rule(rule, SCOPE)

    assert says in str(raised.value)
    assert raised.value.place == place


@pytest.mark.parametrize(
    "rule",
    [
        "(" * 100_000,
        "!" * 100_000,
        "(" * 9_000,
        "!" * 9_000 + "is_new",
        "-" * 9_000 + "amount == 1",
        "(" * 4_000 + "true" + ")" * 4_000,
        "true" + " == true" * 1_200,
        "1" + "+1" * 4_900 + " > 0",
        "1" + "*1" * 4_900 + " > 0",
        "-(" * 3_000 + "1" + ")" * 3_000,
        "amount in [" * 900,
        '"' + "a" * 20_000,
        "a" * 20_000,
        "(" * 39 + "1" + ("+1" * 30 + ")") * 39 + " > 0",
    ],
    ids=lambda rule: f"{rule[:6]}…{len(rule)}",
)
def test_a_hostile_rule_is_an_error_and_no_crash(rule: str) -> None:
    with pytest.raises(RuleError):
        read_rule(rule, SCOPE)


def test_what_people_write_is_within_the_bounds() -> None:
    assert read_rule(" || ".join(f"amount == {place}" for place in range(500)), SCOPE)
    assert read_rule(f"amount in [{', '.join(map(str, range(1_000)))}]", SCOPE)
    assert read_rule("(" * 40 + "is_new" + ")" * 40, SCOPE)
    assert read_rule("amount" + " + score" * 30 + " > 0", SCOPE)


_WORDS = ["amount", "country", "(", ")", "[", "]", "!", "-", "in", "&&", "==", "1", "'a'", ",", "null"]


@settings(max_examples=examples(500))
@given(st.text(max_size=60) | st.lists(st.sampled_from(_WORDS)).map(" ".join))
def test_any_text_is_a_rule_or_a_rule_error(text: str) -> None:
    found: RuleError | None = None
    try:
        read_rule(text, SCOPE)
    except RuleError as error:
        found = error

    assert found is None or 0 <= found.place <= len(text)


def test_names_carry_their_places() -> None:
    text = "amount > 5 && `odd name` < amount"

    assert [text[name.place : name.stop] for name in names(parse(text))] == ["amount", "`odd name`", "amount"]
    assert names(parse(text))[1] == Name("odd name")


def test_what_a_detector_has_can_be_named() -> None:
    scope = scope_of(EVENT_TYPE, FEATURES, {"shops": "text"})

    for rule in (
        "amount > 5 && lat < 10 && lon > 10",
        "items > 1 && `odd name` > 1",
        'channel == "online" && is_gift',
        'customer_id in ["c1"]',
        "customer_count_1d > 5",
        "score >= 900",
        "customer_id in shops",
    ):
        read_rule(rule, scope)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("shop_id", "only in a pair"),
        ("comment", "is ignored"),
        ("event_id", "is the id"),
        ("booked", "is the timestamp"),
        ("is_fraud", "is the label"),
        ("channel_is_online", "is not a variable or a feature"),
        ("customer_cuont_1d", 'did you mean "customer_count_1d"'),
    ],
)
def test_what_exists_and_cannot_be_used_says_why(name: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        read_rule(f"{name} == 1", scope_of(EVENT_TYPE, FEATURES, {}))
