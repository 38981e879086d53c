"""[[rules]] and [lists] of a detector file: what is read, and where a mistake is said to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tollgate.core.rules.rule import Rule
from tollgate.errors import DetectorFileError

from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.detector_file.rules import read_list_file
from model_build.detector_file.toml import find, find_in_text, place_of
from model_build.train import train_detector

BEGIN = """\
[detector]
id = "payments"

[event]
id = "event_id"
timestamp = "timestamp"
amount = "amount"
categorical = ["country"]
label = "is_fraud"

[entities]
customer = "customer_id"

"""
AT = BEGIN.count("\n")


def read(tmp_path: Path, more: str, begin: str = BEGIN) -> DetectorFile:
    path = tmp_path / "detector.toml"
    path.write_text(begin + more)
    return read_detector_file(path)


def refuse(tmp_path: Path, more: str, begin: str = BEGIN) -> str:
    with pytest.raises(DetectorFileError) as raised:
        read(tmp_path, more, begin)
    return str(raised.value).removeprefix(f"{tmp_path / 'detector.toml'}, ")


def test_rules_are_read(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
[[rules]]
name = "denied customer"
when = "customer_id in denied"
outcome = "block"

[[rules]]
name = "new and large"
when = '''
customer_count_1d < 1
  && amount > 500'''
outcome = "review"
mode = "shadow"
priority = 5
expires = 2027-01-31
enabled = false

[[rules]]
name = "till noon"
when = "score > 800"
outcome = "review"
expires = 2027-01-31T12:00:00+02:00

[lists.denied]
values = ["c1", " c2 "]
""",
    )

    day, noon = datetime(2027, 1, 31, tzinfo=UTC), datetime(2027, 1, 31, 10, tzinfo=UTC)
    assert file.rules.rules == (
        Rule("denied customer", "customer_id in denied", "block"),
        Rule(
            "new and large",
            "customer_count_1d < 1\n  && amount > 500",
            "review",
            shadow=True,
            priority=5,
            expires_us=int(day.timestamp()) * 1_000_000,
            enabled=False,
        ),
        Rule("till noon", "score > 800", "review", expires_us=int(noon.timestamp()) * 1_000_000),
    )
    assert file.rules.mode == "FIRST_MATCHED"
    assert file.rules.order == ("approve", "review", "block")
    assert file.rules.lists["denied"].values == frozenset({"c1", "c2"})
    assert file.warnings == ()


def test_without_rules_there_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, "").rules.rules == ()


def test_the_mode_is_the_detectors(tmp_path: Path) -> None:
    begin = BEGIN.replace('id = "payments"\n', 'id = "payments"\nrules_mode = "ALL_MATCHED"\n')
    assert read(tmp_path, "", begin).rules.mode == "ALL_MATCHED"
    said = refuse(tmp_path, "", begin.replace("ALL_MATCHED", "ALL_MATCHD"))
    assert said == (
        'line 3: rules_mode in [detector] must be FIRST_MATCHED or ALL_MATCHED (did you mean "ALL_MATCHED"?).'
    )


def test_outcomes_can_be_of_rules_only(tmp_path: Path) -> None:
    rule = '[[rules]]\nname = "a"\nwhen = "amount > 5"\noutcome = "call"\n'
    file = read(tmp_path, f'{rule}[outcomes]\nreview = 900\ncall = "rules"\nblock = 975\n')

    assert [outcome.name for outcome in file.outcomes] == ["approve", "review", "block"]
    assert file.rules.order == ("approve", "review", "call", "block")
    assert "approve in [outcomes] is always the first outcome" in refuse(tmp_path, '[outcomes]\napprove = "rules"\n')
    costs = read(tmp_path, f'{rule}[outcomes]\nreview = "cost"\ncall = "rules"\nblock = "cost"\n')
    assert costs.outcomes_from_cost
    assert costs.rules.order == ("approve", "review", "call", "block")


