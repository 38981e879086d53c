"""Check of answers against the committed description of the HTTP API, so that no fake of it drifts."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

OPENAPI = json.loads((Path(__file__).parents[2] / "docs/reference/openapi.json").read_text(encoding="utf-8"))


def find_problems(name: str, answer: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Return how an answer differs from the schema of this name."""
    return list(_compare(name, json.dumps(answer, sort_keys=True)))


def find_problems_of(method: str, path: str, status: int, answer: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Return how the answer to a request differs from what is described of it."""
    route = next((route for pattern, route in _routes() if re.fullmatch(pattern, path)), {}).get(method.lower())
    if route is None:
        return [] if status == 404 else [f"{method} {path} is not described"]
    described = route["responses"].get(str(status)) or route["responses"].get(f"{status // 100}XX")
    if described is None:
        return [f"{method} {path}: status {status} is not described"]
    name = described["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return [f"{method} {path}: {problem}" for problem in find_problems(name, answer)]


@lru_cache
def _routes() -> list[tuple[str, dict[str, Any]]]:
    """Return the paths as patterns, those without parameters first."""
    paths = sorted(OPENAPI["paths"].items(), key=lambda one: "{" in one[0])
    return [(re.sub(r"\{[^}]+\}", "[^/]+", path), methods) for path, methods in paths]


@lru_cache(maxsize=512)
def _compare(name: str, answer: str) -> tuple[str, ...]:
    errors = _validator(name).iter_errors(json.loads(answer))
    return tuple(f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors)


@lru_cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]})
