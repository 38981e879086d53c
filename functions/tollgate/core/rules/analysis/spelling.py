"""Near misses in spelling: a text in a rule or a list that never occurs, beside one that does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

# More texts than these are compared in their plain forms only.
_MAX_COMPARED = 2_000
# Longer numbers are not padded with zeros.
_MAX_DIGITS = 16
_NOT_PLAIN = re.compile(r"[\W_]+")
_ZEROS = re.compile(r"^0+(?=\d)|(?<=\d)\.0+$")


def _folded(text: str) -> str:
    return text.strip().casefold()


def _plain(text: str) -> str:
    """Return a text without what spreadsheets and people change: case, blanks, signs, zeros in front, ``.0`` behind."""
    found = _NOT_PLAIN.sub("", _ZEROS.sub("", _folded(text)))
    return _ZEROS.sub("", found)


def respellings(text: str) -> tuple[str, ...]:
    """Return what a text may have been before a spreadsheet or a person changed its case, blanks, signs or zeros."""
    plain = _NOT_PLAIN.sub("", text)
    found = {case: None for one in (text, plain) for case in (one, one.lower(), one.upper())}
    for one in (text, plain):
        digits = one.lstrip("0") or "0"
        if one and digits.isdecimal():
            found |= dict.fromkeys(digits.zfill(length) for length in range(len(digits), _MAX_DIGITS + 1))
    found.pop(text, None)
    return tuple(one for one in found if one)


_FORMS: tuple[Callable[[str], str], ...] = (_folded, _plain)


class Spelling:
    """Finds what a text is likely to stand for among those that occur."""

    def __init__(self, occurring: Iterable[str]) -> None:
        self._texts = tuple(occurring)
        self._known = frozenset(self._texts)
        self._by_form: tuple[Mapping[str, str], ...] = tuple(
            {form(text): text for text in reversed(self._texts) if form(text)} for form in _FORMS
        )

    def same(self, text: str) -> str | None:
        """Return the text that occurs and differs only in case, blanks, signs or zeros; None where ``text`` occurs."""
        if text in self._known:
            return None
        found = (forms.get(form(text)) for form, forms in zip(_FORMS, self._by_form, strict=True))
        return next((one for one in found if one is not None), None)

    def nearest(self, text: str) -> str | None:
        """Return the same text spelled otherwise, or one with few other letters; None where there is none."""
        same = self.same(text)
        if same is not None or len(self._texts) > _MAX_COMPARED:
            return same
        return next(iter(get_close_matches(text, self._texts, n=1, cutoff=0.75)), None)
