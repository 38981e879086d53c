"""Settings of a function, read from its environment once: its resources, and limits of sizes, times and tries."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any

from tollgate.errors import SettingsError

_PREFIX = "TOLLGATE_"


@dataclass(frozen=True)
class Settings:
    """Environment variables TOLLGATE_BUCKET, TOLLGATE_HISTORY_TABLE and so on, as the template sets them."""

    bucket: str
    history_table: str
    decisions_table: str
    detector: str
    decision_days: int = 400
    refresh_s: float = 30.0
    # Files of payments, unpacked too.
    largest_file_bytes: int = 10 * 1000**3
    # The most rows that are scored together.
    piece_rows: int = 16_384
    # The memory of the function, and the share of it that the histories of a file's keys may take.
    memory_mb: int = 1769
    histories_share: float = 0.7
    # The queue that files come from, and that work is handed on to.
    queue_url: str = ""
    # A file is handed on to another run when the function has this much time left.
    hand_on_s: float = 120.0
    # How long a run has a file for itself without a sign of life, and how often it gives one.
    lease_s: float = 120.0
    heartbeat_s: float = 5.0
    # How often it is noted from where a further run can go on.
    checkpoint_s: float = 60.0
    # Runs that bring a file no further, until it is given up. The queue delivers a message once more than that.
    most_tries: int = 3
    # Results are sent in parts of this size, which grow with their number; S3 takes none below 5 MB but the last.
    part_bytes: int = 8 * 1024 * 1024
    # How long one try of a read or write may take where the detector chose to decide without it.
    patience_s: float = 1.0
    # The EventBridge bus that is told of decisions; none where it is empty.
    event_bus: str = ""
    # The address of the SQS queue for stream records that cannot be decided on.
    dead_letter_url: str = ""
    # The ARN of the Kinesis stream that gets the decisions on a stream's events; none where it is empty.
    result_stream: str = ""
    # What a function keeps in memory of the index that it searched.
    index_cache_bytes: int = 256 << 20
    # Whether ids such as tollgate-force-block force an outcome: for test deployments.
    forced_outcomes: bool = False

    @property
    def histories_bytes(self) -> int:
        """The most memory that the histories of a file's keys may take."""
        return int(self.memory_mb * 1e6 * self.histories_share)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read the variables; raise `SettingsError` for one that lacks, or is no number or truth where it has to be."""
        named = {setting.name: _PREFIX + setting.name.upper() for setting in fields(cls)}
        named["memory_mb"] = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"  # Lambda itself says it
        lacking = [
            named[one.name] for one in fields(cls) if one.default is MISSING and not environment.get(named[one.name])
        ]
        if lacking:
            raise SettingsError(f"The environment lacks {', '.join(lacking)}; the template sets them.")
        given = {
            one.name: (one.default, environment[named[one.name]])
            for one in fields(cls)
            if named[one.name] in environment
        }
        return cls(**{name: _read(named[name], default, text) for name, (default, text) in given.items()})


def _read(variable: str, default: object, text: str) -> Any:  # noqa: ANN401 - as the setting's default is
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise SettingsError(f'{variable} is "{text}", which is neither true nor false; correct it in the function.')
        return text == "true"
    try:
        return type(default)(text) if isinstance(default, int | float) else text
    except ValueError:
        kind = "whole number" if isinstance(default, int) else "number"
        raise SettingsError(f'{variable} is "{text}", which is no {kind}; correct it in the function.') from None


@cache
def read_settings() -> Settings:
    """Return the settings of this process."""
    return Settings.of(os.environ)
