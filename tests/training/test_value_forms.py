"""The keys of [event] that say how values are written: what they give, and what is refused with line and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.events.number_format import NumberFormat
from tollgate.core.times.time_format import TimeFormat
from tollgate.errors import DetectorFileError

from model_build.detector_file.reader import read_detector_file

_BEGIN = '[detector]\nid = "shop"\n[event]\nid = "id"\ntimestamp = "time"\namount = "amount"\n'
_LINE = 7


def read(tmp_path: Path, keys: str) -> EventType:
    path = tmp_path / "detector.toml"
    path.write_text(_BEGIN + keys)
    return read_detector_file(path).event_type


@pytest.mark.parametrize(
    ("keys", "form"),
    [
        ("", TimeFormat()),
        ('timestamp_format = "excel"\ntimezone = "Europe/Berlin"', TimeFormat("excel", "Europe/Berlin")),
        ('timestamp_format = "%d.%m.%Y"', TimeFormat("%d.%m.%Y")),
        ('timestamp_format = "epoch_us"', TimeFormat("epoch_us")),
        ('timestamp_format = "%Y-%m-%dT%H:%M:%SZ"\ntimezone = "UTC"', TimeFormat("%Y-%m-%dT%H:%M:%SZ")),
        (
            'timestamp_unit = "hours"\ntimestamp_origin = "2017-01-01"',
            TimeFormat("iso", None, "hours", "2017-01-01"),
        ),
        ('timestamp_unit = "days"\ntimestamp_origin = 2017-01-01', TimeFormat("iso", None, "days", "2017-01-01")),
    ],
)
def test_the_form_of_times_is_read_and_sealed(tmp_path: Path, keys: str, form: TimeFormat) -> None:
    event_type = read(tmp_path, keys)

    assert event_type.time_format == form
    assert EventType.from_json(event_type.to_json()) == event_type


def test_the_form_of_numbers_and_null_words_are_read_and_sealed(tmp_path: Path) -> None:
    event_type = read(tmp_path, 'decimal = ","\nthousands = "."\nnull_values = ["NULL", "\\\\N"]')

    assert event_type.number_format == NumberFormat(",", ".")
    assert event_type.null_values == ("NULL", "\\N")
    assert EventType.from_json(event_type.to_json()) == event_type


def test_a_manifest_has_none_of_the_keys_unless_they_are_declared(tmp_path: Path) -> None:
    sealed = read(tmp_path, "").to_json()

    assert not {"timezone", "timestamp_unit", "timestamp_origin", "decimal", "thousands", "null_values"} & sealed.keys()
    assert EventType.from_json(sealed) == read(tmp_path, "")


@pytest.mark.parametrize(
    ("keys", "key", "said"),
    [
        ('timestamp_format = "%m/%d/%Y %H:%M %p"', "timestamp_format", "%p without %I"),
        ('timestamp_format = "%d/%m"', "timestamp_format", "no year"),
        ('timestamp_format = "%Y-%m-%d %Z"', "timestamp_format", "timezone"),
        ('timestamp_format = "%Y-%m-%dT%H:%MZ"\ntimezone = "Asia/Tokyo"', "timestamp_format", "says UTC"),
        ('timestamp_format = "epoch"', "timestamp_format", "epoch_s"),
        ('timezone = "Europe/Berlim"', "timezone", "Europe/Berlin"),
        ('timezone = "EST"', "timezone", "America/New_York"),
        ('timezone = "MEZ"', "timezone", 'did you mean "Europe/Berlin"'),
        ('timezone = "MET"', "timezone", 'did you mean "Europe/Berlin"'),
        ('timezone = "Berlin"', "timezone", 'did you mean "Europe/Berlin"'),
        ('timezone = "Utc"', "timezone", 'did you mean "UTC"'),
        ('timezone = "+01:00"', "timezone", "must be a time zone"),
        ('timezone = "Asia/Tokyo"\ntimestamp_format = "epoch_s"', "timezone", "which is in UTC"),
        ('timestamp_unit = "hours"', "timestamp_unit", "needs timestamp_origin"),
        ('timestamp_origin = "2017-01-01"', "timestamp_origin", "needs timestamp_unit"),
        ('timestamp_unit = "hour"\ntimestamp_origin = "2017-01-01"', "timestamp_unit", '"hours"'),
        ('timestamp_origin = "soon"\ntimestamp_unit = "hours"', "timestamp_origin", "2017-01-01"),
        ('timestamp_origin = "0001-01-01"\ntimestamp_unit = "hours"', "timestamp_origin", "2017-01-01"),
        (
            'timestamp_unit = "hours"\ntimestamp_origin = "2017-01-01"\ntimestamp_format = "iso"',
            "timestamp_unit",
            "cannot be used with timestamp_format",
        ),
        ('decimal = ";"', "decimal", '","'),
        ('thousands = "."', "thousands", 'decimal = ","'),
        ('decimal = ","\nthousands = ","', "thousands", "decimal mark"),
        ('thousands = "x"', "thousands", '"x"'),
        ('null_values = ["0"]', "null_values", '"0"'),
        ('null_values = "NULL"', "null_values", "list"),
        ('null_values = ["False"]', "null_values", '"False"'),
    ],
)
def test_what_cannot_be_meant_is_refused_with_line_and_key(tmp_path: Path, keys: str, key: str, said: str) -> None:
    with pytest.raises(DetectorFileError) as caught:
        read(tmp_path, keys)

    line = next(_LINE + place for place, text in enumerate(keys.splitlines()) if text.startswith(key))
    assert f"line {line}: {key} in [event]" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "zone", ["MEZ", "local", "localtime", "EST", "gmt", "GTM", "Eire", "Europe/Berln", "US/Eastrn"]
)
def test_a_zone_that_is_suggested_is_taken(tmp_path: Path, zone: str) -> None:
    with pytest.raises(DetectorFileError) as refused:
        read(tmp_path, f'timezone = "{zone}"')

    suggested = re.findall('did you mean "(.*)"', str(refused.value))
    assert [read(tmp_path, f'timezone = "{one}"').timezone or "UTC" for one in suggested] == suggested
