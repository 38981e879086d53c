"""Errors of Tollgate, as one tree.

    TollgateError
    ├── InputError                   the caller can correct it
    │   ├── DetectorFileError        detector.toml: line and key named
    │   ├── RuleError                one rule: line and column named
    │   ├── TableError               a whole table or file: wrong kind, missing column, empty
    │   │   ├── TrainingDataError    a table that cannot be learned from
    │   │   └── TooManyKeysError     a file with more keys than memory holds the histories of
    │   ├── ModelFileError           an ONNX file that cannot become a detector's model
    │   ├── EventError               one event or row: column and value named
    │   │   └── EventAheadError      one event that lies too far ahead of the server's clock
    │   ├── LabelError               a label that is neither fraud nor legitimate
    │   ├── BodyTooLargeError        over 256 KB, or over 5 MB for a list
    │   ├── ChangedError             somebody else changed it meanwhile: look at that change first
    │   ├── ConditionMissingError    a change without If-Match or If-None-Match: of which state is it?
    │   └── NotFoundError            no such detector, event or batch
    ├── SealError                    a version folder that is not what was sealed
    ├── ParityError                  an export that does not answer as the model it came from
    ├── ReasonsError                 reasons that do not add up to what the model says
    ├── SettingsError                an environment that lacks what a function needs
    ├── ConflictError                two writers collided; try again
    └── UnavailableError             a service behind us did not answer; try again

Each leaf carries a code for programs, an HTTP status, and whether a retry helps. Its text is one sentence for people:
what was wrong, where, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class TollgateError(Exception):
    """Any error that Tollgate raises on purpose."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False


class InputError(TollgateError):
    """The input cannot be used as it is."""

    code = "invalid_input"
    status = 422


class DetectorFileError(InputError):
    """The detector.toml has a mistake; names line and key."""

    code = "invalid_detector_file"


class RuleError(InputError):
    """A rule has a syntax error, or types that do not fit; names line and column."""

    code = "invalid_rule"

    def __init__(self, message: str, place: int = 0) -> None:
        super().__init__(message)
        self.place = place


class TableError(InputError):
    """A whole table or file cannot be read as events."""

    code = "invalid_table"


class TrainingDataError(TableError):
    """The table can be read, but a model cannot learn from it."""

    code = "invalid_training_data"


class TooManyKeysError(TableError):
    """The file has more keys of entities, or more rows, than fit in the memory for its histories."""

    code = "too_many_keys"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(
            f"This file has more keys than the {size_bytes / 1e6:,.0f} MB for its histories hold; score it with the "
            "Spark application (docs/how-to/beyond-one-function.md), or split it by time."
        )


class ModelFileError(InputError):
    """Your ONNX file cannot be used as the model of a detector."""

    code = "invalid_model"


class EventError(InputError):
    """A value of the event cannot be used; names the column."""

    code = "invalid_event"

    def __init__(self, message: str, column: str = "") -> None:
        super().__init__(message)
        self.column = column


class EventAheadError(EventError):
    """The time of the event is too far ahead of the server's clock."""

    code = "event_ahead"


class LabelError(InputError):
    """The label is not 0, 1 or one of the declared words."""

    code = "invalid_label"

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        # For those who name row and column themselves.
        self.reason = reason or message.removesuffix(".")


class BodyTooLargeError(InputError):
    """The request body is larger than this route allows."""

    code = "body_too_large"
    status = 413


class ChangedError(InputError):
    """Somebody else changed the draft or list after the caller read it."""

    code = "changed_meanwhile"
    status = 412

    def __init__(self) -> None:
        super().__init__("Somebody else changed it meanwhile; load it again, and make your change there.")


class ConditionMissingError(InputError):
    """The change needs the ETag of the draft or list, in `If-Match` or `If-None-Match`."""

    code = "condition_missing"
    status = 428


class NotFoundError(InputError):
    """The detector, event or batch does not exist."""

    code = "not_found"
    status = 404


class SealError(TollgateError):
    """The files of a detector version differ from what was sealed."""

    code = "broken_seal"
    status = 503


class ParityError(TollgateError):
    """The exported model gives other answers than the trained model."""

    code = "export_differs"


class ReasonsError(TollgateError):
    """The reasons do not add up to the log-odds of the trained model."""

    code = "reasons_differ"


class SettingsError(TollgateError):
    """An environment variable is missing, or its value cannot be used."""

    code = "wrong_settings"


class ConflictError(TollgateError):
    """Too many writers changed the same entity or pointer at once."""

    code = "conflict"
    status = 503
    retry = True


class UnavailableError(TollgateError):
    """Storage did not answer in time."""

    code = "unavailable"
    status = 503
    retry = True


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean "x"?)`` for the known name nearest to ``name``, or an empty string."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    nearest = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f' (did you mean "{by_lower[nearest[0]]}"?)' if nearest else ""
