"""template.yaml as data: its resources and their policy statements."""

from collections.abc import Iterator
from typing import Any

from localstack.template import TEMPLATE, load_template

DOCUMENT = load_template(TEMPLATE)
RESOURCES: dict[str, dict[str, Any]] = DOCUMENT["Resources"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


def statements(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any part of a template
    """Every policy statement below `document`, those behind a condition included."""
    if isinstance(document, dict):
        if "Effect" in document:
            yield document
        for value in document.values():
            yield from statements(value)
    elif isinstance(document, list):
        for value in document:
            yield from statements(value)
