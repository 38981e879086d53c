"""Fix of `time.sleep` under libfaketime 0.9, which shifts the moment that it waits for, but not that clock.

Python runs this module at its start where this folder is on its path: `scripts/run_at_dates.py` puts it there.
"""

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex) -> None:
    """Wait for some seconds."""
    wait_s = float(seconds)
    if wait_s < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], wait_s)


time.sleep = sleep
