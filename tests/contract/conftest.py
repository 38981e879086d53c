"""Each test of the contract runs on the fakes and on the emulator, or on the fakes alone with `--storage fakes`."""

from __future__ import annotations

import pytest

EMULATOR = pytest.param("running", id="emulator", marks=pytest.mark.emulator)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    stated = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "named" in metafunc.fixturenames and "named" not in stated:
        further = [] if metafunc.config.getoption("--storage") == "fakes" else [EMULATOR]
        metafunc.parametrize("named", ["fakes", *further], indirect=True)
