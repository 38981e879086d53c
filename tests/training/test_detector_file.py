"""The detector file: what it means, and how mistakes in it are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.errors import DetectorFileError

from model_build.detector_file.reader import read_detector_file
from tests.training.detector_text import ROOT, SMALLEST, WHOLE, line_of, read, refusal


def test_the_smallest_file_gets_the_defaults(tmp_path: Path) -> None:
    file = read(tmp_path, SMALLEST)
    assert file.half_lives_s == (3600.0, 86_400.0, 604_800.0, 2_592_000.0)
    assert file.outcomes == (Outcome("approve", 0), Outcome("review", 900), Outcome("block", 975))
    assert file.event_type.label is None
    assert file.training.models == ("logistic_regression", "random_forest", "xgboost", "lightgbm")
    assert file.training.imbalance == ("none",)
    assert not file.record_batches
    assert file.costs is None
    assert not file.outcomes_from_cost


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/detector.toml")), ids=lambda p: p.parent.name)
def test_every_example_can_be_read(path: Path) -> None:
    assert read_detector_file(path).event_type.label is not None


def test_label_words_and_delay_are_read(tmp_path: Path) -> None:
    text = WHOLE.replace(
        'label = "fraud"',
        'label = "fraud"\nlabel_delay = "1.5d"\nlabel_values = { fraud = ["Chargeback", " F "], legitimate = "ok" }',
    )
    assert read(tmp_path, text).event_type.label == LabelRule("fraud", 129_600.0, None, ("chargeback", "f"), ("ok",))


@pytest.mark.parametrize(
    ("right", "wrong", "key", "nearest"),
    [
        ("amount =", "amonut =", "amonut in [event]", '"amount"'),
        ("seed =", "sede =", "sede in [training]", '"seed"'),
        ("half_lives =", "half_life =", "half_life in [history]", '"half_lives"'),
        ("[entities]", "[entitys]", "[entitys]", '"entities"'),
        ("[outcomes]", "[outcome]", "[outcome]", '"outcomes"'),
    ],
)
def test_a_typo_is_refused_with_line_key_and_the_nearest_known(
    tmp_path: Path, right: str, wrong: str, key: str, nearest: str
) -> None:
    text = WHOLE.replace(right, wrong, 1)
    message = refusal(tmp_path, text)
    assert f"line {line_of(text, wrong)}: {key}" in message
    assert f"did you mean {nearest}?" in message


def test_a_model_is_suggested_for_an_unknown_one(tmp_path: Path) -> None:
    text = WHOLE.replace("seed = 1", 'models = ["xgbost"]')
    message = refusal(tmp_path, text)
    assert f'line {line_of(text, "models")}: models in [training] names "xgbost"' in message
    assert 'did you mean "xgboost"?' in message


def test_reasons_against_a_background_are_refused_with_what_to_do(tmp_path: Path) -> None:
    message = refusal(tmp_path, WHOLE.replace("seed = 1", 'seed = 1\nreasons = "background"'))
    assert 'reasons in [training] can no longer be "background"; remove the key' in message


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ('amount = "amount"', "amount = 3", "amount in [event]"),
        ('numeric = ["age"]', 'numeric = "age"', "numeric in [event]"),
        ('numeric = ["age"]', "numeric = [1]", "numeric in [event]"),
        ('numeric = ["age"]', 'location = "place"', "location in [event]"),
        ('numeric = ["age"]', 'location = { latitude = "a" }', "location in [event]"),
        ('numeric = ["age"]', 'location = { latitude = 1, longitude = "b" }', "location in [event]"),
        ('numeric = ["age"]', 'location = { latitude = "a", longitude = "a" }', "location in [event]"),
        ("seed = 1", 'seed = "one"', "seed in [training]"),
        ("seed = 1", 'reasons = "all"', "reasons in [training]"),
        ("seed = 1", "reasons = true", "reasons in [training]"),
        ("seed = 1", "past_events = 10001", "past_events in [training]"),
        ("seed = 1", "past_events = -1", "past_events in [training]"),
        ("seed = 1", "seed = true", "seed in [training]"),
        ("seed = 1", "seed = -1", "seed in [training]"),
        ("seed = 1", "seed = 4294967296", "seed in [training]"),
        ("seed = 1", "reviews_per_day = 0", "reviews_per_day in [training]"),
        ("seed = 1", "test_share = 0.01", "test_share in [training]"),
        ('half_lives = ["1h"]', 'record_batches = "yes"', "record_batches in [history]"),
        ('half_lives = ["1h"]', "half_lives = []", "half_lives in [history]"),
        ('card = "card_id"', "card = 3", "card in [entities]"),
        ('card = "card_id"', 'card = ["a", "b", "c", "d", "e"]', "card in [entities]"),
        ("review = 900", "review = 900.5", "review in [outcomes]"),
        ("review = 900", "review = 1001", "review in [outcomes]"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_line_and_key(
    tmp_path: Path, right: str, wrong: str, key: str
) -> None:
    text = WHOLE.replace(right, wrong, 1)
    assert f"line {line_of(text, wrong)}: {key}" in refusal(tmp_path, text)


@pytest.mark.parametrize("length", ["7", "7 days", "-1d", "0d", "d", "1y", ""])
def test_a_length_of_time_that_is_none_is_refused(tmp_path: Path, length: str) -> None:
    message = refusal(tmp_path, WHOLE.replace('"1h"', f'"{length}"'))
    assert "half_lives in [history] must be a duration" in message
    assert f'not "{length}".' in message


def test_labels_may_be_known_at_once(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(WHOLE.replace('label = "fraud"', 'label = "fraud"\nlabel_delay = "0d"'))
    label = read_detector_file(path).event_type.label
    assert label is not None
    assert label.delay_s == 0


def test_a_label_delay_that_is_no_length_of_time_is_refused(tmp_path: Path) -> None:
    text = WHOLE.replace('label = "fraud"', 'label = "fraud"\nlabel_delay = "soon"')
    assert f"line {line_of(text, 'label_delay')}: label_delay in [event]" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ('categorical = ["amount"]', '"amount", which is already used as amount'),
        ('categorical = ["age"]', '"age", which is already used as numeric'),
        ('boolean = ["time"]', '"time", which is already used as timestamp'),
        ('ignored = ["fraud"]', '"fraud", which is already used as label'),
        ('label_time = "age"', '"age", which is'),
        ('label_time = "fraud"', '"fraud", which is'),
    ],
)
def test_a_column_with_two_roles_is_refused(tmp_path: Path, extra: str, named: str) -> None:
    text = WHOLE.replace('numeric = ["age"]', f'numeric = ["age"]\n{extra}')
    assert named in refusal(tmp_path, text)


@pytest.mark.parametrize("column", ["fraud", "known"])
def test_no_entity_may_be_told_by_the_label(tmp_path: Path, column: str) -> None:
    text = WHOLE.replace('"card_id"', f'["card_id", "{column}"]').replace(
        'label = "fraud"', 'label = "fraud"\nlabel_time = "known"'
    )
    assert f'"{column}"' in refusal(tmp_path, text)


def test_a_categorical_column_may_also_identify_an_entity(tmp_path: Path) -> None:
    file = read(tmp_path, WHOLE.replace('["age"]', '["age"]\ncategorical = ["card_id"]'))
    assert file.event_type.categorical == file.event_type.entity_columns == ("card_id",)


def test_outcomes_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    text = WHOLE.replace("review = 900", "review = 900\nblock = 900")
    assert f"line {line_of(text, 'block')}: block in [outcomes] must come after" in refusal(tmp_path, text)


def without_key(key: str) -> str:
    return "\n".join(
        line for number, line in enumerate(SMALLEST.splitlines()) if number < 3 or not line.startswith(key)
    )


def test_what_every_event_needs_is_asked_for(tmp_path: Path) -> None:
    assert "timestamp in [event] is required" in refusal(tmp_path, without_key("timestamp"))


def test_the_id_may_be_left_out(tmp_path: Path) -> None:
    event_type = read(tmp_path, without_key("id")).event_type
    assert event_type.id is None
    assert event_type.variables == {"time": "timestamp"}
    assert EventType.from_json(event_type.to_json()) == event_type


@pytest.mark.parametrize("key", ["label_delay", "label_time"])
def test_a_key_about_labels_needs_a_label(tmp_path: Path, key: str) -> None:
    assert f"{key} in [event] needs label" in refusal(tmp_path, SMALLEST + f'{key} = "7d"\n')


@pytest.mark.parametrize(
    "words", ['{ fraud = ["x"] }', '{ fraud = ["x"], legitimate = ["X"] }', '{ fraud = [], legitimate = ["a"] }']
)
def test_label_words_that_do_not_tell_the_two_apart_are_refused(tmp_path: Path, words: str) -> None:
    text = WHOLE.replace('label = "fraud"', f'label = "fraud"\nlabel_values = {words}')
    assert f"line {line_of(text, 'label_values')}: label_values in [event]" in refusal(tmp_path, text)


@pytest.mark.parametrize("name", ["Payments", "../x", "a b", "1st", "x" * 64])
def test_a_detector_id_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    assert "line 2: id in [detector]" in refusal(tmp_path, SMALLEST.replace('"payments"', f'"{name}"'))


def test_a_value_outside_its_section_is_refused(tmp_path: Path) -> None:
    assert "write [history]" in refusal(tmp_path, "history = 3\n" + SMALLEST)


def test_an_error_of_the_notation_names_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, SMALLEST + "amount = \n")
    assert "is not valid TOML" in message
    assert "line 6" in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DetectorFileError, match=r"Detector file .*nowhere\.toml does not exist\."):
        read_detector_file(tmp_path / "nowhere.toml")


def test_a_folder_is_no_detector_file(tmp_path: Path) -> None:
    with pytest.raises(DetectorFileError, match="cannot be read"):
        read_detector_file(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DetectorFileError, match="is not UTF-8 text; save it as UTF-8"):
        read_detector_file(path)


def test_a_timestamp_format_that_is_none_is_refused_with_the_nearest(tmp_path: Path) -> None:
    text = WHOLE.replace('label = "fraud"', 'label = "fraud"\ntimestamp_format = "isoo"')
    assert '(did you mean "iso"?)' in refusal(tmp_path, text)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(WHOLE, encoding="utf-8-sig")
    assert read_detector_file(path).detector


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("label_delay = 7", 'label_delay in [event] must be a string in quotes, such as "7d", not 7.'),
        ('null_values = "NULL"', 'null_values in [event] must be a list, such as ["NULL"], not "NULL".'),
        ("null_values = [0]", 'null_values in [event] must be a list of strings in quotes, such as ["NULL"].'),
        ('numeric = "age"', 'numeric in [event] must be a list, such as ["age"], not "age".'),
        ("amount = 5", 'amount in [event] must be a string in quotes, such as "5", not 5.'),
        ("max_ahead = true", 'max_ahead in [event] must be a string in quotes, such as "10m", not true.'),
        ('max_ahead = "soon"', 'must be a duration such as "12h" or "7d", not "soon".'),
        (
            'location = "lat"',
            'must be a table in braces, such as { latitude = "lat", longitude = "lon" }, not "lat".',
        ),
    ],
)
def test_a_value_of_another_kind_is_answered_with_the_right_form(tmp_path: Path, line: str, said: str) -> None:
    text = SMALLEST.replace("[event]\n", f'[event]\nlabel = "fraud"\n{line}\n')
    assert refusal(tmp_path, text).endswith(said)


@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("[training.xgboost]\neta = true\n", 7, "eta in [training.xgboost] must be a number of 0 or more, not true."),
        (
            "[training]\nseed = 1\n[training.xgboost]\nrounds = 3\netaa = 1\n",
            10,
            'etaa in [training.xgboost] is not a parameter of this model (did you mean "eta"?).',
        ),
        (
            "[lists.one]\nvalues = []\nkind = 'text'\n[lists.two]\nvalues = []\nkind = 'txt'\n",
            11,
            'kind in [lists.two] must be text or number (did you mean "text"?).',
        ),
        ("[safety]\nat_least = 0\n", 7, "at_least in [safety] must be a whole number above 0, not 0."),
        ("[training]\nvalidation_share = nan\n", 6, "must be at least 0.05 each, and at most 0.8 together."),
        ('amount = ""\n', 6, "amount in [event] must not be empty; remove the key if there is none."),
        ('amount = 3\namonut = ""\n', 7, 'amonut in [event] is not a known key (did you mean "amount"?).'),
        ("location = { lat = 2026-01-01, at = nan }\n", 6, "location in [event] must be { latitude ="),
        ("boolean = { a = 2026-01-01, b = [nan] }\n", 6, "must be a list, not { a = 2026-01-01, b = [nan] }."),
        (f'timezone = "{"x" * 300}"\n', 6, f'such as "Europe/Berlin", not "{"x" * 59}….'),
        ("description = 1\n[history]\nhalf_lives = [1]\n", 6, "description in [event] is not a known key"),
        ('type = """\n[history]\nhalf_lives = 1\n"""\n[history]\nhalf_lives = 1\n', 11, "must be a list, such as"),
    ],
)
def test_a_mistake_anywhere_names_its_own_line(tmp_path: Path, more: str, line: int, said: str) -> None:
    message = refusal(tmp_path, SMALLEST + more)
    assert f"detector.toml, line {line}: " in message
    assert said in message
