"""Batch scoring with a sealed version, chunk by chunk like the batch function; prints seconds by stage and memory.

python -m bench.serving.ours_batch PAYMENTS VERSION OUT
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

STAGES = ("read", "parse", "histories", "features", "model", "rules", "reasons", "write")


class _NoPandas(MetaPathFinder):
    """The function has no pandas, which pyarrow takes in where it finds it."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(name)


def read_peak_mb() -> float:
    """Return the most memory that this process has held: `ru_maxrss` would count that of the one that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure_stages() -> dict[str, float]:
    """Let each stage add the processor's time that it takes, in seconds, to what is returned."""
    from tollgate.core.detectors.model import Model  # noqa: PLC0415
    from tollgate.core.features.pipeline import FeatureSteps  # noqa: PLC0415 - after pandas is out of the way
    from tollgate.core.files import decide_chunk, scoring  # noqa: PLC0415
    from tollgate.core.files.readers import csv_reader  # noqa: PLC0415
    from tollgate.core.rules.matches import RuleAnswers  # noqa: PLC0415

    took: dict[str, float] = defaultdict(float)

    def timed(owner: Any, name: str, stage: str) -> None:  # noqa: ANN401 - a module or a class
        work: Callable[..., Any] = getattr(owner, name)

        def run(*values: Any, **named: Any) -> Any:  # noqa: ANN401
            began = time.thread_time()
            try:
                return work(*values, **named)
            finally:
                took[stage] += time.thread_time() - began

        setattr(owner, name, run)

    timed(csv_reader._CsvReading, "_fill", "read")
    timed(csv_reader._CsvReading, "_read", "read")
    timed(scoring.EventReader, "read", "parse")
    timed(scoring.FileHistories, "read", "histories")
    timed(FeatureSteps, "columns", "features")
    timed(Model, "predict", "model")
    timed(RuleAnswers, "of", "rules")
    timed(RuleAnswers, "names", "rules")
    timed(decide_chunk, "_explain", "reasons")
    timed(scoring, "tabulate", "write")
    timed(scoring, "write_lines", "write")
    return took


def main() -> None:
    """Score a file and print what it took as JSON."""
    sys.meta_path.insert(0, _NoPandas())
    from tollgate.core.detectors.version import VERSION_FILES, open_version  # noqa: PLC0415
    from tollgate.core.files.readers.chunks import open_chunks  # noqa: PLC0415
    from tollgate.core.files.readers.source import LocalFile  # noqa: PLC0415
    from tollgate.core.files.scoring import FileScoring  # noqa: PLC0415

    payments, folder, out = map(Path, sys.argv[1:])
    files = {name: (folder / name).read_bytes() for name in VERSION_FILES if (folder / name).exists()}
    version = open_version(folder.name, files)
    took = measure_stages()
    began, began_cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as work, out.open("wb") as results:
        scoring = FileScoring(version, Path(work))
        for scored in scoring.score(open_chunks(payments.name, LocalFile(payments))):
            results.write(scored.csv)
    print(
        json.dumps(
            {
                "rows": scoring.summary()["rows"],
                "seconds": time.perf_counter() - began,
                "cpu_s": time.process_time() - began_cpu,
                "rss_mb": read_peak_mb(),
                "stages": {stage: took[stage] for stage in STAGES},
            }
        )
    )


if __name__ == "__main__":
    main()
