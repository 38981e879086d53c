"""Names of what is stored, without its values: keys of objects, attributes of items, and keys and members of files.

Bytes are read here by their form, not by the code that writes them, as far as that takes few lines.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow.parquet
from tollgate.adapters.dynamodb.decisions import unpack_json

from tests.stored.storage import Json, Stored

# What differs from deployment to deployment, and what stands for it.
_SHAPES = [
    (re.compile(pattern), stands)
    for pattern, stands in (
        (r"/\d{6}-\d{11}-[0-9a-f]{32}", "/SEGMENT"), (r"\b\d{8}-[0-9a-f]{16}\b", "VERSION"),
        (r"\bb-[0-9a-f]{20}", "BATCH"), (r"\b\d{4}-\d\d-\d\d\b", "DAY"), (r"\b\d{4}-\d\d\b", "MONTH"),
        (r"\.[0-9a-f]{8}\.", ".MARK."), (r"\b\d{4}-\d{4}\b", "CHECKPOINT"), (r"\d{4,}", "NUMBER"),
    )
]  # fmt: skip
_SUM = re.compile(r"([a-z])(\d)N?[0-9a-z]+(_[0-9a-f]{12})?")
_SEGMENT = struct.Struct("<8sI")


def names_of(stored: Stored) -> dict[str, list[str]]:
    """Return the names of what is stored, by where they stand."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, content in stored.objects.items():
        found["objects"].add(_shape(key))
        found[f"object {_shape(key)}"].update(_names_in_object(key, content))
    for item in stored.tables["decisions"]:
        found[f"decisions {item['pk']['S'].partition('#')[0]}#"].update(_names_in_decision(item))
    for item in stored.tables["histories"]:
        _, what, *_ = item["pk"]["S"].split("#")
        found[f"histories {what}"].update(_sum_name(name) for name in item)
    return {where: sorted(names) for where, names in sorted(found.items())}


def _names_in_object(key: str, content: bytes) -> Iterator[str]:
    if key.endswith(".json"):
        yield from _paths(json.loads(content))
    elif key.endswith(".npz"):
        with np.load(io.BytesIO(content)) as archive:
            yield from (f"{name} {archive[name].dtype.str}" for name in archive.files)
            header = json.loads(archive["header"].tobytes()) if "header" in archive.files else {}
        yield from _paths(header, "header")
        yield json.dumps(header.get("kinds"))
    elif key.endswith(".csv") and key.startswith("results/"):
        yield from next(csv.reader(io.StringIO(content.decode())))
    elif key.endswith(".parquet"):
        schema = pyarrow.parquet.read_schema(io.BytesIO(content))
        yield from (f"{field.name} {field.type}" for field in schema)
    elif key.endswith("histories.jsonl.gz"):
        for line in gzip.decompress(content).splitlines():
            yield from (f"{name}" for name in map(_sum_name, json.loads(line)[2]))
    elif key.startswith("index/"):
        yield from _names_in_index(content)


def _names_in_index(content: bytes) -> Iterator[str]:
    if not content.startswith(b"TGIX"):
        yield from _paths(json.loads(zlib.decompress(content)))
        return
    mark, length = _SEGMENT.unpack_from(content)
    head_end = _SEGMENT.size + length
    head = json.loads(zlib.decompress(content[_SEGMENT.size : head_end]))
    yield mark.decode()
    yield from _paths(head, "head")
    yield from _paths(json.loads(zlib.decompress(content[head_end : head_end + head["summary"]])), "summary")


def _names_in_decision(item: Json) -> Iterator[str]:
    for name, typed in item.items():
        yield f"{_shape(re.sub('[bd][0-9]{5,}', 'SPAN', name))} {next(iter(typed))}"
    if "d" in item:
        for place, part in enumerate(unpack_json(base64.b64decode(item["d"]["B"]))):
            yield from _paths(part, f"d[{place}]")
    if "progress" in item:
        yield from _paths(json.loads(item["progress"]["S"]), "progress")


def _paths(plain: Any, where: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield where names stand in JSON, all items of a list alike."""
    if isinstance(plain, Mapping):
        for name, value in plain.items():
            yield from _paths(value, f"{where}.{_shape(name)}")
    elif isinstance(plain, list) and plain:
        for value in plain:
            yield from _paths(value, f"{where}[]")
    else:
        yield where


def _sum_name(name: str) -> str:
    """Return kind and half-life of a stored sum, and whether it is of a pair in the item of its host."""
    found = _SUM.fullmatch(name)
    return name if found is None else f"{found[1]}{found[2]}…{'_pair' if found[3] else ''}"


def _shape(text: str) -> str:
    for pattern, stands in _SHAPES:
        text = pattern.sub(stands, text)
    return text