@pytest.mark.parametrize(
    ("when", "line", "column", "says"),
    [
        ('"amuont > 5"', 3, 9, 'rule "r": "amuont" is not a variable or a feature (did you mean "amount"?)'),
        ("'amount > 5 && cuontry == \"US\"'", 3, 23, 'did you mean "country"'),
        ('"country == \\"US\\" && amount > true"', 3, 37, "compares a number with true or false"),
        ('"\\u0061mount > amuont"', 3, 23, "amuont"),
        ('"""amount > 5\n  && amuont > 5"""', 4, 6, "amuont"),
        ('"""\namount > 5\n  && amuont > 5"""', 5, 6, "amuont"),
        ("'''\namount > 5\n  && amuont > 5'''", 5, 6, "amuont"),
        ('"""amount > 5 \\\n   && amuont > 5"""', 4, 7, "amuont"),
        ('"""\\\n   amuont > 5"""', 4, 4, "amuont"),
        ('"amount >"', 3, 17, "expected a value, but the rule ends"),
        ('"amount > 5 && amount < 4"', 3, 9, "can never match: no event meets its conditions"),
    ],
)
def test_a_mistake_in_a_rule_is_told_with_line_and_column(
    tmp_path: Path, when: str, line: int, column: int, says: str
) -> None:
    for linked in ("\n", "\r\n"):
        rule = f'[[rules]]\nname = "r"\nwhen = {when}\noutcome = "review"\n'
        said = refuse(tmp_path, rule.replace("\n", linked))
        assert said.startswith(f"line {AT + line}, column {column}: "), said
        assert says in said


def test_the_rule_that_is_hidden_is_named_with_its_own_line(tmp_path: Path) -> None:
    said = refuse(
        tmp_path,
        '[[rules]]\nname = "wide"\nwhen = "amount > 5"\noutcome = "review"\n'
        '[[rules]]\nname = "narrow"\nwhen = "amount > 50"\noutcome = "block"\n',
    )
    assert said == (
        f'line {AT + 7}, column 9: rule "narrow" can never be reached: the earlier rule "wide" always matches first.'
    )


def test_a_rule_that_always_matches_is_a_warning(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, '[[rules]]\nname = "r"\nwhen = "score >= 0"\noutcome = "review"\n').warnings
    assert f'line {AT + 3}, column 9: rule "r" always matches' in warning


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('name = ""', "line {0}: name in [[rules]] number 1 must be a string"),
        ('name = "a;b"', "without ;"),
        ("name = 5", "must be a string"),
        ("when = true", "when in [[rules]] number 1 must be a string"),
        ('outcome = "blok"', 'is "blok", which is not one of approve, review, block (did you mean "block"?)'),
        ('mode = "shadwo"', 'mode in [[rules]] number 1 must be act or shadow (did you mean "shadow"?)'),
        ("priority = 0", "from 1 to 1000"),
        ("priority = true", "from 1 to 1000"),
        ('expires = "2027-01-31"', "must be a date such as"),
        ('enabled = "no"', "must be true or false"),
        ("prioriti = 5", 'is not a known key (did you mean "priority"?)'),
    ],
)
def test_a_mistake_beside_the_rule_names_line_and_key(tmp_path: Path, change: str, says: str) -> None:
    lines = {"name": 'name = "r"', "when": 'when = "amount > 5"', "outcome": 'outcome = "review"'}
    lines[change.partition(" ")[0]] = change
    assert says.format(AT + 2) in refuse(tmp_path, "[[rules]]\n" + "\n".join(lines.values()))


def test_two_rules_need_two_names(tmp_path: Path) -> None:
    rule = '[[rules]]\nname = "r"\nwhen = "amount > 5"\noutcome = "review"\n'
    assert f'line {AT + 6}: name in [[rules]] number 2 is "r", the name of another rule' in refuse(
        tmp_path, rule + rule
    )


def test_rules_are_written_in_double_brackets(tmp_path: Path) -> None:
    assert "write [[rules]]" in refuse(tmp_path, '[rules]\nname = "r"\n')


