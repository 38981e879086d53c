"""Recording of a scored file: its payments are added to the histories exactly once, in batches with marks."""

from __future__ import annotations

import time
from contextlib import closing

from tollgate import clock
from tollgate.adapters.dynamodb.histories import BATCH_KEYS, history_key
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.services.batches.batch_run import BatchRun
from tollgate.services.batches.delivery import Delivery
from tollgate.services.batches.lease import BatchLease
from tollgate.services.container import Container


def record_rows(container: Container, file: BatchFile, delivery: Delivery, lease: BatchLease, run: BatchRun) -> bool:
    """Add what is left to the histories and return True; False if there is no time for all of it.

    What is added follows from the last checkpoint alone, so that each run adds the same batches in the same order.
    """
    version, scoring = run.version, run.scoring
    expires_s = max(clock.now_s(), scoring.latest_s) + version.history.forgotten_after_s
    additions = ((history_key(version.history_space, entity, key), sums) for entity, key, sums in scoring.additions())
    first_batch = int(lease.progress.get("recorded", 0)) // BATCH_KEYS
    batches = container.histories.add_in_batches(
        f"{version.history_space}#recorded#{file.batch_id}", additions, expires_s, first_batch=first_batch
    )
    noted_s = time.monotonic()
    with closing(batches):
        for done in batches:
            lease.report(phase="recording", recorded=done * BATCH_KEYS)
            if time.monotonic() - noted_s >= container.settings.checkpoint_s:
                lease.keep(lease.checkpoint or "")
                noted_s = time.monotonic()
            if delivery.left_s() < container.settings.hand_on_s:
                return False
    return True
