"""Sections of a detector file about serving: [safety], [stream] and [files]."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated

from pydantic import AfterValidator
from tollgate.core.detectors.safety import Clock, Fail, Safety
from tollgate.core.events.event_type import EventType
from tollgate.core.files.file_format import FileForm
from tollgate.core.streams.mapping import KEY, StreamMapping
from tollgate.errors import suggest

from model_build.detector_file.messages import WrongValueError, show
from model_build.detector_file.section import Duration, Section, Table, Texts, check_one_of, key, limited

_MAX_DECIMALS = 6
_NO_DELIMITERS = frozenset('"\r\n\0')
_MAX_OVER_S = 86_400


class SafetySection(Section):
    """The keys of [safety]."""

    fail: Fail = key(
        Safety.fail,
        "What an event gets if the model, its histories or a required variable is missing, or if storage does not "
        'accept the decision: `"rules_only"`, `"review"`, `"allow"`, or an error (`"none"`).',
    )
    required: Texts = key(Safety.required, "Columns without which an event cannot be decided in full. It needs `fail`.")
    review: str = key(Safety.review, "Which of your [outcomes](#outcomes) is the review.")
    block: str = key(
        Safety.block,
        "Which of your outcomes is the block. This outcome and stronger ones stop a payment, so that it does not "
        "[become legitimate](../explanation/how-histories-work.md#what-follows) by itself. If there is no outcome with "
        "this name, the strongest one is used, unless that is approve or `review`.",
    )
    most_blocked: (
        Annotated[float, limited(lambda share: 0 < share < 1, "a share between 0 and 1, such as 0.2")] | None
    ) = key(
        Safety.most_blocked,
        "If the share of blocks among recent decisions is above this, blocks become reviews; between 0 and 1.",
    )
    over: Duration = key("5m", 'How far back recent decisions go; `"10s"` to `"1d"`.', example='"5m"')
    at_least: Annotated[int, limited(lambda count: count > 0, "a whole number above 0")] = key(
        Safety.at_least, "How many recent decisions there have to be."
    )
    clock: Clock = key(
        Safety.clock,
        'What happens to an event that is further ahead of the clock than `max_ahead`: it is refused (`"event"`), or '
        'scored as of the server\'s clock (`"now"`). See [a clock that is ahead](safety.md#a-clock-that-is-ahead).',
    )

    def safety(self, event_type: EventType, order: Sequence[str]) -> Safety:
        """Return the settings; raise `WrongValueError` where they do not fit the event, or the outcomes, ``order``."""
        if not 10 <= self.over <= _MAX_OVER_S:
            raise WrongValueError("must be from 10s to 1d", "safety", "over")
        known = [name for name in event_type.variables if name not in (event_type.id, event_type.timestamp)]
        for column in self.required:
            if column not in known:
                wrong = f"names {show(column)}, which is not a variable of the event{suggest(column, known)}"
                raise WrongValueError(wrong, "safety", "required")
        if self.required and self.fail == "none":
            raise WrongValueError("needs fail, the fallback for events without these columns", "safety", "required")
        limits_blocks = self.most_blocked is not None
        if self.fail == "review" or limits_blocks:
            check_one_of(self.review, order, "safety", "review")
        if limits_blocks:
            check_one_of(self.block, order, "safety", "block")
            if order.index(self.review) >= order.index(self.block):
                raise WrongValueError("must be a weaker outcome than block", "safety", "review")
        plain = self.model_dump(exclude={"over"})
        return Safety(**plain, over_s=self.over)


class StreamSection(Section):
    """The keys of [stream]."""

    mapping: Table = key(
        {},
        'Column → location of its value: the names of nested JSON objects, joined by dots, or `"$key"` for the '
        "record's key (Kinesis's partition key, or Kafka's key as text).",
        example='{ amount = "payment.amount" }',
    )
    minor_units: Table = key(
        {},
        "Column → number of decimals, 1 to 6, if its numbers are whole cents or similar: `{ amount = 2 }` reads 1234 "
        "as 12.34.",
        example="{ amount = 2 }",
    )

    def stream(self, event_type: EventType) -> StreamMapping:
        """Return the mapping; raise `WrongValueError` for a column that the event lacks, and a path that is none."""
        for column, path in self.mapping.items():
            _check_column("mapping", column, event_type.accepted)
            _check_path(column, path)
        for needed in (event_type.id, event_type.timestamp):
            if self.mapping and needed is not None and needed not in self.mapping:
                near = suggest(needed, self.mapping)
                raise _mistake("mapping", f'lacks "{needed}"{near}, which every event needs')
        numbers = {*event_type.numeric, *([event_type.amount] if event_type.amount else [])}
        for column, places in self.minor_units.items():
            _check_column("minor_units", column, numbers)
            if column not in self.mapping:
                raise _mistake("minor_units", f'names "{column}", which has no path in mapping')
            if isinstance(places, bool) or not isinstance(places, int) or not 1 <= places <= _MAX_DECIMALS:
                wanted = f'must give "{column}" 1 to {_MAX_DECIMALS} decimals, not {show(places)}'
                raise _mistake("minor_units", wanted)
        return StreamMapping(self.mapping, self.minor_units)


def _mistake(key: str, message: str) -> WrongValueError:
    return WrongValueError(message, "stream", key)


def _check_column(key: str, column: str, known: Collection[str]) -> None:
    if column not in known:
        near = suggest(column, known) or f"; the declared columns are {', '.join(sorted(known))}"
        raise _mistake(key, f"names {show(column)}, which is not a column of [event] or [entities]{near}")


def _check_path(column: str, path: object) -> None:
    if not isinstance(path, str) or not all(path.split(".")):
        raise _mistake("mapping", f'must give "{column}" a path such as "payment.id", not {show(path)}')
    if path.startswith("$") and path != KEY:
        raise _mistake("mapping", f'gives "{column}" the path "{path}"; the only path that begins with $ is "{KEY}"')


def _check_delimiter(given: str) -> str:
    if given and (len(given) > 1 or not given.isascii() or given in _NO_DELIMITERS):
        raise WrongValueError(f'must be one ASCII character such as ";", not {show(given)}')
    return given


def _check_encoding(given: str) -> str:
    try:
        "".encode(given or "utf-8")
    except (LookupError, ValueError):  # no codec, or one between bytes
        raise WrongValueError(f'is {show(given)}, which is not a text encoding such as "cp1252"') from None
    return given


class FilesSection(Section):
    """The keys of [files]."""

    delimiter: Annotated[str, AfterValidator(_check_delimiter)] | None = key(
        None,
        'The single ASCII character between the cells of CSV, such as `":"`.',
        example='";"',
        default="found in the header",
    )
    encoding: Annotated[str, AfterValidator(_check_encoding)] | None = key(
        None,
        "The encoding of text without a byte order mark, for CSV and JSON Lines: a [name that Python "
        'knows](https://docs.python.org/3/library/codecs.html#standard-encodings), such as `"cp1252"` for files of '
        "older Windows programs.",
        default="UTF-8",
    )

    def file_form(self) -> FileForm:
        """Return how files are written."""
        return FileForm(self.delimiter or None, self.encoding or None)
