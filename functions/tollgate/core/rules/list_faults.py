"""Faults of values in a list: what a CSV file, a spreadsheet or a null leaves there, and what nobody can have meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tollgate.core.damaged_ids import APOSTROPHE, FORMULA, OTHER_FRACTION, POINT_ZERO, ROUNDED, SPREADSHEET_ERROR
from tollgate.core.values import NULL_WORDS

Test = Callable[[str], bool]

# What most values are, and nothing below applies to.
_PLAIN = re.compile(r"[^\W\d_][\w-]*|\d+")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"\s*[,;|\t]')
# A comma with a blank behind it stands in names: "Smith, Jones & Co".
_ROW = re.compile(r"\t|[^\s,;][,;][^\s]|^[,;]|[,;]$")
_JSON = re.compile(r"""[\[\]{}]+,?|[\[{]\s*["'].*|\[.*\]""")
_BULLET = re.compile(r"[-*+•·–—‣◦▪●]\s+\S.*")
# "1. FC Köln" is a name, and "Suite # 4" an address.
_NUMBERED = re.compile(r"\(?\d{1,6}[.)]\s+\S*\d\S*|\d{1,6}\s{2,}\S+")
_COMMENTED = re.compile(r"\S+\s+(#|//|--)\s+[^\W\d_].*|\S*\d\S*\s+(#|//)\s*[^\W\d_].*")
_SPACED_ROW = re.compile(r"\S*\d\S*\s+[;|,]\s+\S.*")
_UNIT = r"(rows?|records?|lines?|entries|values|row\(s\))"
_FOOTER = re.compile(
    rf"\(?\d[\d,.]*\s+{_UNIT}(\s+(affected|selected|returned|fetched|found|in set.*|total))?[.)]*(\s*\(.*\))?"
    rf"|(grand\s+|sub)?(total|sum|count|{_UNIT})(\s+{_UNIT})?\s*[:=]\s*\d[\d,.]*|.*\bdtype: \w+",
    re.IGNORECASE,
)
_RULER = re.compile(r"[-=+|_*]{3,}|\.{3}|…")
_OTHER_QUOTES = ("''", "“”", "‘’", "„“", "«»", "``")
# Words that stand for a missing value. "NA" is Namibia, "Nil" a name, and "none" and "-" are categories of many.
_NULLS = frozenset(NULL_WORDS) - {"nil"} | {"N/A", "n/a"}
_USUAL_HEADERS = frozenset({"value", "values", "id", "ids", "key", "list", "entry", "entries", "item", "items"})
_DELIMITERS = (",", ";", "|")
_ROW_OF_CSV = "looks like a row of CSV; a list has one value a line, and a value with a {} of its own stands in quotes"
_MEANT = "if it is meant, put it in double quotes"


def _is(pattern: str) -> Test:
    whole = re.compile(pattern)
    return lambda text: bool(whole.fullmatch(text))


_TESTS: tuple[tuple[Test, str], ...] = (
    (lambda text: bool(_QUOTED_CELL.match(text)), _ROW_OF_CSV.format("comma")),
    (lambda text: text.startswith('"'), "begins with a quote that is not closed; take it off"),
    (
        lambda text: len(text) > 2 and text[0] + text[-1] in _OTHER_QUOTES,
        f"stands in quotes that would be part of it; take them off, or {_MEANT}",
    ),
    (
        lambda text: bool(_JSON.fullmatch(text)),
        f"looks like JSON; write one value a line, without brackets, or {_MEANT}",
    ),
    (
        lambda text: bool(_FOOTER.fullmatch(text)),
        f"looks like the last line of a report, which counts the others; leave the line out, or {_MEANT}",
    ),
    (
        _is(ROUNDED),
        "was rounded by a spreadsheet; format the column as text there, load the values anew and export it again; "
        f"{_MEANT}",
    ),
    (lambda text: bool(_ROW.search(text) or _SPACED_ROW.fullmatch(text)), _ROW_OF_CSV.format("comma")),
    (
        _is(APOSTROPHE),
        "begins with the apostrophe by which a spreadsheet marks text; take it off",
    ),
    (
        lambda text: bool(_RULER.fullmatch(text)),
        f"is the ruler of a table or stands for what was left out; leave the line out, or {_MEANT}",
    ),
    (_is(FORMULA), f"is a formula of a spreadsheet; write its value, or {_MEANT}"),
    (
        _is(f"#N/A|{SPREADSHEET_ERROR}"),
        "is an error of a spreadsheet; mend it there, or leave the line out",
    ),
    (lambda text: bool(_BULLET.fullmatch(text)), f"begins with the bullet of a list; take it off, or {_MEANT}"),
    (
        lambda text: bool(_NUMBERED.fullmatch(text)),
        f"begins with the number of its line; take it off, or {_MEANT}",
    ),
    (
        lambda text: bool(_COMMENTED.fullmatch(text)),
        f'has a comment behind it; put that in a line of its own that begins with "# ", or {_MEANT}',
    ),
    (lambda text: text in _NULLS, f"stands for a missing value, which no list holds; leave the line out; {_MEANT}"),
)


def unquote(text: str) -> str:
    """Return a value without the double quotes around it."""
    match = _QUOTED.fullmatch(text)
    return match[1].replace('""', '"').strip() if match and match[1].strip() else text


def find_fault(text: str, *, versions: bool = False) -> str | None:
    """Say why a text cannot be meant as a value, or return None; ``versions`` says that others have a fraction."""
    if _PLAIN.fullmatch(text) and text not in _NULLS:
        return None
    if _QUOTED.fullmatch(text):
        return None if text.strip('" ') else "is no text"
    fault = next((why for test, why in _TESTS if test(text)), None)
    if fault is None and not versions and re.fullmatch(POINT_ZERO, text):
        whole = re.split("[.,]", text)[0]
        return f"has the fraction that spreadsheets and data frames give whole numbers; write {whole}; {_MEANT}"
    return fault


def is_row(text: str) -> bool:
    """Return whether a line looks like several cells of CSV."""
    if _QUOTED.fullmatch(text):
        return False
    return bool(_QUOTED_CELL.match(text) or _ROW.search(text))


def find_table(texts: Sequence[str], asked: Sequence[str]) -> str | None:
    """Say why lines look like a table: each has as many of a delimiter as all others, and begins as ids do."""
    if len(texts) < 2 or any(_QUOTED.fullmatch(text) for text in texts):
        return None
    for delimiter, name in zip(_DELIMITERS, ("comma", "semicolon", "bar"), strict=True):
        counts = {text.count(delimiter) for text in texts}
        if len(counts) == 1 and counts != {0} and _begin_as_ids(texts, delimiter, asked):
            return _ROW_OF_CSV.format(name)
    return None


def _begin_as_ids(texts: Sequence[str], delimiter: str, asked: Sequence[str]) -> bool:
    # Many user agents have as many semicolons.
    if all("(" in text and "/" in text for text in texts):
        return False
    cells = [text.split(delimiter)[0] for text in texts]
    has_header = _is_name(cells[0], asked)
    return has_header or all(map(_has_digit, cells))


def is_version(text: str) -> bool:
    """Return whether a value has a fraction: ``2.0`` beside ``2.1`` is no id that a spreadsheet damaged."""
    return bool(re.fullmatch(OTHER_FRACTION, text))


def find_header(texts: Sequence[str], asked: Sequence[str]) -> str | None:
    """Say why the first value looks like the header of a column; ``asked`` are names that the column may have.

    A column without rows has its header alone.
    """
    first, others = unquote(texts[0]), texts[1:]
    if _is_name(first, asked):
        empty = "" if others else ", which leaves no values"
        return f"is the header of a column; leave the line out{empty}"
    if first and texts[0] == first and len(others) > 1 and not _has_digit(first) and all(map(_has_digit, others)):
        return f"looks like the header of a column, as all others have digits; leave it out, or {_MEANT}"
    return None


def _is_name(text: str, asked: Sequence[str]) -> bool:
    return _plain(text) in {*map(_plain, asked)} | _USUAL_HEADERS


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_")


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)
