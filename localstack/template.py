"""Reads template.yaml and fits it to an emulator."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"


def load_template(path: Path) -> dict[str, Any]:
    """Read a template with CloudFormation's short tags (`!Ref`, `!GetAtt a.b` …) written out."""
    template = yaml.load(path.read_text(encoding="utf-8"), _TemplateLoader)  # a SafeLoader with more tags
    if not isinstance(template, dict):
        raise ValueError(f"{path.name} is not a template.")
    return template


def open_routes(template: dict[str, Any]) -> dict[str, Any]:
    """The template with the HTTP API's routes open to unsigned calls, so that curl and a browser reach them."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            resource["Properties"]["AuthorizationType"] = "NONE"
    return template


def write_out_limits(template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The template with limits of concurrency as numbers: an emulator leaves a parameter a text, and compares it."""
    for resource in template["Resources"].values():
        for event in resource["Properties"].get("Events", {}).values():
            limits = event["Properties"].get("ScalingConfig", {})
            for name, value in limits.items():
                if isinstance(value, dict):
                    parameter = value["Ref"]
                    limits[name] = int(parameters.get(parameter, template["Parameters"][parameter]["Default"]))
    return template


def point_to_uploads(
    template: dict[str, Any], functions: Mapping[str, str], layer: Mapping[str, str]
) -> dict[str, Any]:
    """The template with its folders of code replaced by uploaded archives."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = dict(layer)
    template["Globals"]["Function"]["CodeUri"] = {"Bucket": functions["Bucket"], "Key": functions["Key"]}
    return template


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as the functions that they stand for."""


def _write_out(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise ValueError(f"!{tag} cannot be read.")


_TemplateLoader.add_multi_constructor("!", _write_out)
