"""Lists as text: what a spreadsheet, a CSV file or a null leaves there is refused, and what is meant is kept."""

from __future__ import annotations

import pytest
from tollgate.core.rules.lists.text import (
    given_lines,
    read_list,
    split_lines,
    write_list,
)
from tollgate.core.rules.value_lists import ValueList

ASKED = ("bad", "card")


def read(text: str, kind: str = "text", *, may_be_empty: bool = False) -> set[object]:
    found = read_list("number" if kind == "number" else "text", split_lines(text), ASKED, may_be_empty=may_be_empty)
    return set(found.values)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "card,reason\n0036,stolen\n",
            'has "card,reason" in line 1, which looks like a row of CSV; a list has one value',
        ),
        ("0036\n0037,stolen\n", 'has "0037,stolen" in line 2, which looks like a row of CSV'),
        ("0036;stolen\n", "row of CSV"),
        ("0036\tstolen\n", "row of CSV"),
        ("0036, stolen\n0037, lost\n", "row of CSV"),
        ("card | why\n0036 | stolen\n", "with a bar of its own"),
        ('"0036","stolen"\n', "row of CSV"),
        ("'0036',\n", "row of CSV"),
        ('"0036",\n', "row of CSV"),
        ("\n\ncard\n0036\n", 'has "card" in line 3, which is the header of a column; leave the line out'),
        ("Card\n0036\n", "header"),
        ('"card"\n"0036"\n', "header"),
        ("bad\n0036\n", "header"),
        ("value\n0036\n", "header"),
        ("stolen number\n0036\n0037\n", "looks like the header of a column, as all others have digits"),
        ('0036\n"0037\n', 'has ""0037" in line 2, which begins with a quote that is not closed'),
        ("'0036'\n", "stands in quotes that would be part of it; take them off"),
        ("“0036”\n", "stands in quotes"),
        ("'0036\n", "begins with the apostrophe by which a spreadsheet marks text"),
        ('["0036", "0037"]\n', "looks like JSON"),
        ('[\n"0036"\n]\n', "looks like JSON"),
        ('="0036"\n', "is a formula"),
        ("0036\n#N/A\n", 'has "#N/A" in line 2, which is an error of a spreadsheet'),
        ("4.11E+15\n", "was rounded by a spreadsheet; format the column as text there"),
        ("4,11E+15\n", "was rounded by a spreadsheet"),
        ("4.11e15\n", "was rounded by a spreadsheet"),
        ("1,036\n", "row of CSV"),
        ("card\n", 'has "card" in line 1, which is the header of a column; leave the line out, which leaves no values'),
        ("\n# cards\nCard\n\n", 'has "Card" in line 3, which is the header of a column'),
        ('"card"\n', "header"),
        ("id\n", "header"),
        ("- 0036\n- 0037\n", "begins with the bullet of a list; take it off"),
        ("• 0036\n", "bullet"),
        ("1. 0036\n", "begins with the number of its line; take it off"),
        ("(2) 0036\n", "number of its line"),
        ("0    0036\n", "number of its line"),
        ("0036 # stolen\n", "has a comment behind it; put that in a line of its own"),
        ("abc # stolen in March\n", "comment"),
        ("0036 #stolen\n", "comment"),
        ("0036 // stolen\n", "comment"),
        ("0036 ; stolen\n", "row of CSV"),
        ("0036\nTotal: 2\n", 'has "Total: 2" in line 2, which looks like the last line of a report'),
        ("0036\n(2 rows affected)\n", "last line of a report"),
        ("0036\n2 rows in set (0.00 sec)\n", "last line of a report"),
        ("0036\n(1 row)\n", "last line of a report"),
        ("0036\nRows: 1,036\n", "last line of a report"),
        ("0    0036\nName: card, dtype: object\n", "number of its line"),
        ("-----\n0036\n", "is the ruler of a table"),
        ("0036\n...\n0039\n", "stands for what was left out"),
        ("0\x000\x003\x006\n", "has a control character (U+0000); take it out"),
        ("00\x0836\n", "control character (U+0008)"),
        ("0036\n36.0\n", 'has "36.0" in line 2, which has the fraction that spreadsheets and data frames give'),
        ("NULL\n0036\n", "stands for a missing value"),
        ("0036\nnan\n", "stands for a missing value"),
        ("\\N\n", "stands for a missing value"),
        ("", "has no values; a list is only emptied if you say so"),
        ("\n \r\n# stolen\n#\n", "has no values"),
        ('""\n', "is no text"),
        ("a" * 257, f'has "{"a" * 40}…" in line 1, which is longer than 256 characters'),
        ("card\n0036\n0037\n", "header of a column; leave the line out, or, if it is a value, put it behind another"),
        ("card\nc036\nc037\n", "header of a column; leave the line out, or, if it is a value, put it in double quotes"),
        ('"card"\n"0036"\n', "leave the line out, or, if it is a value, put it behind another"),
        ("card\n", 'leaves no values; if it is a value, put "# This list has no header." in a line above'),
        ("ID\nstolen\n", "header of a column"),
        ("ID\n4711\n", "header of a column"),
        ("id\nabc\nde\n", "header of a column"),
        ("bad\nsad\nmad\n", "header of a column"),
        ("Card No\n0036\n0037\n", "looks like the header of a column"),
        ("bad cards\nc1\nc2\n", "looks like the header of a column"),
        ("stolen_in_march\nc1\nc2\n", "looks like the header of a column"),
        ("address\n10.0.0.1a\n10.0.0.2a\n", "header"),
        ("Kartennummer\n0036\n0037\n", "looks like the header of a column"),
        ("10. 0036\n11. 0037\n", "number of its line"),
        ("0    0036\n1    0037\n", "number of its line"),
        ("(1) 0036\n(2) 0037\n(3) 0038\n", "number of its line"),
        ("0036 -- stolen\n", "comment"),
        ("https://a.example,stolen\n", "row of CSV"),
        ("https://a.example/1,https://a.example/2\n", "row of CSV"),
        ("4111 1111, stolen\n4111 1112, lost\n", "row of CSV"),
        ("[10, 20]\n", "looks like JSON"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="has ") as raised:
        read(text)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("\ufeff0036\r\n  0037 \r\n\r\n0036\n", {"0036", "0037"}),
        ("# stolen in March\n0036\n\u200b0037\u200b\n\xa00038\xa0\n", {"0036", "0037", "0038"}),
        (
            '"0036"\n"Smith,Jones"\n"say ""no"""\n"NULL"\n"4.11E+15"\n"36.0"\n',
            {"0036", "Smith,Jones", 'say "no"', "NULL", "4.11E+15", "36"},
        ),
        ("Smith, Jones & Co\nAcme, Inc.\n", {"Smith, Jones & Co", "Acme, Inc."}),
        ("2.0\n2.1\n3.0\n", {"2", "2.1", "3"}),
        ("US\nNA\nnone\n-\n", {"US", "NA", "none", "-"}),
        ("#1 Shop\n's-Hertogenbosch\n7\" nails\nO'Neill\n", {"#1 Shop", "'s-Hertogenbosch", '7" nails', "O'Neill"}),
        ("9E10\n12e45\n", {"9E10", "12e45"}),
        ("online\npos\n", {"online", "pos"}),
        ("0036\n", {"0036"}),
        ("stolen\n", {"stolen"}),
        ("1. FC Union\nSuite # 4\n1. August\n", {"1. FC Union", "Suite # 4", "1. August"}),
        ("0036 stolen\nTotal\n12 rows Street\n--\n", {"0036 stolen", "Total", "12 rows Street", "--"}),
        ('"- 0036"\n"1. 0036"\n"Total: 2"\n"..."\n"4.11e15"\n', {"- 0036", "1. 0036", "Total: 2", "...", "4.11e15"}),
        ("Mozilla/5.0 (X11; Linux)\nMozilla/5.0 (Mac; ARM)\n", {"Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (Mac; ARM)"}),
        ("{550e8400-e29b}\n", {"{550e8400-e29b}"}),
        ("2001:db8::1\n10.0.0.1\na@b.example\n", {"2001:db8::1", "10.0.0.1", "a@b.example"}),
    ],
)
def test_what_is_meant_is_kept(text: str, values: set[str]) -> None:
    assert read(text.removeprefix("\ufeff")) == values
    assert read(text) == values


