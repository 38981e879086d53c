"""Deployment template: reads template.yaml and adapts it to an emulator."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).resolve().parent.parent / "template.yaml"
FUNCTIONS = TEMPLATE.parent / "functions"
_CODE_OF = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def load_template(path: Path) -> dict[str, Any]:
    """Read a template with CloudFormation's short tags (`!Ref`, `!GetAtt a.b` …) written out."""
    template = yaml.load(path.read_text(encoding="utf-8"), _TemplateLoader)  # a SafeLoader with more tags
    if not isinstance(template, dict):
        raise ValueError(f"{path.name} is not a CloudFormation template.")
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


def write_out_settings(template: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """The template with parameters written out in the functions' environment.

    SAM publishes a new version of a function when the text of its properties changes, not the value of a parameter in
    them (https://github.com/aws/serverless-application-model/issues/3820).
    """
    functions = [template["Globals"]["Function"], *(each["Properties"] for each in template["Resources"].values())]
    for properties in functions:
        settings = properties.get("Environment", {}).get("Variables", {})
        for name, value in settings.items():
            if isinstance(value, dict) and value.get("Ref") in parameters:
                settings[name] = parameters[value["Ref"]]
    return template


def find_code(template: dict[str, Any]) -> dict[str, str]:
    """The functions and layers by their logical ids, each with the property that says where its code is."""
    return {
        name: _CODE_OF[resource["Type"]]
        for name, resource in template["Resources"].items()
        if resource["Type"] in _CODE_OF
    }


def find_folders(template: dict[str, Any], path: Path) -> dict[str, Path]:
    """The folder that `sam build` filled for each function and layer of the template that it wrote to ``path``.

    Raises FileNotFoundError for a template that `sam build` did not write.
    """
    folders = {}
    for name, where in find_code(template).items():
        folder = path.parent / template["Resources"][name]["Properties"].get(where, name)
        if folder.resolve() == FUNCTIONS or not folder.is_dir():
            raise FileNotFoundError(
                f"{path} has no folder with the code of {name}; use a template that `sam build` wrote."
            )
        folders[name] = folder
    return folders


def point_to_uploads(template: dict[str, Any], uploads: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The template with the folder of each function and layer replaced by its uploaded archive."""
    for name, where in find_code(template).items():
        template["Resources"][name]["Properties"][where] = dict(uploads[name])
    template["Globals"]["Function"].pop("CodeUri", None)
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
    raise ValueError(f"The template uses !{tag}, which cannot be read.")


_TemplateLoader.add_multi_constructor("!", _write_out)
