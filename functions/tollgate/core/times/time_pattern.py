"""Time pattern: the directives of strptime, read and written the same whatever language and zone a machine has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH = "|".join([*_MONTHS, *(name[:3] for name in _MONTHS)])
_WEEKDAY = "|".join([*_WEEKDAYS, *(name[:3] for name in _WEEKDAYS)])
# Zones lie between -12:00 and +14:00: what is beyond is no offset, but the end of a span such as 12:30-13:30.
OFFSET = r"(?:\+(?:0\d|1[0-4])|-(?:0\d|1[0-2]))(?::?[0-5]\d)?"
# Directive → what it matches. Two directives of one meaning share a name, so that a pattern cannot have both.
_READ = {
    "Y": ("year", r"\d{4}"),
    "y": ("short_year", r"\d\d"),
    "m": ("month", r"1[0-2]|0?[1-9]"),
    "b": ("month_name", _MONTH),
    "B": ("month_name", _MONTH),
    "d": ("day", r"3[01]|[12]\d|0?[1-9]"),
    "j": ("day_of_year", r"36[0-6]|3[0-5]\d|[12]\d\d|0?[1-9]\d|0{0,2}[1-9]"),
    "a": ("weekday", _WEEKDAY),
    "A": ("weekday", _WEEKDAY),
    "H": ("hour", r"2[0-3]|[01]?\d"),
    "I": ("half_hour", r"1[0-2]|0?[1-9]"),
    "p": ("half", r"[ap]\.?m\.?"),
    "M": ("minute", r"[0-5]?\d"),
    "S": ("second", r"[0-5]?\d"),
    "f": ("fraction", r"\d{1,9}"),
    "z": ("offset", f"Z|{OFFSET}"),
    "Z": ("zone", r"UTC|GMT"),
}
_NUMERIC = set("YymdjHIMSf")
# A year has no zero in front that could be lost, so that a fraction at the end of its digits may have any number.
_FRACTIONS = {"Y": r"\d{1,9}", "f": r"\d{1,9}"}
_OF_LANGUAGE = {"c", "x", "X"}
_OF_WEEKS = {"U", "W", "G", "V", "u", "w"}
_SPELLED_OUT = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "e": "%d", "k": "%H", "l": "%I"}
_PIECES = re.compile(r"%(.?)|(\s+)|([^%\s]+)", re.DOTALL)
_ZONE_WORD = re.compile(r"(?<![A-Za-z])(?:[A-Z]{3,4}|Z)(?![A-Za-z])")
_UTC_WORDS = ("UTC", "GMT", "Z")


@dataclass(frozen=True)
class TimePattern:
    """How times are written: literal text, and directives such as %Y, with English names of months and days."""

    text: str

    @cached_property
    def directives(self) -> tuple[str, ...]:
        """The letters of the directives, in their order; a stray % at the end is an empty one."""
        return tuple(letter for kind, letter in self.pieces() if kind == "directive")

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Yield the parts: a directive, a blank or a literal, and its letter or text."""
        for directive, blank, literal in _PIECES.findall(self.text):
            if directive == "%" or literal or blank:
                yield ("blank", blank) if blank else ("literal", literal or "%")
            else:
                yield "directive", directive

    @cached_property
    def _expression(self) -> re.Pattern[str] | None:
        """The regular expression; None for directives that Python's own reading has to deal with."""
        return self._compile(is_wide=True) if set(self.directives) <= _READ.keys() else None

    @cached_property
    def _lenient(self) -> re.Pattern[str]:
        return self._compile(is_wide=False)

    def _compile(self, *, is_wide: bool) -> re.Pattern[str]:
        """Return the regular expression; ``is_wide`` says that numbers which touch others have all their digits."""
        parts, begins = [], ""
        pieces = [("blank", ""), *self.pieces(), ("blank", "")]
        for before, (kind, text), after in zip(pieces, pieces[1:], pieces[2:], strict=False):
            if kind == "directive":
                name, matched = _READ[text]
                begins = begins if _is_digit(before, -1) else text
                if is_wide and text in _NUMERIC and (_is_digit(before, -1) or _is_digit(after, 0)):
                    fraction = r"\d{6}" if _is_digit(after, 0) else _FRACTIONS.get(begins, r"(?:\d{3}){1,3}")
                    matched = fraction if text == "f" else matched.replace("0{0,2}", "00").replace("?", "")
                parts.append(f"(?P<{name}>{matched})")
            else:
                parts.append(r"\s+" if kind == "blank" else re.escape(text))
        return re.compile("".join(parts), re.ASCII | re.IGNORECASE)

    def read(self, text: str) -> datetime:
        """Return the time, with a zone where the text has one; raise `ValueError` where it does not follow."""
        if self._expression is None:
            return datetime.strptime(text, self.text)
        match = self._expression.fullmatch(text)
        if match is None:
            raise ValueError(f"{text} does not follow {self.text}")
        return _put_together(match.groupdict())

    def reads(self, text: str) -> bool:
        """Return whether a text follows."""
        try:
            self.read(text)
        except ValueError:
            return False
        return True

    def is_written_so(self, text: str) -> bool:
        """Return whether a text has the form of the pattern, even if the calendar lacks its day."""
        return self._expression is not None and self._expression.fullmatch(text) is not None

    def lacks_digits(self, text: str) -> bool:
        """Return whether a text would follow if numbers that touch others could have fewer digits."""
        return self._expression is not None and self._lenient.fullmatch(text) is not None

    def write(self, moment: datetime) -> str:
        """Return a time of UTC or of a zone as the pattern has it."""
        return "".join(_write_directive(moment, text) if kind == "directive" else text for kind, text in self.pieces())