REAL = {
    "countries": ["ID", "IN", "NG", "RU"],
    "countries in small letters": ["id", "in", "ng"],
    "countries with a missing value's name": ["NA", "AE", "ID"],
    "tickers": ["KEY", "MOU", "IBM"],
    "emails": ["anna@x.example", "bob1@x.example", "carl2@x.example", "d+e@x.example"],
    "IPv4": ["10.0.0.1", "192.168.0.0/24"],
    "IPv6": ["::1", "2001:db8::1", "2001:db8::/32", "fe80::1%eth0", "[::1]", "[2001:db8::1]:443"],
    "BINs": ["400000", "411111", "51"],
    "postcodes": ["EC1A 1BB", "SW1A 1AA", "12345-6789", "D-10115", "1010 AB", "01067"],
    "places and postcodes": ["London", "EC1A 1BB", "SW1"],
    "MCCs": ["5411", "0742"],
    "telephone numbers": ["(212) 555-1234", "(030) 1234567", "030  1234567", "+49 30 1234567", "555 1234 567"],
    "one telephone number": ["(030) 1234567"],
    "area codes in order": ["(212) 555-1234", "(213) 555-1234", "(214) 555-1234"],
    "telephone numbers with blanks": ["030  1234567", "040  7654321"],
    "URLs": ["https://a.example/c?x=1&y=2;z=3", "https://a.example/c,d", "shop.example/a;b"],
    "URLs with as many commas": ["https://a.example/1,2", "https://a.example/3,4"],
    "merchants": [
        "Rock -- Roll Cafe",
        "Bar // Cafe",
        "7-Eleven -- Main St",
        "1. FC Union",
        "7-Eleven",
        "H&M",
        "Smith, Jones & Co",
        "C# Shop",
    ],
    "flats": ["Suite # 4", "Apt # 5b", "Flat # B"],
    "addresses": ["12 Main St, Springfield", "3 Elm St, Shelbyville"],
    "cities": ["Paris", "Lyon 2", "Lyon 3"],
    "device ids": ["deadbeef", "a1b2", "c3d4", "00:1B:44:11:3A:B7", "9e10"],
    "systems": ["ios", "android11", "android12"],
    "users": ["john_doe", "anna_1", "bob_2"],
    "versions": ["16.0", "17.1", "17.1.2"],
    "categories": ["pos", "x1", "x2"],
}


