"""Build of what Lambda runs, in a folder: the functions' package, or the layer that reads Parquet.

    python3 build_package.py functions FOLDER [--architecture arm64 | host]
    python3 build_package.py parquet FOLDER

It needs only uv and the standard library. It downloads wheels for the given architecture, so the host may have another.
Then it removes what no function imports: Lambda loads at most 250 MB, and a smaller package starts sooner.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAMBDA_PYTHON = "3.13"
# Lambda's python3.13 stands on Amazon Linux 2023, whose C library is 2.34.
PLATFORMS = {"x86_64": "x86_64-manylinux_2_34", "arm64": "aarch64-manylinux_2_34"}
# This machine and the Python that builds, for an emulator that runs the functions with it.
HOST = "host"
HOST_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
AWS_SERVICES = ("dynamodb", "events", "kinesis", "s3", "sqs", "sts")

# importlib.metadata reads these two (OpenTelemetry finds its context by entry point); licences stay with their code.
METADATA_KEPT = ("METADATA", "entry_points.txt", "licenses", "LICENSE*", "NOTICE*")

FUNCTIONS_DROPPED = (
    "annotated_types/test_cases.py",
    "anyio/_backends/_trio.py",
    "anyio/pytest_plugin.py",
    "bin",
    # of resources; functions have clients
    "boto3/dynamodb",
    "boto3/ec2",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json",
    "botocore/stub.py",
    # botocore reads times, and no rules of recurrence or zones
    "dateutil/rrule.py",
    "dateutil/tz/win.py",
    "dateutil/zoneinfo",
    "fastapi/.agents",
    "fastapi/testclient.py",
    # Protocol Buffers: only ONNX Runtime's tools read models with them
    "google",
    # how names of hosts are mapped that are not ASCII; no function connects to one
    "idna/uts46data.py",
    "numpy/_core/_*_tests.*",
    "numpy/_core/_simd.*",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/_pyinstaller",
    "numpy/conftest.py",
    "numpy/f2py",
    "numpy/fft",
    # of structured arrays; nothing else in NumPy imports it
    "numpy/lib/recfunctions.py",
    "numpy/ma/mrecords.py",
    "numpy/ma/testutils.py",
    "numpy/matlib.py",
    "numpy/polynomial",
    "numpy/random",
    "numpy/testing",
    "numpy/typing/mypy_plugin.py",
    "numpy/typing/tests",
    # the C API's library; the Python module has its own copy of it inside
    "onnxruntime/capi/libonnxruntime.*",
    "onnxruntime/backend",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    # only what was dropped above imports these two
    "flatbuffers",
    "flatbuffers-*.dist-info",
    "packaging",
    "packaging-*.dist-info",
    "protobuf-*.dist-info",
    "pydantic/experimental/pipeline.py",
    "pydantic/mypy.py",
    "pydantic/v1",
    "s3transfer/processpool.py",
    "starlette/testclient.py",
    # zones are read one by one, each from its own file
    "tzdata/zoneinfo/*.tab",
    "tzdata/zoneinfo/leapseconds",
    "tzdata/zoneinfo/tzdata.zi",
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
    "urllib3/contrib/socks.py",
)

PARQUET_DROPPED = (
    "pyarrow/_azurefs.*",
    "pyarrow/_cuda.*",
    "pyarrow/_dataset_orc.*",
    "pyarrow/_dataset_parquet_encryption.*",
    "pyarrow/_flight.*",
    "pyarrow/_gcsfs.*",
    "pyarrow/_hdfs.*",
    "pyarrow/_orc.*",
    "pyarrow/_parquet_encryption.*",
    "pyarrow/_pyarrow_cpp_tests.*",
    "pyarrow/_s3fs.*",
    "pyarrow/_substrait.*",
    "pyarrow/gandiva*",
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/libarrow_flight*",
    "pyarrow/libarrow_python_flight*",
    "pyarrow/libarrow_python_parquet_encryption*",
    # the loader asks for libarrow_python.so.<version>; these are copies of it under other names
    "pyarrow/libarrow_python.so",
    "pyarrow/libarrow_python.so.*.*.*",
    "pyarrow/libarrow_s3*",
    "pyarrow/src",
)

ANYWHERE_DROPPED = ("tests", "*.pyi", "*.pyx", "*.pxd", "*.pxi", "*.h", "*.hpp", "__pycache__", ".lock")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build one package; a mistake ends in one sentence and exit status 1."""
    parser = argparse.ArgumentParser(description="Builds what Lambda runs into a folder.")
    parser.add_argument("package", choices=("functions", "parquet"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--architecture", choices=(*sorted(PLATFORMS), HOST), default="x86_64")
    asked = parser.parse_args(arguments)
    try:
        platform = PLATFORMS.get(asked.architecture)
        python_version = LAMBDA_PYTHON if platform else HOST_PYTHON
        if asked.package == "parquet":
            build_parquet_layer(asked.folder, python_version, platform)
        else:
            install_functions(asked.folder, python_version, platform)
            copy_code(asked.folder, python_version)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        sys.exit(f"The {asked.package} package was not built: {error}")


def install_functions(folder: Path, python_version: str = LAMBDA_PYTHON, platform: str | None = None) -> None:
    """Put into `folder` what the functions import, without their own code; `platform` None means this machine's."""
    _install(HERE / "requirements.txt", folder, python_version, platform)
    _drop(folder, FUNCTIONS_DROPPED)
    _drop_services(folder)
    compile_modules(folder, python_version, "/var/task")


def build_parquet_layer(folder: Path, python_version: str = LAMBDA_PYTHON, platform: str | None = None) -> None:
    """Put a pyarrow that reads Parquet and CSV, and does little else, into `folder`/python."""
    inside = folder / "python"
    _install(HERE / "requirements-parquet.txt", inside, python_version, platform, "--no-deps")
    _drop(inside, PARQUET_DROPPED)
    compile_modules(inside, python_version, "/opt/python")


def copy_code(folder: Path, python_version: str = LAMBDA_PYTHON) -> None:
    """Put Tollgate's own modules into `folder`, as they are now."""
    target = folder / "tollgate"
    shutil.copytree(HERE / "tollgate", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*ANYWHERE_DROPPED))
    compile_modules(target, python_version, "/var/task/tollgate")


def compile_modules(folder: Path, python_version: str, runs_at: str) -> None:
    """Write bytecode for `folder`, which will lie at `runs_at`; without a Python of that version, leave it out.

    Bytecode is unchecked, for Lambda's files have no useful dates; without it a cold start takes 2.5 times as long.
    """
    python = _find_python(python_version)
    if python is None:
        print(f"Python {python_version} was not found here, so the package has no bytecode: cold starts take longer.")
        return
    mode = ("-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash")
    subprocess.run([python, *mode, "-s", str(folder), "-p", runs_at, str(folder)], check=True)


def write_zip(files: Iterable[tuple[str, Path]], archive: Path, base: Path | None = None, level: int = 6) -> None:
    """Write (name, file) pairs to `archive`, after `base`'s content; the same files, the same bytes."""
    if base is not None:
        shutil.copyfile(base, archive)
    with zipfile.ZipFile(archive, "w" if base is None else "a") as packed:
        for name, file in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, level)


