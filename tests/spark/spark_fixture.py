"""One Spark on this machine, with one Java process for all tests.

A test module takes it with `pytest_plugins = ("tests.spark.spark_fixture",)`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localstack.emulator import Emulator

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


# Tests are over before what makes long jobs fast has paid for itself: without it they take less than half the time.
_SHORT_LIVED = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions "
    "-XX:-BytecodeVerificationRemote",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
}


@pytest.fixture(scope="session")
def spark(running: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A Spark session, whose workers speak to the emulator."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - where it is installed

    tools = str(Path(find_spec("pyspark").origin).parents[1])  # type: ignore[union-attr,arg-type]
    environment = {**running.environment(), "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": tools}
    with pytest.MonkeyPatch.context() as patch:
        # Java, and the workers that it starts, keep the environment of this moment.
        for name, value in environment.items():
            patch.setenv(name, value)
        builder = SparkSession.builder.master("local[1]")
        for name, value in _SHORT_LIVED.items():
            builder = builder.config(name, value)
        session = (
            builder.config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.local.dir", str(tmp_path_factory.mktemp("spark")))
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
