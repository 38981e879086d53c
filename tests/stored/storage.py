"""Storage as files: a bucket's objects and the items of two tables, read from a deployment and loaded into one."""

from __future__ import annotations

import base64
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localstack.emulator import Emulator
from tests.services.backend import DETECTOR, Backend, create_tables, forget_storage

Json = dict[str, Any]
BUCKET, TABLES = "bucket.zip", "tables.json"
_BUCKET = "TOLLGATE_BUCKET"
_TABLES = {"decisions": "TOLLGATE_DECISIONS_TABLE", "histories": "TOLLGATE_HISTORY_TABLE"}
_NO_TIME = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Stored:
    """All that a deployment stores: ``objects`` by key, and for each table its items by pk, with bytes in base64."""

    objects: Mapping[str, bytes]
    tables: Mapping[str, Sequence[Json]]

    @classmethod
    def of(cls, backend: Backend) -> Stored:
        """Read everything from a deployment."""
        return cls(
            {key: backend.get(key) for key in backend.keys("")}, {name: _read_items(backend, name) for name in _TABLES}
        )

    @classmethod
    def open(cls, folder: Path) -> Stored:
        """Read what `save` wrote."""
        with zipfile.ZipFile(folder / BUCKET) as archive:
            objects = {name: archive.read(name) for name in archive.namelist()}
        return cls(objects, json.loads((folder / TABLES).read_text(encoding="utf-8")))

    def save(self, folder: Path) -> None:
        """Write everything to files of a new folder."""
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / BUCKET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for key, content in self.objects.items():
                archive.writestr(zipfile.ZipInfo(key, _NO_TIME), content, zipfile.ZIP_DEFLATED)
        tables = [f"{json.dumps(name)}: {write_lines(items)}" for name, items in self.tables.items()]
        (folder / TABLES).write_text("{\n" + ",\n".join(tables) + "\n}\n", encoding="utf-8")

    def load(self, backend: Backend) -> None:
        """Put everything into empty storage."""
        for key, content in self.objects.items():
            backend.drop(key, content)
        for name, items in self.tables.items():
            for item in items:
                backend.dynamodb.put_item(TableName=backend.environment[_TABLES[name]], Item=_from_json(item))


def write_lines(items: Sequence[object]) -> str:
    """Return a JSON array with an item a line, so that a difference names one."""
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n]"


@contextmanager
def fresh_backend(running: Emulator, name: str) -> Iterator[Backend]:
    """An empty bucket and two empty tables, named in the environment of this process for as long."""
    environment = {
        **running.environment(),
        _BUCKET: f"stored-{name}",
        **{variable: f"{table}-{name}" for table, variable in _TABLES.items()},
        "TOLLGATE_DETECTOR": DETECTOR,
        "TOLLGATE_FORCED_OUTCOMES": "true",
    }
    with setting(environment):
        backend = Backend(environment)
        backend.s3.create_bucket(Bucket=backend.bucket)
        create_tables(backend.dynamodb, *(environment[_TABLES[table]] for table in ("histories", "decisions")))
        yield backend


@contextmanager
def setting(changed: Mapping[str, str]) -> Iterator[None]:
    """Other variables in the environment of this process, which reads them anew."""
    before = dict(os.environ)
    os.environ.update(changed)
    forget_storage()
    try:
        yield
    finally:
        for name in changed.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
        forget_storage()


def _read_items(backend: Backend, table: str) -> list[Json]:
    pages = backend.dynamodb.get_paginator("scan").paginate(TableName=backend.environment[_TABLES[table]])
    items = [_to_json(item) for page in pages for item in page["Items"]]
    return sorted(items, key=lambda item: str(item["pk"]))


def _to_json(item: Mapping[str, Any]) -> Json:
    return {
        name: {kind: base64.b64encode(bytes(value)).decode() if kind == "B" else value for kind, value in typed.items()}
        for name, typed in sorted(item.items())
    }


def _from_json(item: Mapping[str, Any]) -> Json:
    return {
        name: {kind: base64.b64decode(value) if kind == "B" else value for kind, value in typed.items()}
        for name, typed in item.items()
    }
