"""Package for EMR Serverless: an archive of the job's dependencies, and its start script.

    python -m spark_job.package FOLDER [--architecture arm64] [--python-version 3.11]

The archive has ``bin/python``, which runs the image's own Python with the archive's packages: a virtual environment
would point to the Python of the machine that built it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from build_package import PLATFORMS, find_uv

ROOT = Path(__file__).resolve().parent.parent
EMR_PYTHON = "3.11"
_PYTHON = """#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH="$here/packages${{PYTHONPATH:+:$PYTHONPATH}}"
exec python{version} "$@"
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the archive and the script; an error ends it with one sentence and exit status 1."""
    parser = argparse.ArgumentParser(
        prog="python -m spark_job.package", description="Build what EMR Serverless needs to run the Spark job."
    )
    parser.add_argument("folder", type=Path, help="folder to write the archive and the start script to")
    parser.add_argument(
        "--architecture", choices=sorted(PLATFORMS), default="x86_64", help="processor (default: %(default)s)"
    )
    parser.add_argument(
        "--python-version", default=EMR_PYTHON, help="Python version of the EMR release (default: %(default)s)"
    )
    asked = parser.parse_args(arguments)
    try:
        build_environment(asked.folder / "environment", asked.python_version, PLATFORMS[asked.architecture])
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        sys.exit(f"The Spark package was not built: {error}")
    with tarfile.open(asked.folder / "environment.tar.gz", "w:gz", compresslevel=6) as archive:
        archive.add(asked.folder / "environment", arcname=".")
    shutil.copyfile(ROOT / "spark_job" / "__main__.py", asked.folder / "tollgate_spark.py")


def build_environment(folder: Path, python_version: str, platform: str | None) -> None:
    """Put packages, our own code and ``bin/python`` into ``folder``; ``platform`` None means this machine's."""
    shutil.rmtree(folder, ignore_errors=True)
    packages, python = folder / "packages", folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    system = ("--python-platform", platform) if platform else ()
    subprocess.run(
        [
            *(find_uv(), "pip", "install", "--quiet", "--python", sys.executable, "--python-version", python_version),
            *(*system, "--only-binary", ":all:", "--require-hashes"),
            *("-r", str(ROOT / "requirements" / "spark-job.txt"), "--target", str(packages)),
        ],
        check=True,
    )
    for code in (ROOT / "functions" / "tollgate", ROOT / "spark_job"):
        shutil.copytree(code, packages / code.name, ignore=shutil.ignore_patterns("__pycache__"))
    python.write_text(_PYTHON.format(version=python_version))
    python.chmod(0o755)


if __name__ == "__main__":
    main()
