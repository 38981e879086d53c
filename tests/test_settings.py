"""What a function reads from its environment, and what it says when something lacks."""

from __future__ import annotations

import pytest
from tollgate.errors import SettingsError
from tollgate.settings import Settings

NEEDED = {
    "TOLLGATE_BUCKET": "bucket",
    "TOLLGATE_HISTORY_TABLE": "history",
    "TOLLGATE_DECISIONS_TABLE": "decisions",
    "TOLLGATE_DETECTOR": "payments",
}


def test_what_is_needed_is_read_and_the_rest_has_defaults() -> None:
    settings = Settings.of({**NEEDED, "OTHER": "1"})

    assert (settings.bucket, settings.detector) == ("bucket", "payments")
    assert (settings.decision_days, settings.refresh_s) == (400, 30.0)


def test_numbers_are_read_as_what_they_are() -> None:
    settings = Settings.of({**NEEDED, "TOLLGATE_DECISION_DAYS": "30", "TOLLGATE_REFRESH_S": "0.5"})

    assert settings.decision_days == 30
    assert settings.refresh_s == 0.5


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("value", [None, ""])
def test_what_lacks_is_named(name: str, value: str | None) -> None:
    environment = {**NEEDED, name: value} if value is not None else {key: NEEDED[key] for key in NEEDED if key != name}

    with pytest.raises(SettingsError, match=name):
        Settings.of({key: text for key, text in environment.items() if text is not None})


@pytest.mark.parametrize("text", ["", "many", "1.5"])
def test_what_is_no_number_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match="TOLLGATE_DECISION_DAYS"):
        Settings.of({**NEEDED, "TOLLGATE_DECISION_DAYS": text})


@pytest.mark.parametrize(("text", "forced"), [("true", True), ("false", False)])
def test_true_and_false_are_read_as_the_template_writes_them(text: str, forced: bool) -> None:
    assert Settings.of({**NEEDED, "TOLLGATE_FORCED_OUTCOMES": text}).forced_outcomes is forced


@pytest.mark.parametrize("text", ["", "False", "1"])
def test_what_is_neither_true_nor_false_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"TOLLGATE_FORCED_OUTCOMES .*neither true nor false"):
        Settings.of({**NEEDED, "TOLLGATE_FORCED_OUTCOMES": text})
