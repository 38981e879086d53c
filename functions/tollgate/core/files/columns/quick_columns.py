"""Fast path for clean Arrow columns: the same times, numbers and keys as value by value, or None where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.events.cells import MAX_TEXT, SPELLED_BOOLEANS
from tollgate.core.events.event import Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.events.number_format import NumberFormat
from tollgate.core.times.bare_numbers import EARLIEST_S, LATEST_S
from tollgate.core.times.iso_time import ODD_OFFSET
from tollgate.core.times.time_format import TimeFormat

# Text of other characters than these is read by `read_text`: blanks around it go, and control characters are refused.
# So is a text that ends in a point and zeros, which may be a whole number.
_SURELY_CLEAN = r"^(?:[!-~]*[!-/1-~]|0+|[!-~]*[!-\-/1-~]0+)?$"
_BOOLEANS = pa.array(list(SPELLED_BOOLEANS), pa.string())
_US = 1_000_000
# Characters of 2026-01-31T13:24+01:00.
_TO_MINUTES = 22
_SIGNS = np.frombuffer(b"+-", np.uint8)


def surely_clean(values: pa.StringArray) -> pa.BooleanArray:
    """Return which texts are the keys that `read_text` makes of them, without a doubt."""
    clean = pc.and_(pc.match_substring_regex(values, _SURELY_CLEAN), pc.less_equal(pc.binary_length(values), MAX_TEXT))
    return pc.and_not(clean, pc.is_in(values, _BOOLEANS))


def without_null(event_type: EventType, column: Any) -> Any:  # noqa: ANN401 - an Arrow array or a list
    """Return a column in which the words that the event type declares as such are missing values."""
    if not event_type.null_values:
        return column
    if isinstance(column, list):
        return [event_type.without_null(value) for value in column]
    if pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type):
        column = column.dictionary_decode()
    if not pa.types.is_string(column.type):
        return column
    null = pc.is_in(pc.utf8_trim_whitespace(column), pa.array(event_type.null_values, pa.string()))
    return pc.if_else(null, pa.scalar(None, pa.string()), column)


def plain_numbers(form: NumberFormat, column: Any) -> Any:  # noqa: ANN401 - an Arrow array
    """Return a column of numbers as programs write them; raise `pa.ArrowInvalid` for a text of another form."""
    if form.is_plain or not pa.types.is_string(column.type):
        return column
    if pc.all(pc.match_substring_regex(column, form.expression)).as_py() is False:
        raise pa.ArrowInvalid("other marks")
    if form.thousands:
        column = pc.replace_substring_regex(column, form.group_mark, "")
    return pc.replace_substring(column, form.decimal, ".")


def quick_times(column: Any, form: TimeFormat) -> Ints | None:  # noqa: ANN401 - an Arrow array
    """Return the microseconds since 1970 UTC of a column of times, or of ISO text, that has a time in every row."""
    typed = pa.types.is_timestamp(column.type)
    if not typed and not (form.form == "iso" and form.unit is None and pa.types.is_string(column.type)):
        return None
    kinds = [pa.timestamp("us"), pa.timestamp("us", "UTC")]
    # A cast that fails takes long: begin with what the first value looks like.
    if typed and column.type.tz is not None:
        kinds = kinds[1:]
    elif not typed and len(column) and column[0].as_py()[10:].strip("0123456789:. T"):
        kinds.reverse()
    for kind in kinds:
        try:
            times: Ints = pc.cast(column, kind, safe=not typed).cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            continue
        if kind.tz is None:
            times = form.localize(times)
        elif not typed and not _ends_in_offsets(column):
            return None
        return times if ((times >= EARLIEST_S * _US) & (times <= LATEST_S * _US)).all() else None
    return None


def _ends_in_offsets(column: pa.StringArray) -> bool:
    """Return whether times with a zone, which Arrow has read, are ISO times to `read_iso` too."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    text, ends = np.frombuffer(data, np.uint8), starts[1:]
    if (text[ends - 1] == ord("Z")).all():
        return True
    # The usual +01:00 behind minutes is told from its characters, which takes a tenth of the time.
    if np.diff(starts).min() >= _TO_MINUTES and np.isin(text[ends - 6], _SIGNS).all():
        tens, ones = text[ends - 5], text[ends - 4]
        if ((tens == ord("0")) | (tens == ord("1")) & (ones <= ord("2"))).all():
            return True
    return not pc.any(pc.match_substring_regex(column, ODD_OFFSET)).as_py()
