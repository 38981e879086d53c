"""Sleep of Python under libfaketime 0.9: it moves the moment until which `time.sleep` waits, though that clock is not.

Python runs this module at its start where this folder is on its path: `scripts/run_at_dates.py` puts it there.
"""

import select
import time


def sleep(seconds: float) -> None:
    """Wait for some seconds."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = sleep