def test_lists_are_read(tmp_path: Path) -> None:
    (tmp_path / "denied.txt").write_text("\ufeffc1\n\n  c2 \r\nc1\n")
    file = read(
        tmp_path,
        '[lists.denied]\nfile = "denied.txt"\n[lists.amounts]\nvalues = [5, 2.5]\n'
        '[lists.numbers]\nvalues = ["5", "6"]\nkind = "number"\n[lists.later]\nvalues = []\n',
    )

    lists = file.rules.lists
    assert {name: (held.kind, held.values) for name, held in lists.items()} == {
        "denied": ("text", {"c1", "c2"}),
        "amounts": ("number", {5.0, 2.5}),
        "numbers": ("number", {5.0, 6.0}),
        "later": ("text", frozenset()),
    }


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("[lists.denied]\n", 'must be values = [...] or file = "..."'),
        ('[lists.denied]\nvalues = ["a"]\nfile = "b"\n', "must be values"),
        (
            '[lists.denied]\nvalues = ["a"]\nknid = "text"\n',
            'knid in [lists.denied] is not a known key (did you mean "kind"?)',
        ),
        (
            "[lists.denied]\nvalues = []\nallow_empty = 1\n",
            "allow_empty in [lists.denied] must be true or false, not 1",
        ),
        ('[lists.denied]\nfile = "nothing.txt"\n', "nothing.txt does not exist"),
        ('[lists.denied]\nvalues = ["a", 5]\n', "has the value 5, which is not text"),
        ('[lists.denied]\nvalues = [5, "a"]\n', 'has the value "a", which is not a number'),
        ("[lists.denied]\nvalues = [nan]\n", "not a number"),
        ('[lists.denied]\nvalues = [" "]\n', "not text"),
        ('[lists.denied]\nvalues = "a"\n', "values in [lists.denied] must be a list"),
        (
            '[lists.denied]\nvalues = []\nkind = "texts"\n',
            'kind in [lists.denied] must be text or number (did you mean "text"?)',
        ),
        ("[lists.denied]\nvalues = []\nkind = 1\n", 'kind in [lists.denied] must be "text" or "number", not 1'),
        ("[lists.in]\nvalues = []\n", "must be lowercase letters"),
        ('[lists."a b"]\nvalues = []\n', "must be lowercase letters"),
        (f'[lists.denied]\nvalues = ["{"a" * 257}"]\n', "longer than 256"),
    ],
)
def test_a_mistake_in_a_list_is_told(tmp_path: Path, given: str, says: str) -> None:
    assert says in refuse(tmp_path, given)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"country\n", 'names denied.txt, which has "country" in line 1, which is a column header'),
        (b"denied\r\n", "is a column header; remove the line, which leaves no values"),
        (b"%PDF-1.4\n", "denied.txt is a PDF, not a list; export its column as text"),
        ("c1\nc2\n".encode("utf-16-le"), "is UTF-16 text; save it as UTF-8"),
        (b"c1\nc\x002\n", "has a control character (U+0000)"),
    ],
)
def test_a_file_that_is_no_list_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "denied.txt").write_bytes(content)
    rule = '[[rules]]\nname = "r"\nwhen = "country in denied"\noutcome = "review"\n'
    assert says in refuse(tmp_path, f'{rule}[lists.denied]\nfile = "denied.txt"\n')


