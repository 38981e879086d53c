"""Section [safety] of a detector file: the fallback for incomplete decisions, and the brake on blocks."""

from __future__ import annotations

from collections.abc import Sequence

from tollgate.core.detectors.safety import CLOCKS, FAILS, Clock, Safety
from tollgate.core.events.event_type import EventType
from tollgate.errors import suggest

from model_build.detector_file.toml import TomlReader

SAFETY_KEYS = ("fail", "required", "review", "block", "most_blocked", "over", "at_least", "clock")
_MAX_OVER_S = 86_400.0


def read_safety(reader: TomlReader, event_type: EventType, order: Sequence[str]) -> Safety:
    """Read [safety]; ``order`` are the outcomes. Raises `DetectorFileError` naming the key."""
    usual = Safety()
    fail = reader.take("safety", "fail", str, usual.fail)
    if fail not in FAILS:
        raise reader.fail("safety", "fail", f"must be one of {', '.join(FAILS)}{suggest(fail, FAILS)}")
    safety = Safety(
        fail=fail,
        required=reader.texts("safety", "required"),
        review=reader.take("safety", "review", str, usual.review),
        block=reader.take("safety", "block", str, usual.block),
        most_blocked=_read_share(reader),
        over_s=reader.span_s("safety", "over", reader.take("safety", "over", str, "5m")),
        at_least=reader.take("safety", "at_least", int, usual.at_least),
        clock=_read_clock(reader),
    )
    _check_required(reader, safety, event_type)
    _check_outcomes(reader, safety, order)
    if not 10.0 <= safety.over_s <= _MAX_OVER_S:
        raise reader.fail("safety", "over", "must be from 10s to 1d")
    if safety.at_least < 1:
        raise reader.fail("safety", "at_least", f"must be a whole number above 0, not {safety.at_least}")
    return safety


def _read_clock(reader: TomlReader) -> Clock:
    clock: Clock = reader.take("safety", "clock", str, CLOCKS[0])
    if clock not in CLOCKS:
        raise reader.fail("safety", "clock", f"must be {' or '.join(CLOCKS)}{suggest(clock, CLOCKS)}")
    return clock


def _read_share(reader: TomlReader) -> float | None:
    share = reader.take("safety", "most_blocked", (float, int))
    if share is not None and not 0 < share < 1:
        raise reader.fail("safety", "most_blocked", f"must be a share between 0 and 1, such as 0.2, not {share}")
    return None if share is None else float(share)


def _check_required(reader: TomlReader, safety: Safety, event_type: EventType) -> None:
    known = [name for name in event_type.variables if name not in (event_type.id, event_type.timestamp)]
    for column in safety.required:
        if column not in known:
            raise reader.fail(
                "safety", "required", f'names "{column}", which is not a variable of the event{suggest(column, known)}'
            )
    if safety.required and safety.fail == "none":
        raise reader.fail("safety", "required", "needs fail, the fallback for events without these columns")


def _check_outcomes(reader: TomlReader, safety: Safety, order: Sequence[str]) -> None:
    needed = {
        "review": safety.fail == "review" or safety.most_blocked is not None,
        "block": safety.most_blocked is not None,
    }
    for key, name in (("review", safety.review), ("block", safety.block)):
        if needed[key] and name not in order:
            wanted = f'is "{name}", which is not one of {", ".join(order)}{suggest(name, order)}'
            raise reader.fail("safety", key, wanted)
    if safety.most_blocked is not None and order.index(safety.review) >= order.index(safety.block):
        raise reader.fail("safety", "review", "must be a weaker outcome than block")
