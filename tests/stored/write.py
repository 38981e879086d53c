"""Write a new folder of stored storage, with today's code: ``python -m tests.stored.write FOLDER``.

A folder that has its storage and no answers yet, as one filled by other code, gets its answers alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from localstack.emulator import Emulator, running_emulator
from tests.stored.live import live
from tests.stored.questions import ask, questions
from tests.stored.storage import Stored, fresh_backend, write_lines
from tests.stored.versions import DETECTOR_FILE, seal_small_versions

FOLDERS = Path(__file__).parent
EXPECTED = "expected.json"


def write_storage(running: Emulator, folder: Path, detector_file: Path = DETECTOR_FILE) -> None:
    """Fill fresh storage and save it."""
    with tempfile.TemporaryDirectory() as scratch, fresh_backend(running, "written") as backend:
        live(backend, seal_small_versions(detector_file, Path(scratch)))
        Stored.of(backend).save(folder)


def write_expected(running: Emulator, folder: Path) -> None:
    """Ask the storage in a folder, and save the answers."""
    with fresh_backend(running, "asked") as backend:
        Stored.open(folder).load(backend)
        asked = [{**one.to_json(), "expected": ask(backend, one)} for one in questions()]
    (folder / EXPECTED).write_text(write_lines(asked) + "\n", encoding="utf-8")


def main(name: str) -> None:
    """Write the folder ``name``."""
    folder = FOLDERS / name
    if (folder / EXPECTED).exists():
        raise SystemExit(f"{folder} is there, and stands for what people have stored; write another one beside it.")
    asyncio.set_event_loop(asyncio.new_event_loop())
    with tempfile.TemporaryDirectory() as scratch, running_emulator(0, Path(scratch, "log")) as running:
        if not folder.exists():
            write_storage(running, folder)
        write_expected(running, folder)
    print(json.dumps({path.name: path.stat().st_size for path in sorted(folder.iterdir())}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Say which folder to write, as in: python -m tests.stored.write 2027-03")
    main(sys.argv[1])
