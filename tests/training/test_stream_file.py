"""[stream] of a detector file: what is read, what is sealed, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.streams.mapping import StreamMapping
from tollgate.errors import DetectorFileError

from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.models.rules_only import seal_rules

BEGIN = """\
[detector]
id = "payments"

[event]
id = "event_id"
timestamp = "timestamp"
amount = "amount"
categorical = ["channel"]
ignored = ["note"]

[entities]
customer = "customer_id"

[[rules]]
name = "large"
when = "amount > 5000"
outcome = "block"

[stream]
"""
NEEDED = 'event_id = "p.id", timestamp = "p.at"'


def read(tmp_path: Path, stream: str) -> DetectorFile:
    path = tmp_path / "detector.toml"
    path.write_text(BEGIN + stream)
    return read_detector_file(path)


def test_nothing_is_mapped_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, "").stream == StreamMapping()


def test_what_is_mapped_is_sealed(tmp_path: Path) -> None:
    written = f'mapping = {{ {NEEDED}, amount = "p.sum.value", customer_id = "$key", note = "n" }}'
    file = read(tmp_path, f"{written}\nminor_units = {{ amount = 2 }}")
    columns = {"event_id": "p.id", "timestamp": "p.at", "amount": "p.sum.value", "customer_id": "$key", "note": "n"}
    assert file.stream == StreamMapping(columns, {"amount": 2})
    assert seal_rules(file, None, tmp_path / "versions", lambda _: None).version.stream == file.stream


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            f'mapping = {{ {NEEDED}, amuont = "a" }}',
            r'mapping in \[stream\] names "amuont", .*did you mean "amount"',
        ),
        (f'mapping = {{ {NEEDED}, xyz = "a" }}', r'names "xyz", .*; the declared columns are amount, channel, '),
        ('mapping = { event_id = "p.id" }', r'lacks "timestamp", which every event needs'),
        (f'mapping = {{ {NEEDED}, amount = "" }}', r'give "amount" a path such as "payment.id", not ""'),
        (f'mapping = {{ {NEEDED}, amount = "a..b" }}', r'a path such as "payment.id"'),
        (f"mapping = {{ {NEEDED}, amount = 3 }}", r'a path such as "payment.id", not 3'),
        (f'mapping = {{ {NEEDED}, amount = "$value" }}', r'the only path that begins with \$ is "\$key"'),
        (f"mapping = {{ {NEEDED} }}\nminor_units = {{ amount = 2 }}", r'"amount", which has no path in mapping'),
        (f"mapping = {{ {NEEDED} }}\nminor_units = {{ channel = 2 }}", r'minor_units in \[stream\] names "channel"'),
        (f'mapping = {{ {NEEDED}, amount = "a" }}\nminor_units = {{ amount = 0 }}', r"1 to 6 decimals, not 0"),
        (f'mapping = {{ {NEEDED}, amount = "a" }}\nminor_units = {{ amount = true }}', r"1 to 6 decimals, not true"),
        ('mapping = "p"', r"must be a table"),
        ('maping = { event_id = "p.id" }', r'maping in \[stream\] is not a known key \(did you mean "mapping"'),
    ],
)
def test_mistakes_are_named(tmp_path: Path, written: str, message: str) -> None:
    with pytest.raises(DetectorFileError, match=message) as raised:
        read(tmp_path, written)
    assert ", line " in str(raised.value)
