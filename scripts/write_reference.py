"""Generator of the parts of docs/reference that follow from the code. `--check` only reports whether they are current.

python scripts/write_reference.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import click
from pydantic.fields import FieldInfo
from tollgate import errors
from tollgate.core.features.catalog import plan_features
from tollgate.core.features.feature import Feature
from tollgate.core.features.history_features import HISTORY_FEATURES

from model_build.cli.main import main as tollgate
from model_build.data.table import count_categories, read_labeled_events
from model_build.detector_file.reader import DetectorToml, read_detector_file
from model_build.detector_file.section import Section
from model_build.simulator import write_sample

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
SAMPLE_DETECTOR = ROOT / "examples" / "sample" / "detector.toml"
# What the commands print in a terminal of this many columns: click leaves two free.
WIDTH = 80
SAMPLE_ROWS, SAMPLE_SEED = 20_000, 0

_WRITTEN = "<!-- Written by scripts/write_reference.py: change the code, then run it. -->"
_KEYS_HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"
_TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "table"}
_ERRORS_BEGIN, _ERRORS_END = "<!-- errors: written by scripts/write_reference.py -->", "<!-- end of errors -->"


def command_line_page(_page: str) -> str:
    """Return command-line.md: the real help of every command."""
    top = click.Context(tollgate, info_name="tollgate", terminal_width=WIDTH - 2, **tollgate.context_settings)
    sections = list(_sections(top))
    introduction = (
        "A command that fails because of what it was given prints one sentence, beginning with `Error:`, and ends\n"
        "with status 1. A mistake in the command line itself ends with status 2."
    )
    return "\n".join([_WRITTEN, "# Command line", "", introduction, "", *sections])


def _sections(context: click.Context) -> Iterator[str]:
    """Yield the section of a command, and of those below it."""
    command = context.command
    yield _section(context.command_path, command.get_help(context))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _sections(
                click.Context(command.commands[name], parent=context, info_name=name, terminal_width=WIDTH - 2)
            )


def _section(name: str, shown: str) -> str:
    return f"## {name}\n\n```text\n$ {name} --help\n{shown.rstrip()}\n```\n"


def features_page(_page: str) -> str:
    """Return features.md: the features of the sample detector, in the order in which the model gets them."""
    features = sample_features()
    introduction = f"""\
The {len(features)} features that `examples/sample/detector.toml` gives for the payments of
`tollgate sample --rows {SAMPLE_ROWS} --seed {SAMPLE_SEED}`. Another detector file gives others: they follow from the
declared columns, entities and half-lives, and the categories from the data. `GET /v1/detector` tells those of the
version that decides.

A feature that cannot be computed is missing (NaN): an amount, place or category that the event lacks, an entity that it
lacks, or what is usual for an entity whose history is too faint. What a half-life is:
[how histories work](../explanation/how-histories-work.md)."""
    return "\n".join([_WRITTEN, "# Features of the sample detector", "", introduction, "", *_feature_tables(features)])


def sample_features() -> tuple[Feature, ...]:
    """Plan the features of the sample detector, for sample payments made now."""
    file = read_detector_file(SAMPLE_DETECTOR)
    with tempfile.TemporaryDirectory() as folder:
        payments = Path(folder, "payments.csv")
        write_sample(SAMPLE_ROWS, SAMPLE_SEED, payments)
        events = read_labeled_events(payments, file.event_type).events
    return plan_features(file.event_type, file.history, count_categories(events))


def _feature_tables(features: Sequence[Feature]) -> Iterator[str]:
    def group_of(feature: Feature) -> str:
        if feature.operation not in HISTORY_FEATURES:
            return "From the event itself"
        return f"From the history of the {feature.source.replace('_', ' + ')}"

    for heading, group in groupby(features, key=group_of):
        yield f"## {heading}\n\n| feature | description |\n|---|---|"
        yield from (f"| `{feature.name}` | {feature.description} |" for feature in group)
        yield ""


def key_tables(page: str) -> str:
    """Return detector-file.md with the table of keys of each section made anew."""
    for name, section in list_sections().items():
        begin = rf"(^## \[+{name}\]+\n(?:(?!## ).*\n)*?{re.escape(_KEYS_HEAD)})"
        rows = "".join(f"| `{key}` | {' | '.join(describe_key(section, key))} |\n" for key in section.model_fields)
        written = rows.replace("\\", "\\\\")
        page, replaced = re.subn(rf"{begin}(?:\|.*\n)*", rf"\g<1>{written}", page, flags=re.MULTILINE)
        if replaced != 1:
            raise SystemExit(f"detector-file.md has to have one table of keys under [{name}].")
    return page


def list_sections() -> dict[str, type[Section]]:
    """Return the sections of a detector file that have keys of their own, by name."""
    found = {}
    for name, field in DetectorToml.model_fields.items():
        for one in (field.annotation, *get_args(field.annotation)):
            if isinstance(one, type) and issubclass(one, Section) and name != "lists":
                found[name] = one
    return found


def describe_key(section: type[Section], key: str) -> tuple[str, str, str]:
    """Return type, default and meaning of a key, as the reference writes them."""
    field = section.model_fields[key]
    words: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind = words.get("type") or _type_of(section.model_json_schema()["properties"][key])
    return kind, words.get("default") or _write_default(field), field.description or ""


def _type_of(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return _type_of(schema["anyOf"][0])
    if schema["type"] == "array":
        first, *others = _type_of(schema["items"]).split(" ")
        return f"list of {' '.join([f'{first}s', *others])}"
    return _TYPES.get(schema["type"], str(schema["type"]))


def _write_default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return "none"
    return f"`{field.default:g}`" if isinstance(field.default, float) else f"`{json.dumps(field.default)}`"


def errors_table(page: str) -> str:
    """Return http-api.md with the table of errors between its marks made anew."""
    rows = [
        f"| `{error.code}` | {error.status} | {'yes' if error.retry else 'no'} | {(error.__doc__ or '').strip()} |"
        for error in list_errors()
    ]
    table = "\n".join([_ERRORS_BEGIN, "| code | status | retry | meaning |", "|---|---|---|---|", *rows, _ERRORS_END])
    whole, replaced = re.subn(rf"{_ERRORS_BEGIN}.*?{_ERRORS_END}", lambda _: table, page, flags=re.DOTALL)
    if replaced != 1:
        raise SystemExit("http-api.md has to have one pair of marks for the table of errors.")
    return whole


def list_errors() -> list[type[errors.TollgateError]]:
    """Return the errors that are drawn in errors.py below the root, each parent before its children."""

    def below(error: type[errors.TollgateError]) -> Iterator[type[errors.TollgateError]]:
        yield error
        for child in error.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from below(child)

    return [error for error in below(errors.TollgateError) if error is not errors.TollgateError]


PAGES: Mapping[str, Callable[[str], str]] = {
    "command-line.md": command_line_page,
    "detector-file.md": key_tables,
    "features.md": features_page,
    "http-api.md": errors_table,
}


def main() -> None:
    """Write the pages, or with --check end with status 1 and the names of those that would change."""
    parser = argparse.ArgumentParser(description="Writes the parts of docs/reference that follow from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if a page would change")
    check = parser.parse_args().check
    stale = []
    for name, make in PAGES.items():
        path = REFERENCE / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = make(before)
        if after != before:
            stale.append(name)
            if not check:
                path.write_text(after, encoding="utf-8")
    print(f"{'To be written anew' if check else 'Written'}: {', '.join(stale) or 'nothing'}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
