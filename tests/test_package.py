"""The package that Lambda gets: small enough, complete, and the same for the same sources."""

import ast
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import build_package
import onnx
import pytest
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.events.reader import read_event

from localstack.packages import LAMBDA, THIS_MACHINE, Runtime, package_functions, package_parquet_layer
from model_build.deployment.publish import open_folder

MEGABYTE = 1_000_000  # Lambda's own limit counts 2^20 bytes and so is a little wider
API_LIMIT = 100 * MEGABYTE
LAMBDA_LIMIT = 250 * MEGABYTE

# Runs with nothing on the path but the standard library and the folders named.
PROBE = """
import io, json, sys
sys.path[:0] = sys.argv[3:]
import boto3, fastapi, mangum, numpy, onnxruntime, pydantic
from fastapi.encoders import jsonable_encoder
for service in ("s3", "dynamodb", "events", "kinesis", "sqs"):
    boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
session = onnxruntime.InferenceSession(sys.argv[1])
(doubled,) = session.run(None, {"x": numpy.arange(3, dtype=numpy.float32)})
found = {"doubled": jsonable_encoder(doubled.tolist()), "from": [boto3.__file__, numpy.__file__, onnxruntime.__file__]}
if sys.argv[2] == "parquet":
    import pyarrow, pyarrow.csv, pyarrow.parquet
    for compression in ("snappy", "gzip", "zstd", "lz4", "brotli", "none"):
        buffer = io.BytesIO()
        table = pyarrow.table({"amount": numpy.arange(5.0), "country": ["NL"] * 5})
        pyarrow.parquet.write_table(table, buffer, compression=compression)
        assert pyarrow.parquet.read_table(buffer).equals(table), compression
        (batch,) = pyarrow.parquet.ParquetFile(buffer).iter_batches()
        assert batch.num_rows == 5
    assert pyarrow.csv.read_csv(io.BytesIO(b"a,b\\n1,2\\n")).to_pydict() == {"a": [1], "b": [2]}
    found["from"].append(pyarrow.__file__)
print(json.dumps(found))
"""


def unpack(archive: bytes, folder: Path) -> Path:
    zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    return folder


def size_bytes(archive: bytes) -> int:
    return sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(archive)).infolist())


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(package_functions(), tmp_path_factory.mktemp("functions"))


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(package_parquet_layer(), tmp_path_factory.mktemp("layer"))


