"""Test runs at other dates, time zones and locales, with libfaketime.

    python scripts/run_at_dates.py [--setting NAME ...] [PYTEST ARGUMENTS]

Every process sees the same clock: the real one, moved. Left out are the tests in a browser and on Spark, and those on
Kafka where the clock is moved, as none of these run under another's clock; and the slow ones. Services run on the fakes
of AWS, and properties with few examples: what depends on the date does so there too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")
SLEEP = ROOT / "scripts" / "other_dates"
LEFT_OUT = "not slow and not browser and not spark and not handbook"
QUICKLY = ("--storage", "fakes", "--hypothesis-profile", "dev")


@dataclass(frozen=True)
class Setting:
    """When and where tests run: a local time, None for now, and what the environment says of zone and language."""

    name: str
    zone: str
    local: datetime | None = None
    language: Mapping[str, str] = field(default_factory=dict)

    @property
    def marks(self) -> str:
        """Which tests run there and then, as pytest's ``-m`` takes it."""
        return LEFT_OUT if self.local is None else f"{LEFT_OUT} and not kafka"

    def environment(self, library: Path) -> dict[str, str]:
        """The variables of a process that runs there and then."""
        given = {"TZ": self.zone, **self.language}
        if self.local is None:
            return given
        ahead_s = self.local.replace(tzinfo=ZoneInfo(self.zone)).timestamp() - time.time()
        return {
            **given,
            "LD_PRELOAD": str(library),
            "FAKETIME": f"{ahead_s:+.0f}s",
            # what waits goes on waiting as long, and a file is as old as it is
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            # read once: it would read the environment again and again, which crashes while a test changes it
            "FAKETIME_CACHE_DURATION": "1000000",
            "PYTHONPATH": str(SLEEP),
        }


SETTINGS = (
    Setting("New Year's Eve", "UTC", datetime(2026, 12, 31, 23, 59)),
    Setting("29 February", "UTC", datetime(2028, 2, 29, 12, 0)),
    Setting("a change to summer time", "Europe/Berlin", datetime(2027, 3, 28, 1, 59, 30)),
    Setting("New York", "America/New_York"),
    Setting("Kolkata, no language", "Asia/Kolkata", None, {"LC_ALL": "C"}),
)


def main(arguments: Sequence[str]) -> int:
    """Run the tests once in each setting, or those that are named; return 0 if all passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--setting", action="append", choices=[setting.name for setting in SETTINGS])
    asked, others = parser.parse_known_args(arguments)
    library = _find_library()
    took: list[tuple[str, bool, float]] = []
    for setting in SETTINGS:
        if asked.setting and setting.name not in asked.setting:
            continue
        print(f"\n{setting.name} ({setting.zone})", flush=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-m", setting.marks, *QUICKLY, *others]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **setting.environment(library)}, check=False)
        took.append((setting.name, done.returncode == 0, time.monotonic() - began))
    print()
    for name, passed, seconds in took:
        print(f"{'passed' if passed else 'FAILED'}  {seconds:6.0f} s  {name}")
    return int(not all(passed for _, passed, _ in took))


def _find_library() -> Path:
    for pattern in LIBRARIES:
        for found in Path("/").glob(pattern.lstrip("/")):
            return found
    raise SystemExit("libfaketime was not found; scripts/install_system_packages.sh installs it (Debian: faketime).")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
