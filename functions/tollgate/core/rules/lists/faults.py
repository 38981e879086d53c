"""Mistakes in the values of a list: what a CSV file, a spreadsheet or a null leaves there, and what nobody can mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tollgate.core.events.cells import NULL_WORDS
from tollgate.core.events.damaged_ids import APOSTROPHE, FORMULA, OTHER_FRACTION, POINT_ZERO, ROUNDED, SPREADSHEET_ERROR
from tollgate.core.rules.lists.headers import has_digit, is_name

Test = Callable[[str], bool]

# What most values are, and nothing below applies to.
_PLAIN = re.compile(r"[^\W\d_][\w-]*|\d+")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"\s*[,;|\t]')
# A comma with a blank behind it stands in names: "Smith, Jones & Co".
_ROW = re.compile(r"\t|[^\s,;][,;][^\s]|^[,;]|[,;]$")
# A host cannot have a delimiter, and the rest of an address can.
_URL = re.compile(
    r"(?:[A-Za-z][\w+.-]*://[^\s,;|/?#]+|(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?(?=/))(?:[/?#](?:(?![,;|]\w+://)\S)*)?"
)
_IP_IN_BRACKETS = r"\[[\da-fA-F.]*:[\da-fA-F:.]*(%\w+)?\]"
_JSON = re.compile(rf"""[\[\]{{}}]+,?|[\[{{]\s*["'].*|(?!{_IP_IN_BRACKETS})\[.*\]""")
_BULLET = re.compile(r"[-*+•·–—‣◦▪●]\s+\S.*")
# "1. FC Köln" is a name, "Suite # 4" an address, and "(030) 1234567" a telephone number.
_NUMBERED = re.compile(r"(\()?(0|[1-9]\d{0,5})(?:([.)])\s+\S*\d\S*|\s{2,}\S+)")
_COMMENTED = re.compile(
    r"\S+\s+#\s+[^\W\d_]{2}.*|\S*\d\S*\s+(#|//)\s*[^\W\d_].*|(?!\S*[^\W\d_]{4})\S*\d\S*\s+--\s+[^\W\d_].*"
)
_SPACED_ROW = re.compile(r"\S*\d\S*\s+[;|,]\s+\S.*")
_UNIT = r"(rows?|records?|lines?|entries|values|row\(s\))"
_FOOTER = re.compile(
    rf"\(?\d[\d,.]*\s+{_UNIT}(\s+(affected|selected|returned|fetched|found|in set.*|total))?[.)]*(\s*\(.*\))?"
    rf"|(grand\s+|sub)?(total|sum|count|{_UNIT})(\s+{_UNIT})?\s*[:=]\s*\d[\d,.]*|.*\bdtype: \w+",
    re.IGNORECASE,
)
# "12 Main St, Springfield" is an address.
_WORD = re.compile(r"(?<!\S)[^\W\d_]{2,}(?!\S)")
_RULER = re.compile(r"[-=+|_*]{3,}|\.{3}|…")
_OTHER_QUOTES = ("''", "“”", "‘’", "„“", "«»", "``")
# Words that stand for a missing value. "NA" is Namibia, "Nil" a name, and "none" and "-" are categories of many.
_NULLS = frozenset(NULL_WORDS) - {"nil"} | {"N/A", "n/a"}
_DELIMITERS = (",", ";", "|")
_ROW_OF_CSV = "looks like a row of CSV; write one value per line, and put a value that contains a {} in double quotes"
_MEANT = "if it is a value, put it in double quotes"
_LINE_NUMBER = f"starts with the number of its line; remove it, or {_MEANT}"


def _is(pattern: str) -> Test:
    whole = re.compile(pattern)
    return lambda text: bool(whole.fullmatch(text))


_TESTS: tuple[tuple[Test, str], ...] = (
    (lambda text: bool(_QUOTED_CELL.match(text)), _ROW_OF_CSV.format("comma")),
    (lambda text: text.startswith('"'), "starts with a quote that is not closed; remove it"),
    (
        lambda text: len(text) > 2 and text[0] + text[-1] in _OTHER_QUOTES,
        f"is in quotes that would be part of the value; remove them, or {_MEANT}",
    ),
    (
        lambda text: bool(_JSON.fullmatch(text)),
        f"looks like JSON; write one value per line, without brackets, or {_MEANT}",
    ),
    (
        lambda text: bool(_FOOTER.fullmatch(text)),
        f"looks like the last line of a report, which counts the others; remove the line, or {_MEANT}",
    ),
    (
        _is(ROUNDED),
        "was rounded by a spreadsheet; format the column as text there, load the values again, and export it again; "
        f"{_MEANT}",
    ),
    (lambda text: _has_cells(text) or bool(_SPACED_ROW.fullmatch(text)), _ROW_OF_CSV.format("comma")),
    (
        _is(APOSTROPHE),
        "starts with the apostrophe that marks text in a spreadsheet; remove it",
    ),
    (
        lambda text: bool(_RULER.fullmatch(text)),
        f"is the ruler of a table, or stands for values that were left out; remove the line, or {_MEANT}",
    ),
    (_is(FORMULA), f"is a spreadsheet formula; write its value, or {_MEANT}"),
    (
        _is(f"#N/A|{SPREADSHEET_ERROR}"),
        "is a spreadsheet error; fix it there, or remove the line",
    ),
    (lambda text: bool(_BULLET.fullmatch(text)), f"starts with the bullet of a list; remove it, or {_MEANT}"),
    (lambda text: bool(_NUMBERED.fullmatch(text)), _LINE_NUMBER),
    (
        lambda text: bool(_COMMENTED.fullmatch(text)),
        f'has a comment after it; put the comment on its own line, after "# ", or {_MEANT}',
    ),
    (lambda text: text in _NULLS, f"stands for a missing value, which no list contains; remove the line; {_MEANT}"),
)


@dataclass(frozen=True)
class Others:
    """Signs that all values of a list give of what one of them means."""

    are_versions: bool = False
    are_numbered: bool = True

    @classmethod
    def among(cls, texts: Sequence[str]) -> Others:
        """Return the signs that texts give: some are versions, as ``2.1`` beside ``2.0``; their lines are counted."""
        return cls(any(re.fullmatch(OTHER_FRACTION, text) for text in texts), _count_up(texts))


def _count_up(texts: Sequence[str]) -> bool:
    found = [match for match in map(_NUMBERED.fullmatch, texts) if match]
    numbers = [int(match[2]) for match in found]
    if not found or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return False
    # One value shows no order, and area codes may follow each other.
    has_areas = any(match[1] or not match[3] for match in found)
    alone = len(found) == 1 and sum(not _FOOTER.fullmatch(text) for text in texts) > 1
    return not alone and (numbers[0] <= 9 or (not has_areas and len(found) > 1))


def is_quoted(text: str) -> bool:
    """Return whether a value stands in double quotes."""
    return bool(_QUOTED.fullmatch(text))


def unquote(text: str) -> str:
    """Return a value without the double quotes around it."""
    match = _QUOTED.fullmatch(text)
    return match[1].replace('""', '"').strip() if match and match[1].strip() else text


def find_fault(text: str, others: Others = Others()) -> str | None:
    """Say why a text cannot be meant as a value, or return None."""
    if _PLAIN.fullmatch(text) and text not in _NULLS:
        return None
    if quoted := _QUOTED.fullmatch(text):
        return None if quoted[1].strip() else "is not text"
    faults = (why for test, why in _TESTS if test(text))
    fault = next((why for why in faults if others.are_numbered or why != _LINE_NUMBER), None)
    if fault is None and not others.are_versions and re.fullmatch(POINT_ZERO, text):
        whole = re.split("[.,]", text)[0]
        return f"has the fraction that spreadsheets and data frames add to whole numbers; write {whole}; {_MEANT}"
    return fault


def _has_cells(text: str) -> bool:
    return bool(_ROW.search(text)) and not _URL.fullmatch(text)


def is_row(text: str) -> bool:
    """Return whether a line looks like several cells of CSV."""
    if _QUOTED.fullmatch(text):
        return False
    return bool(_QUOTED_CELL.match(text)) or _has_cells(text)


def find_table(texts: Sequence[str], asked: Sequence[str]) -> str | None:
    """Say why lines look like a table: each has as many of a delimiter as all others, and begins as ids do."""
    if len(texts) < 2 or any(map(is_quoted, texts)) or all(map(_URL.fullmatch, texts)):
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
    return is_name(cells[0], asked) or all(map(_is_id, cells))


def _is_id(cell: str) -> bool:
    return has_digit(cell) and not _WORD.search(cell)