@pytest.fixture
def doubling_model(tmp_path: Path) -> Path:
    tensor = onnx.helper.make_tensor_value_info
    add = onnx.helper.make_node("Add", ["x", "x"], ["y"])
    single = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph([add], "doubling", [tensor("x", single, [None])], [tensor("y", single, [None])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10)
    file = tmp_path / "doubling.onnx"
    file.write_bytes(model.SerializeToString())
    return file


def probe(model: Path, kind: str, *folders: Path) -> list[str]:
    """Import everything from `folders` alone, run `model`, and return where the modules came from."""
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(model), kind, *map(str, folders)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["doubled"] == [0.0, 2.0, 4.0]
    origins: list[str] = found["from"]
    return origins


def test_functions_import_from_their_package_alone(functions: Path, doubling_model: Path) -> None:
    assert all(origin.startswith(str(functions)) for origin in probe(doubling_model, "functions", functions))


ZONE = """
import sys, zoneinfo
sys.path[:0] = sys.argv[1:]
zoneinfo.reset_tzpath(())
from tollgate.core.times.time_format import TimeFormat
print(TimeFormat(zone="Europe/Berlin").read("2026-07-01 12:00"))
"""


def test_time_zones_come_with_the_package(functions: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", ZONE, str(functions)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(result.stdout) == 1_782_900_000_000_000


SCORE = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.events.reader import read_event
from tollgate.core.detectors.version import open_version
import tollgate.handlers.api, tollgate.handlers.http_api.app, tollgate.handlers.stream
if len(sys.argv) > 3:
    import tollgate.handlers.batch
folder = Path(sys.argv[1])
version = open_version(folder.name, {file.name: file.read_bytes() for file in folder.iterdir()})
events = [read_event(version.event_type, example["event"]) for example in version.evaluation["examples"]]
print(json.dumps([int(decide_in_order(version, event, {}).scores[0]) for event in events]))
"""


@pytest.mark.parametrize("beside_layer", [False, True], ids=["alone", "beside the layer, as files are scored"])
def test_a_version_scores_from_the_package(
    functions: Path, layer: Path, sample_version: Path, beside_layer: bool
) -> None:
    folders = [str(layer / "python")] * beside_layer + [str(functions)]
    command = [sys.executable, "-I", "-S", "-c", SCORE, str(sample_version), *folders]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    version = open_folder(sample_version)
    events = [read_event(version.event_type, example["event"]) for example in version.evaluation["examples"]]
    assert json.loads(result.stdout) == [int(decide_in_order(version, event, {}).scores[0]) for event in events]


def test_the_layer_reads_parquet_beside_the_functions(functions: Path, layer: Path, doubling_model: Path) -> None:
    *_, arrow = probe(doubling_model, "parquet", layer / "python", functions)
    assert arrow.startswith(str(layer))


NAMES = """
import importlib, json, sys
sys.path[:0] = sys.argv[2:]
missing = []
for dotted in json.loads(sys.argv[1]):
    package, *names = dotted.split(".")
    found = importlib.import_module(package)
    try:
        for name in names:
            found = getattr(found, name)
    except (AttributeError, ImportError) as error:
        missing.append(f"{dotted}: {error}")
print(json.dumps(missing))
"""


def numpy_names(source: str) -> set[str]:
    """The dotted names of what a module takes from NumPy."""
    dotted: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        names, inner = [], node
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        if names and isinstance(inner, ast.Name) and inner.id == "np":
            dotted.add(".".join(["numpy", *reversed(names)]))
    return dotted


def test_all_that_the_functions_take_from_numpy_is_in_the_package(functions: Path) -> None:
    """Parts of NumPy are dropped, and it looks for some of them only when they are asked for."""
    sources = (file.read_text(encoding="utf-8") for file in (build_package.HERE / "tollgate").rglob("*.py"))
    dotted = sorted(set().union(*map(numpy_names, sources)))
    assert "numpy.linalg.solve" in dotted
    command = [sys.executable, "-I", "-S", "-c", NAMES, json.dumps(dotted), str(functions)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == []


def test_the_package_holds_the_code_as_it_is_now(functions: Path) -> None:
    sources = build_package.HERE / "tollgate"
    packaged = {file.relative_to(functions / "tollgate") for file in (functions / "tollgate").rglob("*.py")}
    assert packaged == {file.relative_to(sources) for file in sources.rglob("*.py")}
    for file in packaged:
        assert (functions / "tollgate" / file).read_bytes() == (sources / file).read_bytes()


def test_modules_are_compiled_for_where_they_will_lie(functions: Path, layer: Path) -> None:
    (compiled,) = (functions / "tollgate" / "__pycache__").glob("errors.*.pyc")
    assert b"/var/task/tollgate/errors.py" in compiled.read_bytes()
    (compiled,) = (layer / "python" / "pyarrow" / "__pycache__").glob("csv.*.pyc")
    assert b"/opt/python/pyarrow/csv.py" in compiled.read_bytes()


@pytest.mark.parametrize(
    "runtime", [LAMBDA, pytest.param(Runtime(LAMBDA.python_version, "arm64"), marks=pytest.mark.slow)], ids=str
)
def test_packages_are_small_enough(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    functions, layer = package_functions(runtime), package_parquet_layer(runtime)
    with capsys.disabled():
        for name, archive in {"functions": functions, "Parquet layer": layer}.items():
            unzipped, zipped = size_bytes(archive) / MEGABYTE, len(archive) / MEGABYTE
            print(f"\n{runtime.architecture} {name}: {unzipped:.1f} MB unzipped, {zipped:.1f} MB zipped", end="")
    assert size_bytes(functions) < API_LIMIT
    assert size_bytes(functions) + size_bytes(layer) < LAMBDA_LIMIT


def test_the_same_sources_make_the_same_archive() -> None:
    assert package_functions(THIS_MACHINE) == package_functions(THIS_MACHINE)


def test_an_archive_does_not_depend_on_dates_and_order(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("2")
    (tmp_path / "a").write_text("1")
    files = build_package.list_files(tmp_path)
    build_package.write_zip(files, tmp_path / "one.zip")
    (tmp_path / "a").touch()
    build_package.write_zip(reversed(files), tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
