"""`sam build` as the page on deploying has a reader type it, and the whole path through what it built."""

from __future__ import annotations

import ast
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import build_package
import pytest

from localstack import emulator
from localstack.deployment import DeploymentError, deploy
from localstack.template import FUNCTIONS, TEMPLATE, find_code, find_folders, load_template
from tests.docs.pages import ROOT, blocks_run_by

BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
MEGABYTE = 1_000_000
# How a compiled module's name ends on Lambda: for its Python and system, for any Python 3, or for any.
LAMBDA_SUFFIXES = (".cpython-313-x86_64-linux-gnu.so", ".abi3.so")
RUNS_AS_LAMBDA = (build_package.HOST_PYTHON, platform.machine(), sys.platform) == (
    *(build_package.LAMBDA_PYTHON, "x86_64"),
    "linux",
)

pytestmark = pytest.mark.skipif(not SAM.exists(), reason="the SAM command line is not installed")


def run_in_root(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "SAM_CLI_TELEMETRY": "0", **environment}
    return subprocess.run(
        ["bash", "-euc", command], cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=560
    )


@pytest.fixture(scope="module")
def built() -> dict[str, Path]:
    """The folders that the page's own commands left, by the logical id of the function or layer."""
    (block,) = blocks_run_by("tests/integration/test_sam_build.py")
    assert "sam build" in block.text
    done = run_in_root(block.text)
    assert done.returncode == 0, done.stdout + done.stderr
    return find_folders(load_template(BUILT), BUILT)


def imports_of(file: Path) -> set[str]:
    """The top-level names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return {name for name in names - sys.stdlib_module_names if not name.startswith("mypy_boto3_")}  # for types alone


def test_every_function_and_layer_is_built_and_small_enough(built: dict[str, Path]) -> None:
    assert set(built) == set(find_code(load_template(TEMPLATE)))
    sizes = {
        name: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) for name, folder in built.items()
    }
    layer = sizes.pop("ParquetLayer")
    assert max(sizes.values()) < 100 * MEGABYTE
    assert layer + max(sizes.values()) < 250 * MEGABYTE
    assert min(layer, *sizes.values()) > 10 * MEGABYTE


def test_handlers_are_in_what_was_built(built: dict[str, Path]) -> None:
    template = load_template(BUILT)
    functions = [name for name, where in find_code(template).items() if where == "CodeUri"]
    for name in functions:
        module, _, handler = template["Resources"][name]["Properties"]["Handler"].rpartition(".")
        text = built[name].joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        assert handler in text


def test_what_the_functions_import_is_in_what_was_built(built: dict[str, Path]) -> None:
    layer = built["ParquetLayer"] / "python"
    needed = set().union(*(imports_of(file) for file in (FUNCTIONS / "tollgate").rglob("*.py")))
    assert {"numpy", "onnxruntime", "pyarrow"} <= needed
    for name, folder in built.items():
        there = {path.name.removesuffix(".py") for path in (*folder.iterdir(), *layer.iterdir())}
        assert name == "ParquetLayer" or needed <= there, f"{name}: {needed - there}"


def test_compiled_modules_are_those_of_lambdas_python(built: dict[str, Path]) -> None:
    for name, folder in built.items():
        modules = [file.name for file in folder.rglob("*.cpython-*.so")] + [f.name for f in folder.rglob("*.abi3.so")]
        assert len(modules) >= 5, name
        assert [module for module in modules if not module.endswith(LAMBDA_SUFFIXES)] == []


@pytest.mark.emulator
@pytest.mark.skipif(not emulator.PYTHON.exists(), reason="the embedded emulator is not installed")
def test_the_whole_path_works_on_what_was_built(built: dict[str, Path]) -> None:
    """The emulator runs functions with this machine's Python: where that is not Lambda's, sam builds for this one."""
    assert built
    template = BUILT
    if not RUNS_AS_LAMBDA:
        template = ROOT / ".build" / "sam" / "template.yaml"
        path = f"{SAM.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = run_in_root("sam build --build-dir .build/sam", ARCHITECTURE="host", PYTHON=sys.executable, PATH=path)
        assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, "-m", "localstack.demo", "--smoke", "--template", str(template)]
    smoke = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert smoke.returncode == 0, smoke.stderr
    checked: dict[str, Any] = json.loads(smoke.stdout)
    assert checked["ok"]
    assert checked["batch_rows"] > 0


def test_a_template_that_was_not_built_is_named() -> None:
    with pytest.raises((FileNotFoundError, DeploymentError), match="use a template that `sam build` wrote"):
        deploy("http://127.0.0.1:1", built=TEMPLATE)
