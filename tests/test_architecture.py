"""Imports only run downwards, and what is heavy or impure stays in its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.architecture.source import FUNCTIONS, ROOT, find_modules, imports_of, list_imports

CORE = FUNCTIONS / "tollgate/core"
AWS = {"boto3", "botocore"}
MAY_IMPORT_AWS = {
    *("model_build/deployment/publish.py", "model_build/cli/main.py", "model_build/cli/operations.py"),
}
IMPURE = {"os", "time", "random", "socket", "subprocess", "requests", "httpx", "logging", "pathlib", "tempfile"}
WEB = {"fastapi", "starlette", "mangum", "pydantic"}
TRAINING = {"sklearn", "xgboost", "skl2onnx", "pandas"}
# Layer → the layers that it must not know.
ABOVE = {
    "core": ("adapters", "services", "handlers", "settings", "observability"),
    "adapters": ("services", "handlers"),
    "services": ("handlers",),
}


def modules_in(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert found, folders
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)}


@pytest.mark.parametrize("layer", ABOVE)
def test_a_layer_knows_none_above_it(layer: str) -> None:
    forbidden = tuple(f"tollgate.{above}" for above in ABOVE[layer])
    wrong = {
        name_of(path): name
        for path in modules_in(f"functions/tollgate/{layer}")
        for name in imports_of(path)
        if name.startswith(forbidden)
    }

    assert wrong == {}


@pytest.mark.parametrize("path", modules_in("functions/tollgate/core"), ids=name_of)
def test_the_core_is_pure(path: Path) -> None:
    # What files leave between their pieces is kept in a folder that is given.
    given = {"pathlib"} if path.is_relative_to(CORE / "files") else set()

    assert not roots(path) & (AWS | WEB | IMPURE) - given


@pytest.mark.parametrize("path", modules_in("functions/tollgate/core"), ids=name_of)
def test_the_core_has_no_clock_and_opens_no_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    unseeded = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "default_rng"
        and not node.args
    ]

    assert not attributes & {"now", "utcnow", "today", "environ", "getenv"}
    assert not unseeded, "chance without a seed"
    assert not calls & {"open", "print", "input", "eval", "exec", "compile", "__import__"}


def test_nothing_that_serves_unpickles() -> None:
    wrong = [
        name_of(path)
        for path in modules_in("functions/tollgate")
        if roots(path) & {"pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve"}
    ]

    assert wrong == []


def test_only_adapters_speak_to_aws() -> None:
    folders = ("functions/tollgate", "model_build", "spark_job")
    speaking = {name_of(path) for path in modules_in(*folders) if roots(path) & AWS}

    assert {name for name in speaking if not name.startswith("functions/tollgate/adapters/")} <= MAY_IMPORT_AWS


def test_training_takes_only_error_types_from_aws() -> None:
    taken = {
        name
        for path in modules_in("model_build")
        for name in imports_of(path)
        if name.partition(".")[0] in AWS and not name.startswith("botocore.exceptions.")
    }

    assert taken == set()


def test_what_serves_never_imports_what_trains() -> None:
    wrong = [
        name_of(path)
        for path in modules_in("functions/tollgate")
        if roots(path) & {"model_build", "spark_job", "app", "localstack", "tests", *TRAINING, "pyspark"}
    ]

    assert wrong == []


def test_the_spark_job_takes_the_core_and_the_adapters_alone() -> None:
    # What builds its package runs on the machine that builds the functions', too.
    job = [path for path in modules_in("spark_job") if path.name != "package.py"]
    allowed = ("tollgate.core.", "tollgate.adapters.", "tollgate.errors.", "tollgate.clock")
    wrong = {
        name_of(path): name
        for path in job
        for name in imports_of(path)
        if (name.startswith("tollgate.") and not name.startswith(allowed))
        or name.partition(".")[0] in {"model_build", "app", "localstack", "tests", *TRAINING, *WEB}
    }

    assert wrong == {}


def test_spark_stays_in_its_job() -> None:
    others = modules_in("functions/tollgate", "model_build", "app", "localstack")

    assert [name_of(path) for path in others if roots(path) & {"pyspark", "spark_job"}] == []


def test_the_dashboard_imports_neither() -> None:
    wrong = [name_of(path) for path in modules_in("app") if roots(path) & {"tollgate", "model_build", "boto3"}]

    assert wrong == []


def closure(path: Path) -> set[Path]:
    """Return the modules of the functions that a module imports, and all that these import in turn."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        for name in imports_of(waiting.pop()):
            parts = name.split(".")
            for depth in (len(parts), len(parts) - 1):
                module = FUNCTIONS.joinpath(*parts[:depth]).with_suffix(".py")
                if module.exists() and module not in found:
                    found.add(module)
                    waiting.append(module)
    return found


def test_arrow_is_for_files_alone() -> None:
    using = {path for path in modules_in("functions/tollgate") if "pyarrow" in roots(path)}

    assert {path for path in using if not path.is_relative_to(CORE / "files")} == set()
    for door in ("api", "stream"):
        always = closure(FUNCTIONS / f"tollgate/handlers/{door}.py")
        assert not always & using, door


def test_only_handlers_know_the_web() -> None:
    wrong = [
        name_of(path)
        for path in modules_in("functions/tollgate", "model_build")
        if roots(path) & WEB and "/handlers/" not in name_of(path)
    ]
    # Pydantic reads the detector file, too.
    describing = [name for name in wrong if name.startswith("model_build/detector_file/")]

    assert wrong == describing
    assert not any(roots(ROOT / name) & (WEB - {"pydantic"}) for name in describing)


def test_the_environment_is_read_in_few_places() -> None:
    reading = {
        name_of(path)
        for path in modules_in("functions/tollgate")
        if any(name.startswith("os.") or name == "os" for name in imports_of(path))
    }

    assert reading == {
        "functions/tollgate/observability.py",
        "functions/tollgate/services/container.py",
        "functions/tollgate/settings.py",
    }


def test_a_decision_loads_no_web_framework_and_no_boto3() -> None:
    code = "import sys, tollgate.handlers.api; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not (WEB | {"boto3", "pydantic"}) & set(loaded)


CLOCKS = {"functions/tollgate/clock.py", "app/clock.py"}
TIME_OF_DAY = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
ATTRIBUTES = {name.partition(".")[2] for name in TIME_OF_DAY}


@pytest.mark.parametrize("folder", ["functions/tollgate", "model_build", "app", "localstack", "spark_job"])
def test_the_time_of_day_comes_from_the_clock(folder: str) -> None:
    asked = {
        f"{name_of(path)}:{node.lineno}"
        for path in modules_in(folder)
        if name_of(path) not in CLOCKS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES and ast.unparse(node) in TIME_OF_DAY
    }

    assert asked == set()


MAX_MODULES = 16


@pytest.mark.parametrize("folder", sorted({path.parent for path in find_modules().values()}), ids=name_of)
def test_a_folder_holds_what_one_takes_in_at_a_glance(folder: Path) -> None:
    modules = [path.name for path in folder.glob("*.py") if not path.name.startswith("__")]

    assert len(modules) <= MAX_MODULES
    if folder.parent in (ROOT, FUNCTIONS, ROOT / "app"):  # folders on the path of some program
        assert folder.name not in sys.stdlib_module_names


def test_no_modules_import_each_other_in_a_circle() -> None:
    left: dict[str, set[str]] = {name: set() for name in find_modules()}
    for name, other in list_imports():
        left[name].add(other)
    while free := [name for name, imports in left.items() if not imports & left.keys()]:
        for name in free:
            del left[name]

    assert sorted(left) == []