def test_a_list_has_a_most(tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("\n".join(f"c{number}" for number in range(100_001)))
    assert "100,001 values, and the maximum is 100,000" in refuse(tmp_path, '[lists.denied]\nfile = "many.txt"\n')
    (tmp_path / "many.txt").write_text("\n".join(f"c{number}" for number in range(100_000)))
    assert len(read(tmp_path, '[lists.denied]\nfile = "many.txt"\n').rules.lists["denied"].values) == 100_000
    assert len(read_list_file(tmp_path / "many.txt")) == 100_000


def test_a_place_in_an_inline_table_is_its_line(tmp_path: Path) -> None:
    begin = 'rules = [{ name = "r", when = "amuont > 5", outcome = "review" }]\n' + BEGIN
    assert refuse(tmp_path, "", begin).startswith('line 1: rule "r": "amuont"')


@pytest.mark.long
def test_what_is_written_is_what_is_sealed(tmp_path: Path, sample_csv: Path, quick_detector: DetectorFile) -> None:
    rule = '[[rules]]\nname = "always"\nwhen = "score >= 0"\noutcome = "call"\n'
    rule += '[outcomes]\ncall = "rules"\nblock = 975\n'
    written = read(tmp_path, rule, BEGIN.replace('categorical = ["country"]\n', ""))
    quick = replace(
        quick_detector,
        training=replace(quick_detector.training, models=("logistic_regression",)),
        **{name: getattr(written, name) for name in ("rules", "outcomes", "warnings")},
    )
    trained = train_detector(sample_csv, quick, tmp_path / "versions", lambda _step: None)

    assert trained.sealed.version.rules.book == written.rules
    assert trained.sealed.version.order == ("approve", "call", "block")
    assert [outcome.name for outcome in trained.sealed.version.outcomes] == ["approve", "block"]
    assert any('rule "always" always matches' in note for note in trained.notes)
    card = (trained.sealed.folder / "card.md").read_text()
    assert "## Rules" in card
    assert "| always | score \\>= 0 | call |" in card


def test_places() -> None:
    text = '[[rules]]\nname = "a"\n[[rules]]\n  "when" = "x\\ty"\n'
    found = find(text, ("rules", 1, "when"))
    assert found is not None
    assert found.value_at is not None
    assert [str(find_in_text(text, found.value_at, offset)) for offset in range(4)] == [
        "line 4, column 13",
        "line 4, column 14",
        "line 4, column 16",
        "line 4, column 17",
    ]


def test_a_list_that_nothing_is_in_or_nobody_asks_is_noticed(tmp_path: Path) -> None:
    text = '[lists.later]\nvalues = []\n[lists.spare]\nvalues = ["c1"]\n'
    file = read(tmp_path, '[[rules]]\nname = "r"\nwhen = "customer_id in later"\noutcome = "review"\n' + text)
    assert file.warnings == (
        'list "later" has no values: rules that use it match nothing until it has some',
        'no rule uses list "spare"',
    )


def test_a_list_file_is_checked_as_a_list_that_is_put(tmp_path: Path) -> None:
    rule = '[[rules]]\nname = "r"\nwhen = "customer_id in denied"\noutcome = "block"\n'
    path, text = tmp_path / "bad.csv", rule + '[lists.denied]\nfile = "bad.csv"\n'
    for content, says in (
        ("customer_id,reason\nc1,stolen\n", 'has "customer_id,reason" in line 1, which looks like a row of CSV'),
        ("customer_id\nc1\n", 'has "customer_id" in line 1, which is a column header'),
        ("\n\n", "has no values; to empty the list, use --allow-empty"),
    ):
        path.write_text(content)
        assert f"names bad.csv, which {says}" in refuse(tmp_path, text)
    path.write_text("")
    assert read(tmp_path, text + "allow_empty = true\n").rules.lists["denied"].values == frozenset()
    path.write_text('"c1"\n"c,2"\n')
    assert set(read(tmp_path, text).rules.lists["denied"].values) == {"c1", "c,2"}


def test_the_line_of_a_key_is_not_that_of_a_text_like_it() -> None:
    text = """
[event]  # [other]
numeric = [
  "a", "[event]", # "b"
]
location = { latitude = "x",
  longitude = "y" }
label = '''
label_time = 3
[history]'''
label_time = "t"
"half_lives".x = 1
[lists.one]
values = ["]"]
[lists.two]
values = []
[[rules]]
name = "a"
"""
    lines = {
        ("event",): 2,
        ("event", "numeric"): 3,
        ("event", "location", "longitude"): 6,
        ("event", "label_time"): 11,
        ("event", "half_lives"): 2,
        ("event", "half_lives", "x"): 12,
        ("lists", "two", "values"): 16,
        ("lists", "two", "kind"): 15,
        ("rules", 0, "name"): 18,
        ("rules", 0, "when"): 17,
        ("history",): None,
    }

    found = {path: find(text, path) for path in lines}
    assert {path: one and place_of(text, one.start).line for path, one in found.items()} == lines
