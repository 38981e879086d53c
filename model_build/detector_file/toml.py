"""Typed reader of TOML whose errors name the line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tollgate.errors import DetectorFileError, suggest

from model_build.detector_file.toml_places import find_in_text, find_table_key, place_of

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


_KINDS: Mapping[type, str] = {
    str: "a string in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
}
# Where the value that was given does not show what is meant.
_EXAMPLES = {
    **{"label_delay": '"7d"', "max_ahead": '"10m"', "over": '"5m"', "half_lives": '["1h", "1d", "7d"]'},
    **{"null_values": '["NULL"]', "timezone": '"Europe/Berlin"', "decimal": '","', "thousands": '"."'},
    **{"location": '{ latitude = "lat", longitude = "lon" }', "timestamp_origin": '"2026-01-01"'},
    **{"label_values": '{ fraud = ["Y"], legitimate = ["N"] }', "imbalance": '["none"]', "models": '["xgboost"]'},
    **{"mapping": '{ amount = "payment.amount" }', "minor_units": "{ amount = 2 }", "delimiter": '";"'},
}
_SIMPLE: Mapping[type, str] = {int: "10", float: "0.5", bool: "true"}
_MAX_SHOWN = 60


def describe_kind(key: str, kind: type, value: object) -> str:
    """Return what a key must be, with an example of it, and what it is: the end of an error's sentence."""
    example = _EXAMPLES.get(key) or _SIMPLE.get(kind)
    plain = json.dumps(value, ensure_ascii=False, default=str)
    if example is None and not isinstance(value, list | dict):
        quoted = plain if isinstance(value, str) else f'"{value}"'
        example = quoted if kind is str else f"[{quoted}]" if kind is list else None
    named = _KINDS.get(kind, "a table in braces")
    given = plain if len(plain) <= _MAX_SHOWN else f"{plain[:_MAX_SHOWN]}…"
    return f"{named}{f', such as {example},' if example else ','} not {given}"


class TomlReader:
    """Takes typed values out of a TOML file's sections; every error names the line and the key."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._lines = text.splitlines()
        # As `tomllib` counts characters.
        self._text = text.replace("\r\n", "\n")
        self.sections: dict[str, Any] = tomllib.loads(text)

    def fail(self, section: str, key: str, message: str) -> DetectorFileError:
        """Return the error that says what is wrong with a key, or with a whole section where ``key`` is empty."""
        line = self._line(section, key)
        place = f"{self.path}, line {line}" if line else str(self.path)
        name = f"{key} in [{section}]" if key else f"[{section}]"
        return DetectorFileError(f"{place}: {name} {message}.")

    def _line(self, section: str, key: str) -> int:
        current, section_line = "", 0
        for number, line in enumerate(self._lines, start=1):
            if heading := re.match(r"\s*\[+\s*([^\]\s]+)\s*\]+", line):
                current = heading[1]
                section_line = number if current.split(".")[0] == section else section_line
            elif current.split(".")[0] == section and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return number
        return section_line

    def fail_in_table(self, table: str, index: int, key: str, message: str) -> DetectorFileError:
        """Return the error that says what is wrong with a key of the ``index``-th [[table]]."""
        at = find_table_key(self._text, table, index, key)
        place = f"{self.path}, line {place_of(self._text, at).line}" if at is not None else str(self.path)
        return DetectorFileError(f"{place}: {key} in [[{table}]] number {index + 1} {message}.")

    def fail_in_value(self, table: str, index: int, key: str, message: str, offset: int) -> DetectorFileError:
        """Return the error about the ``offset``-th character of a text in the ``index``-th [[table]]."""
        at = find_table_key(self._text, table, index, key)
        place = f"{self.path}, {find_in_text(self._text, at, offset)}" if at is not None else str(self.path)
        return DetectorFileError(f"{place}: {message}.")

    def check_keys(self, known: Mapping[str, tuple[str, ...] | None], tables: tuple[str, ...] = ()) -> None:
        """Raise `DetectorFileError` for a section or key that is not ``known``; None allows any key.

        ``tables`` are the sections that are written as [[section]], once for each; their keys are not looked at.
        """
        for section, content in self.sections.items():
            if section not in known:
                raise self.fail(section, "", f"is not a section of a detector file{suggest(section, known)}")
            if isinstance(content, list) and section in tables and all(isinstance(part, dict) for part in content):
                continue
            if not isinstance(content, dict) or section in tables:
                wanted = f"[[{section}]]" if section in tables else f"[{section}]"
                raise self.fail(section, section, f"is outside a section; write {wanted}")
            allowed = known[section]
            for key in content:
                if allowed is not None and key not in allowed:
                    raise self.fail(section, key, f"is not a known key{suggest(key, allowed)}")

    def take(self, section: str, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:  # noqa: ANN401
        """Return a value of the given kind, ``default`` where there is none."""
        value = self.sections.get(section, {}).get(key, default)
        if value is default:
            return default
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.fail(section, key, f"must be {describe_kind(key, kinds[0], value)}")
        return value

    def need(self, section: str, key: str) -> str:
        """Return a text that must be there."""
        value = self.take(section, key, str)
        if not value:
            raise self.fail(section, key, "is required but missing")
        return str(value)

    def texts(self, section: str, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where there is none."""
        values = self.take(section, key, list, [])
        if not all(isinstance(value, str) and value for value in values):
            example = _EXAMPLES.get(key, '["a", "b"]')
            raise self.fail(section, key, f"must be a list of strings in quotes, such as {example}")
        return tuple(values)

    def span_s(self, section: str, key: str, text: object, *, zero: bool = False) -> float:
        """Return a length of time such as "7d" in seconds; ``zero`` allows none at all."""
        match = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if not match or (float(match[1]) == 0 and not zero):
            given = json.dumps(text, ensure_ascii=False, default=str)
            raise self.fail(section, key, f'must be a duration such as "12h" or "7d", not {given}')
        return float(match[1]) * _UNIT_S[match[2]]
