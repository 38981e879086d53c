"""Section of a detector file as a Pydantic model, and the types of the keys that sections have."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema, WrapValidator
from pydantic_core import PydanticKnownError
from tollgate.errors import suggest

from model_build.detector_file.messages import WrongValueError, show

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Section(BaseModel):
    """The keys of one section; a key that it does not declare is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, validate_default=True)

    def has(self, key: str) -> bool:
        """Return whether a key is written in the file."""
        return key in self.model_fields_set


def key(default: object, meaning: str, /, *, example: str | None = None, **shown: str) -> Any:  # noqa: ANN401 - as `Field`
    """Declare a key: its default, or ... where it has to be there, and its row in docs/reference/detector-file.md.

    ``example`` is shown in messages, in the notation of TOML. ``shown`` gives ``type`` and ``default`` other words in
    that row than follow from the declaration.
    """
    extra: dict[str, Any] = {**shown, **({"example": example} if example else {})}
    return Field(default, description=meaning, json_schema_extra=extra)


def _read_duration(value: object, *, zero: bool = False) -> float:
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    found = _DURATION.fullmatch(value.strip())
    if found is None or (float(found[1]) == 0 and not zero):
        raise WrongValueError(f'must be a duration such as "12h" or "7d", not {show(value)}')
    return float(found[1]) * _UNIT_S[found[2]]


def limited(fits: Callable[[float], bool], wanted: str) -> WrapValidator:
    """Check a number, of which ``wanted`` says what it must be."""

    def check(given: Any, read: Callable[[Any], float]) -> float:  # noqa: ANN401 - whatever the file has
        value = read(given)
        if not fits(value):
            raise WrongValueError(f"must be {wanted}, not {show(given)}")
        return value

    return WrapValidator(check)


def between(low: int, high: int) -> WrapValidator:
    """Check a number against its limits, both allowed."""
    return limited(lambda value: low <= value <= high, f"from {low} to {high}")


def check_one_of(value: str, known: Sequence[str], *place: str | int) -> None:
    """Raise `WrongValueError` for a word that is not one of those known from other parts of the file."""
    if value not in known:
        raise WrongValueError(
            f"is {show(value)}, which is not one of {', '.join(known)}{suggest(value, known)}", *place
        )


Text = Annotated[str, Field(min_length=1)]
# TOML has lists, and what is frozen has tuples.
Texts = Annotated[tuple[Text, ...], Strict(False)]
Table = dict[str, Any]
Positive = Annotated[float, limited(lambda value: 0 < value < float("inf"), "a number above 0")]
_AS_DURATION = WithJsonSchema({"type": "length of time"})
# Seconds, written as in "7d".
Duration = Annotated[float, BeforeValidator(_read_duration), _AS_DURATION]
DurationOrZero = Annotated[float, BeforeValidator(lambda value: _read_duration(value, zero=True)), _AS_DURATION]
