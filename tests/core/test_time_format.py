"""How times are read: what each form takes, what it refuses, and what it says of that."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tollgate.core.files.columns.quick_columns import quick_times, read_time_column
from tollgate.core.times.time_format import TimeFormat

ISO = TimeFormat()
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "Asia/Tehran")
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31))


def us(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp()) * 1_000_000


def refusal(form: TimeFormat, value: object) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        form.read(value)
    return str(caught.value)


@pytest.mark.parametrize("value", [1_767_225_600, "1767225600", 1767225600.0, "1767225600.0", Decimal(1767225600)])
def test_seconds_of_ten_digits_are_taken_without_a_declared_format(value: object) -> None:
    assert ISO.read(value) == us("2026-01-01T00:00:00Z")


@pytest.mark.parametrize("value", [1_767_225_600_000, "1767225600000", 1767225600000.0, "1767225600000.0"])
def test_milliseconds_of_thirteen_digits_are_taken_without_a_declared_format(value: object) -> None:
    assert ISO.read(value) == us("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("46082.41667", 'timestamp_format = "excel"'),
        (46082, 'timestamp_format = "excel"'),
        ("20260301", 'timestamp_format = "%Y%m%d"'),
        ("20260301.0", 'timestamp_format = "%Y%m%d"'),
        (20260301, 'timestamp_format = "%Y%m%d"'),
        (20260301.0, 'timestamp_format = "%Y%m%d"'),
        ("20260301101500", 'timestamp_format = "%Y%m%d%H%M%S"'),
        ("202603011015", 'timestamp_format = "%Y%m%d%H%M"'),
        ("2026030110", 'timestamp_format = "%Y%m%d%H", or "epoch_s"'),
        ("2603011015", 'timestamp_format = "%y%m%d%H%M", or "epoch_s"'),
        ("260301", 'timestamp_format = "%y%m%d"'),
        ("20260301101500123", 'timestamp_format = "%Y%m%d%H%M%S%f"'),
        ("2026", "a year"),
        (1, 'timestamp_unit = "hours"'),
        (0, "timestamp_origin"),
        (3600.5, "timestamp_origin"),
        (86400, "timestamp_origin"),
        ("15811131", "timestamp_origin"),
        (1_767_225_600_000_000, 'timestamp_format = "epoch_us"'),
        (1_767_225_600_000_000_000, 'timestamp_format = "epoch_ns"'),
        (-3e9, "timestamp_origin"),
    ],
)
def test_a_number_that_may_mean_several_things_is_refused_with_the_key_that_declares_it(
    value: object, named: str
) -> None:
    assert named in refusal(ISO, value)


@given(st.one_of(st.integers(-(10**20), 10**20), st.floats(allow_nan=False), st.decimals(allow_nan=False, places=3)))
@example(10**9)
@example(999_999_999)
@example(7_258_118_400)
def test_a_bare_number_is_refused_or_means_one_thing(value: float | Decimal) -> None:
    try:
        time_us = ISO.read(value)
    except ValueError:
        return
    read = [unit for unit in (1, 1000) if abs(Decimal(value) * 1_000_000 / unit - time_us) < 1]
    assert len(read) == 1
    assert us("2001-09-09T01:46:40Z") <= time_us < us("2200-01-01T00:00:00Z")
    assert ISO.read(str(value) if not isinstance(value, float) else repr(value)) == time_us


def test_a_rounded_number_is_no_time() -> None:
    for form in (ISO, TimeFormat("epoch_ms"), TimeFormat("epoch_s")):
        assert "rounded by a spreadsheet" in refusal(form, "1.77236E+12")


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("epoch_s", 1_767_225_600),
        ("epoch_ms", "1767225600000"),
        ("epoch_us", 1_767_225_600_000_000),
        ("epoch_ns", "1767225600000000000"),
        ("epoch_ns", 1.7672256e18),
        ("excel", "46023"),
        ("excel", 46023.0),
        ("%Y%m%d", 20260101),
        ("%Y%m%d", "20260101.0"),
        ("%d.%m.%Y %H:%M", "01.01.2026 00:00"),
        ("%m/%d/%Y %I:%M %p", "01/01/2026 12:00 AM"),
        ("%m/%d/%Y %I:%M %p", "1/1/2026 12:00 a.m."),
        ("%d-%b-%y", "01-JAN-26"),
        ("%A, %d %B %Y", "Thursday, 1 January 2026"),
        ("%Y-%j", "2026-001"),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-01-01 00:00:00.000000999"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-01-01T01:00:00+01:00"),
        ("%Y-%m-%d %H:%M:%S UTC", "2026-01-01 00:00:00 UTC"),
    ],
)
def test_a_declared_form_is_read(form: str, value: object) -> None:
    assert TimeFormat(form).read(value) == us("2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("form", "value", "named"),
    [
        ("epoch_ms", 1_767_225_600, "epoch_s"),
        ("epoch_s", 1_767_225_600_000, "epoch_ms"),
        ("epoch_us", 1_767_225_600_000, "epoch_ms"),
        ("epoch_ns", 1_767_225_600_000_000, "epoch_us"),
        ("epoch_s", 1_767_225_600_000_000_000, "epoch_ns"),
    ],
)
def test_another_unit_than_was_declared_is_noticed_and_named(form: str, value: object, named: str) -> None:
    assert f'set timestamp_format = "{named}"' in refusal(TimeFormat(form), value)


@pytest.mark.parametrize("value", ["2026-01-01", "", None, True, "nan", [1], 109_800, 0, -1, 1e30])
def test_what_is_no_day_of_a_spreadsheet_is_refused(value: object) -> None:
    assert refusal(TimeFormat("excel"), value)


def test_a_spreadsheets_day_is_good_to_the_second() -> None:
    assert TimeFormat("excel").read("46082.41667") == us("2026-03-01T10:00:00Z")
    assert TimeFormat("excel", "Europe/Berlin").read(46082.41667) == us("2026-03-01T10:00:00+01:00")


@pytest.mark.parametrize(
    ("unit", "value", "read"),
    [
        ("hours", 1, "2017-01-01T01:00:00Z"),
        ("hours", "1.5", "2017-01-01T01:30:00Z"),
        ("days", 31, "2017-02-01T00:00:00Z"),
        ("minutes", "90.0", "2017-01-01T01:30:00Z"),
        ("seconds", 86_400, "2017-01-02T00:00:00Z"),
        ("seconds", -1, "2016-12-31T23:59:59Z"),
    ],
)
def test_units_count_from_the_origin(unit: str, value: object, read: str) -> None:
    assert TimeFormat(unit=unit, origin="2017-01-01").read(value) == us(read)


def test_an_origin_is_a_time_of_the_zone() -> None:
    form = TimeFormat(zone="Europe/Berlin", unit="hours", origin="2017-01-01")

    assert form.read(0) == us("2017-01-01T00:00:00+01:00")


@given(MOMENTS, st.sampled_from(ZONES))
@example(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")
@example(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")
def test_a_time_without_a_zone_is_one_of_the_declared_zone(wall: datetime, zone: str) -> None:
    form = TimeFormat(zone=zone)
    expected = (wall.replace(tzinfo=ZoneInfo(zone)) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert form.read(wall) == form.read(wall.isoformat()) == expected
    assert TimeFormat("%Y-%m-%d %H:%M:%S.%f", zone).read(f"{wall:%Y-%m-%d %H:%M:%S.%f}") == expected
    column = pa.array([wall.isoformat(sep=" ")] * 2)
    assert quick_times(column, form) is None or quick_times(column, form).tolist() == [expected] * 2  # type: ignore[union-attr]
    assert form.localize(np.array([ISO.read(wall)])).tolist() == [expected]


def test_a_change_of_summer_time_is_read_as_documented() -> None:
    form = TimeFormat(zone="Europe/Berlin")

    assert form.read("2026-10-25 02:30") == us("2026-10-25T00:30:00Z")  # the first of the two
    assert form.read("2026-03-29 02:30") == us("2026-03-29T01:30:00Z")  # 03:30, as one hour is skipped
    day = np.array([ISO.read("2026-03-29 01:59:59"), ISO.read("2026-03-29 02:30"), ISO.read("2026-03-29 03:00")])
    assert form.localize(day).tolist() == [us(f"2026-03-29T{at}Z") for at in ("00:59:59", "01:30:00", "01:00:00")]


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00Z", "2026-01-01 00:00:00 UTC", "2026-01-01T01:00+01:00"])
def test_a_zone_in_the_text_counts_before_the_declared_one(value: str) -> None:
    assert TimeFormat(zone="Asia/Kolkata").read(value) == us("2026-01-01T00:00:00Z")


def test_typed_times_are_what_they_are_under_any_form() -> None:
    for form in (ISO, TimeFormat("epoch_ms"), TimeFormat("%d.%m.%Y"), TimeFormat(unit="hours", origin="2017-01-01")):
        assert form.read(datetime(2026, 1, 1, tzinfo=UTC)) == form.read(date(2026, 1, 1)) == us("2026-01-01T00:00:00Z")
    naive = pa.array([datetime(2026, 1, 1)], pa.timestamp("ns"))
    assert quick_times(naive, TimeFormat(zone="Europe/Berlin")).tolist() == [us("2025-12-31T23:00:00Z")]  # type: ignore[union-attr]
    zoned = pa.array([datetime(2026, 1, 1)], pa.timestamp("ms", "America/New_York"))
    assert quick_times(zoned, TimeFormat(zone="Europe/Berlin")).tolist() == [us("2026-01-01T00:00:00Z")]  # type: ignore[union-attr]


def test_a_zone_of_letters_is_led_to_the_key() -> None:
    assert 'leave "EST" out and set timezone' in refusal(ISO, "2026-03-01 10:00:00 EST")


FORMS = [
    ISO,
    TimeFormat(zone="Europe/Berlin"),
    *(TimeFormat(form) for form in ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "excel")),
    TimeFormat(unit="hours", origin="2017-01-01"),
    TimeFormat("%Y-%m-%d %H:%M:%S"),
    TimeFormat("%d. %B %Y, %I:%M:%S %p %z", "America/New_York"),
    TimeFormat("%j/%y %H:%M:%S"),
]


@given(st.datetimes(datetime(2001, 9, 10), datetime(2060, 1, 1)), st.sampled_from(FORMS))
def test_what_is_posted_is_the_same_moment(moment: datetime, form: TimeFormat) -> None:
    time_us = ISO.read(moment.replace(microsecond=0))

    assert form.read(form.write(time_us)) == time_us


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_the_machine_has_no_say(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert TimeFormat("%d %b %Y %Z").read("01 Jan 2026 UTC") == us("2026-01-01T00:00:00Z")
        assert "does not follow" in refusal(TimeFormat("%d %b %Y %Z"), "01 Jan 2026 EST")
        assert ISO.read("2026-01-01") == us("2026-01-01T00:00:00Z")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_months_are_english_in_capitals_or_not() -> None:
    for text in ("01 Mar 2026", "01 MARCH 2026", "01 march 2026"):
        assert TimeFormat("%d %b %Y").read(text) == us("2026-03-01T00:00:00Z")


@pytest.mark.parametrize(
    ("form", "value", "read"),
    [
        ("%d%m%Y", "01032026", "2026-03-01"),
        ("%d%m%Y", 10032026.0, "2026-03-10"),
        ("%Y%m%d%H%M%S", 20260220123000, "2026-02-20T12:30:00"),
        ("%y%m%d", "010203", "2001-02-03"),
        ("%Y%m%d%H%M%S%f", "20260220123000", None),
        ("%Y%m%d%H%M%S%f", "202602201230005", "2026-02-20T12:30:00.5"),
        ("%y%m%d%H%M%S%f", "011101102233123", "2001-11-01T10:22:33.123"),
        ("%y%m%d%H%M%S%f", "11101102233123", None),
        ("%d/%m/%Y %H%M", "1/3/2026 0930", "2026-03-01T09:30:00"),
        ("%d.%m.%Y %H:%M", "1.3.2026 9:30", "2026-03-01T09:30:00"),
        ("%d%b%Y", "1MAR2026", "2026-03-01"),
        ("%Y-%j", "2026-1", "2026-01-01"),
        ("%d%m%Y", 1032026, None),
        ("%d%m%Y", "1122026", None),
        ("%d%m%y", "11226", None),
        ("%m%d%Y", 3012026.0, None),
        ("%Y%m%d%H%M%S", 202602201230, None),
        ("%Y%m%d%H%M", "2026022012", None),
        ("%y%m%d", 10203, None),
        ("%y%m%d%H%M", "101231230", None),
        ("%d/%m/%Y %H%M", "01/03/2026 930", None),
        ("%d/%m/%Y %I%M%p", "01/03/2026 930AM", None),
        ("%Y%j", "20261", None),
        ("%d.%m.%Y %H%M00", "01.03.2026 12300", None),
    ],
)
def test_a_number_that_touches_another_has_all_its_digits(form: str, value: object, read: str | None) -> None:
    column = pa.array([value, value])
    if read is None:
        said = refusal(TimeFormat(form), value)
        assert f'does not follow timestamp_format "{form}"' in said
        assert "digits are missing" in said
        assert [problem.message for problem in read_time_column("t", column, TimeFormat(form))[1]] == [said] * 2
        return
    expected = (datetime.fromisoformat(read) - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    assert TimeFormat(form).read(value) == expected
    assert read_time_column("t", column, TimeFormat(form))[0].tolist() == [expected] * 2


@pytest.mark.parametrize(
    ("form", "text"),
    [("%d.%m.%Y %H:%M", "31.06.2026 12:00"), ("%Y-%j", "2026-366"), ("%d%m%Y", "29022026")],
)
def test_a_day_that_does_not_exist_is_called_so(form: str, text: str) -> None:
    said = f'"{text}" is on a day that does not exist, as timestamp_format "{form}" reads it; correct the date'
    assert refusal(TimeFormat(form), text) == said


@pytest.mark.parametrize("text", ["2026-06-31T12:00:00Z", "2026-02-29", "2026-06-30 25:00"])
def test_an_iso_time_that_does_not_exist_is_called_so(text: str) -> None:
    assert refusal(TimeFormat(), text) == f'"{text}" is on a day or at a time that does not exist; correct it'


ADJACENT = ("%d%m%Y", "%m%d%y", "%Y%m%d", "%y%m%d%H", "%Y%m%d%H%M%S", "%H%M%S%d%m%Y", "%Y%j%H%M", "%d%m%Y%I%M%p")


@given(MOMENTS, st.sampled_from(ADJACENT), st.data())
def test_digits_that_are_lost_are_never_made_up(moment: datetime, form: str, data: st.DataObject) -> None:
    text = moment.strftime(form)
    place = data.draw(st.integers(0, len(text.rstrip("APM")) - 1))

    assert refusal(TimeFormat(form), text[:place] + text[place + 1 :])


def test_when_a_label_became_known_may_be_iso_beside_the_declared_form() -> None:
    form = TimeFormat("%d.%m.%Y", "Europe/Berlin")

    assert form.read_known("02.01.2026") == form.read_known("2026-01-02") == us("2026-01-01T23:00:00Z")
    assert TimeFormat("epoch_ms").read_known("2026-01-02T00:00:00Z") == us("2026-01-02T00:00:00Z")
    with pytest.raises(ValueError, match="does not follow"):
        form.read_known("soon")