def list_files(folder: Path) -> list[tuple[str, Path]]:
    """Every file below `folder` with its name inside an archive, in order."""
    return sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())


def find_uv() -> str:
    """The uv to install with: $UV, one on the PATH, or the development environment's."""
    candidates = (os.environ.get("UV"), shutil.which("uv"), str(Path(sys.executable).with_name("uv")))
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    raise FileNotFoundError("uv was not found; install it, or name it in the environment variable UV.")


def _install(requirements: Path, folder: Path, python_version: str, platform: str | None, *options: str) -> None:
    system = ("--python-platform", platform) if platform else ()
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *(find_uv(), "pip", "install", "--quiet", "--python", sys.executable, "--python-version", python_version),
            *(*system, "--only-binary", ":all:", "--require-hashes", *options),
            *("-r", str(requirements), "--target", str(folder)),
        ],
        check=True,
    )


def _drop(folder: Path, patterns: Sequence[str]) -> None:
    for pattern in patterns:
        _remove(folder.glob(pattern))
    for pattern in ANYWHERE_DROPPED:
        _remove(folder.rglob(pattern))
    for info in folder.glob("*.dist-info"):
        _remove(path for path in info.iterdir() if not any(path.match(kept) for kept in METADATA_KEPT))


def _drop_services(folder: Path) -> None:
    for data in (folder / "botocore" / "data", folder / "boto3" / "data"):
        _remove(path for path in data.iterdir() if path.is_dir() and path.name not in AWS_SERVICES)
    endpoints = folder / "botocore" / "data" / "endpoints.json"
    known = json.loads(endpoints.read_bytes())
    for partition in known["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in AWS_SERVICES if name in services}
    endpoints.unlink()  # uv may have linked it to the file in its cache
    endpoints.write_text(json.dumps(known), encoding="utf-8")


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _find_python(version: str) -> str | None:
    for python in (sys.executable, shutil.which(f"python{version}")):
        # asked, not believed: a pyenv shim answers to a name and may have no Python behind it
        ask = [python or "", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
        if python and subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() == version:
            return python
    return None


if __name__ == "__main__":
    main()
