"""What tests on Spark need: `need_spark()` before they import it, and `pytestmark = MARKS`."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest

# PySpark's own: it asks for an older pandas, of which we use nothing, and leaves sockets to the garbage collector.
MARKS = [
    pytest.mark.spark,
    pytest.mark.emulator,
    pytest.mark.filterwarnings("ignore:PySpark does not yet:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def need_spark() -> None:
    """Skip the tests of a module where Spark cannot run."""
    if find_spec("pyspark") is None:
        pytest.skip("PySpark is not installed; `make .tools/spark/ready` does it", allow_module_level=True)
    if shutil.which("java") is None:
        pytest.skip("there is no Java; scripts/install_system_packages.sh installs it", allow_module_level=True)
