"""Damaged ids: patterns of what a spreadsheet leaves of an id, which Python and Arrow (RE2) match alike.

Lists refuse such a value. Training and scoring read it as it is, and note it.
"""

from __future__ import annotations

from collections.abc import Mapping

# A fraction or a plus in the exponent is needed: "9E10" and "12e45" are ids.
ROUNDED = r"[+-]?[0-9]+(?:[.,][0-9]+[eE][+-]?|[eE]\+)[0-9]+"
APOSTROPHE = r"'[0-9+=@-].*"
FORMULA = r"=.*"
# "#N/A" is a word for nothing as well.
SPREADSHEET_ERROR = r"#(?:REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|#+)"
POINT_ZERO = r"-?[0-9]+[.,]0+"
GROUPED = r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+"
# Beside one of these, a value with a fraction of zeros is a version, or a number, as it was meant.
OTHER_FRACTION = r"-?[0-9]+[.,][0-9]*[1-9]"

# What an id of such a pattern is, and what to do about a column of them. The first that holds tells.
DAMAGES: Mapping[str, tuple[str, str]] = {
    "rounded": (
        ROUNDED,
        "are numbers that a spreadsheet or a data frame has rounded, so different ones cannot be told apart: "
        "export the column as text",
    ),
    "formula": (FORMULA, "are formulas of a spreadsheet, and other keys than their values: export the values"),
    "apostrophe": (
        APOSTROPHE,
        "begin with the apostrophe by which a spreadsheet marks text, and are other keys than without it: take it off",
    ),
    "error": (SPREADSHEET_ERROR, "are errors of a spreadsheet, which count as one: mend them there, or leave it empty"),
    "grouped": (
        GROUPED,
        "have the commas by which a spreadsheet groups thousands, and are other keys than without them: "
        "export the column as text",
    ),
    "fraction": (
        POINT_ZERO,
        "have the fraction that spreadsheets and data frames give whole numbers, and are other keys than without it: "
        "export the column as text",
    ),
}