def _is_digit(piece: tuple[str, str], place: int) -> bool:
    """Return whether a neighbor begins (``place`` 0) or ends (-1) in a digit."""
    kind, text = piece
    return text in _NUMERIC if kind == "directive" else text[place:][:1].isdigit()


def _put_together(found: dict[str, str | None]) -> datetime:
    month = int(found.get("month") or 1)
    if name := found.get("month_name"):
        month = 1 + next(place for place, month in enumerate(_MONTHS) if month[:3].lower() == name[:3].lower())
    hour = int(found.get("hour") or 0)
    if half_hour := found.get("half_hour"):
        # Without %p a morning is meant, as Python has it.
        hour = int(half_hour) % 12 + 12 * ((found.get("half") or "a")[0].lower() == "p")
    moment = datetime(
        _year(found),
        month,
        int(found.get("day") or 1),
        hour,
        int(found.get("minute") or 0),
        int(found.get("second") or 0),
        int((found.get("fraction") or "0").ljust(6, "0")[:6]),
    )
    if day := found.get("day_of_year"):
        moment += timedelta(days=int(day) - 1)
        if moment.year != _year(found):
            raise ValueError(f"the year has no day {day}")
    return moment.replace(tzinfo=_zone(found))


def _year(found: dict[str, str | None]) -> int:
    if short := found.get("short_year"):
        return int(short) + (1900 if int(short) >= 69 else 2000)
    return int(found.get("year") or 1900)


def _zone(found: dict[str, str | None]) -> timezone | None:
    if found.get("zone"):
        return UTC
    offset = found.get("offset")
    if not offset or offset in "Zz":
        return UTC if offset else None
    digits = offset[1:].replace(":", "").ljust(4, "0")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-shift if offset[0] == "-" else shift)


def _write_directive(moment: datetime, letter: str) -> str:
    if letter in "bB":
        return _MONTHS[moment.month - 1][: 3 if letter == "b" else None]
    if letter in "aA":
        return _WEEKDAYS[moment.weekday()][: 3 if letter == "a" else None]
    if letter == "p":
        return "AM" if moment.hour < 12 else "PM"
    if letter == "Y":
        return f"{moment.year:04d}"
    return moment.strftime(f"%{letter}")


def find_fault(pattern: TimePattern, *, has_zone: bool) -> str | None:
    """Return what is wrong with a pattern as one writes it in a detector file, None where nothing is.

    ``has_zone`` says whether a time zone other than UTC is declared beside it.
    """
    faults = (*_find_unreadable(pattern.directives), *_find_unfit(set(pattern.directives)))
    return next(iter((*faults, *_find_zone_words(pattern, has_zone))), None)


def _find_unreadable(letters: Sequence[str]) -> Iterator[str]:
    for letter in letters:
        if letter == "Z":
            yield (
                "has %Z, and names of zones such as EST mean different things; leave them out and set timezone, as in "
                'timezone = "America/New_York", or write %z for +01:00'
            )
        elif letter in _OF_LANGUAGE:
            yield f"has %{letter}, which depends on the language of the machine; write its parts, as in %d.%m.%Y"
        elif letter in _OF_WEEKS:
            yield f"has %{letter}, which counts weeks or days of them; write dates with %d and %m, or with %j"
        elif letter in _SPELLED_OUT:
            yield f"has %{letter}, which is not read; write {_SPELLED_OUT[letter]}"
        elif letter == "s":
            yield 'has %s; write timestamp_format = "epoch_s" for seconds since 1970'
        elif letter not in _READ:
            yield f"has %{letter}, which is no part of a time; write %% for a percent sign"
    known = [letter for letter in letters if letter in _READ]
    meanings = [_READ[letter][0] for letter in known]
    for letter, meaning in zip(known, meanings, strict=True):
        if meanings.count(meaning) > 1:
            yield f"has %{letter} twice" if known.count(letter) > 1 else f"has %{letter} and another for the same"


# What does not go together, or is missing: what a pattern has, what it has none of, and what is said of it.
_UNFIT = (
    ("p", "I", "has %p without %I; write %I for the hour, as %H counts to 23 and %p would be ignored"),
    ("I", "p", "has %I without %p; write %p for AM and PM, or %H for an hour that counts to 23"),
    ("", "Yy", "has no year; write %Y, and export the year too"),
    ("", "jmbB", "has no month; write %m, and export the month too"),
    ("", "jd", "has no day; write %d, and export the day too"),
    ("M", "HI", "has %M without %H"),
    ("S", "M", "has %S without %M"),
    ("f", "S", "has %f without %S"),
)
_TOO_MANY = (
    ("H", "I", "has %H and %I; write %I with %p, or %H alone"),
    ("j", "mbBd", "has %j beside a month or a day; write %j alone, or %m and %d"),
    ("Y", "y", "has %Y and %y; write one of them"),
    ("m", "bB", "has the month twice; write %m or %b"),
)


def _find_unfit(has: set[str]) -> Iterator[str]:
    for one, others, said in _UNFIT:
        if (not one or one in has) and not has & set(others):
            yield said
    for one, others, said in _TOO_MANY:
        if one in has and has & set(others):
            yield said


def _find_zone_words(pattern: TimePattern, has_zone: bool) -> Iterator[str]:
    literal = "".join(text if kind != "directive" else "%" for kind, text in pattern.pieces())
    for word in _ZONE_WORD.findall(literal):
        if word in _UTC_WORDS and has_zone:
            yield f'has "{word}", which says UTC, beside timezone; leave one of them out'
        if word not in _UTC_WORDS and not has_zone:
            yield f'has "{word}", which is read as plain letters; set timezone to the zone that it means'