@pytest.mark.parametrize("values", REAL.values(), ids=list(REAL))
def test_lists_as_people_have_them_are_taken(values: list[str]) -> None:
    assert read("\n".join(values)) == set(ValueList.of("text", values).values)
    assert set(read_list("text", given_lines(values), ASKED).values) == set(ValueList.of("text", values).values)


@pytest.mark.parametrize(
    "text",
    [
        '"card"\nc0036\n',
        '0036\n"card"\n',
        '"ID"\nIN\nNG\n',
        '"ID"\n"IN"\n"NG"\n',
        "# This list has no header.\ncard\n0036\n",
        '# This list has no header.\n"card"\n',
        '"0036"\n"card"\n',
    ],
)
def test_each_way_out_of_a_header_leads_out(text: str) -> None:
    said = {line.strip('"') for line in text.splitlines() if not line.startswith("#")}
    assert read(text) == said


def test_quotes_around_the_only_text_over_numbers_are_those_of_a_header() -> None:
    # R and Python's csv quote texts and leave numbers bare.
    with pytest.raises(ValueError, match=r"is the header of a column.*put it behind another"):
        read('"card"\n0036\n37\n')
    members = ValueList.of("text", ["card", "0036"])
    assert read_list("text", split_lines(write_list(members)), ASKED) == members


def test_numbers_are_numbers() -> None:
    assert read('1\n2.0\n"3"\n4.11E+3\n', "number") == {1.0, 2.0, 3.0, 4110.0}
    for text in ("1,5\n", "1_000\n", "nan\n", "1\namount\n", "inf\n"):
        with pytest.raises(ValueError, match="which is no number"):
            read(text, "number")
    with pytest.raises(ValueError, match="header"):
        read("card\n36\n", "number")


def test_values_of_json_and_toml_have_no_header() -> None:
    assert set(read_list("text", given_lines(["card", "0036", "0037"]), None).values) == {"card", "0036", "0037"}
    for name in ("card", "value"):
        for asked in (None, ASKED):
            assert set(read_list("text", given_lines([name]), asked).values) == {name}
    with pytest.raises(ValueError, match="control character"):
        read_list("text", given_lines(["a\x1f"]), None)
    with pytest.raises(ValueError, match='has the value "a,b", which looks like a row'):
        read_list("text", given_lines(["a,b"]), None)
