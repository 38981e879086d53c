"""Patterns of times, checked as a detector file has them."""

from __future__ import annotations

import pytest
from tollgate.core.times.time_pattern import TimePattern, find_fault


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("%m/%d/%Y %H:%M %p", "%p without %I"),
        ("%m/%d/%Y %I:%M", "%I without %p"),
        ("%m/%d/%Y %H %I %p", "%H and %I"),
        ("%d/%m %H:%M", "no year"),
        ("%m/%Y", "no day"),
        ("%d.%Y", "no month"),
        ("%H:%M", "no year"),
        ("%Y-%m-%d %M", "%M without %H"),
        ("%Y-%m-%d %H:%S", "%S without %M"),
        ("%Y-%m-%d %H:%M.%f", "%f without %S"),
        ("%d/%d/%Y", "%d twice"),
        ("%Y %y %m %d", "%Y and %y"),
        ("%d %m %b %Y", "month twice"),
        ("%d %b %B %Y", "another for the same"),
        ("%Y %j %d", "%j beside"),
        ("%Y-W%W-%w", "counts weeks"),
        ("%G-W%V-%u", "counts weeks"),
        ("%Y %U %a", "counts weeks"),
        ("%x %X", "depends on the language"),
        ("%c", "depends on the language"),
        ("%F %T", "write %Y-%m-%d"),
        ("%s", "epoch_s"),
        ("%Y-%m-%d %Q", "%Q"),
        ("%Y-%m-%d %", "% "),
        ("%%", "no year"),
        ("%Y-%m-%d %H:%M:%S %Z", "set timezone"),
        ("%Y-%m-%d %H:%M:%S EST", "set timezone"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern: str, said: str) -> None:
    fault = find_fault(TimePattern(pattern), has_zone=False)

    assert fault is not None
    assert said in fault


@pytest.mark.parametrize(
    "pattern",
    [
        *("%d.%m.%Y %H:%M", "%Y%m%d", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%y", "%Y-%j", "%A %d %B %Y"),
        *("%Y-%m-%d %H:%M:%S.%f %z", "%Y-%m-%d %H:%M:%S UTC", "100%% %Y-%m-%d", "%Y%m%d%H", "am %d.%m.%Y um %H Uhr"),
    ],
)
def test_a_whole_pattern_is_fine(pattern: str) -> None:
    assert find_fault(TimePattern(pattern), has_zone=False) is None


def test_words_of_utc_do_not_stand_beside_a_zone() -> None:
    assert find_fault(TimePattern("%Y-%m-%dT%H:%M:%SZ"), has_zone=True) is not None
    assert find_fault(TimePattern("%Y-%m-%d %H:%M:%S EST"), has_zone=True) is None


@pytest.mark.parametrize("text", ["31.02.2026", "1.13.2026", "01.01.26", "01.01.2026 ", "x01.01.2026", "٠١.٠١.٢٠٢٦"])
def test_a_text_that_does_not_follow_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TimePattern("%d.%m.%Y").read(text)


def test_a_pattern_sealed_before_is_read_as_it_was() -> None:
    assert TimePattern("%Y-W%W-%w").read("2026-W09-1").day == 2
    assert TimePattern("%m/%d/%Y %H:%M %p").read("01/05/2026 01:30 PM").hour == 1
    assert TimePattern("%d/%m %H:%M").read("05/01 10:00").year == 1900
