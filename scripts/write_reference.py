"""Generator of the parts of docs/reference that follow from the code. `--check` only reports whether they are current.

python scripts/write_reference.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import textwrap
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
from tollgate.core.rules.operators import AND, NOT, OPERATORS, OR, Level, Operator

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
This page is for analysts who write rules and for data scientists. It lists the {len(features)} features that
`examples/sample/detector.toml` gives for the payments of `tollgate sample --rows {SAMPLE_ROWS} --seed {SAMPLE_SEED}`.
Another detector file gives other features: they follow from the declared columns, entities and half-lives. Categories
come from the data. `GET /v1/detector` lists the features of the live version.

A feature is missing (NaN) if it cannot be computed. That is the case if the event has no amount, place, category or
entity for it, or if the history of the entity has faded so far that nobody knows what is usual. [How histories
work](../explanation/how-histories-work.md) explains half-lives."""
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
    return _write_between(page, "errors", ["| code | status | retry | meaning |", "|---|---|---|---|", *rows])


def operators_table(page: str) -> str:
    """Return rules.md with the table of operators, and how they bind, made anew."""
    header = ["| operator | meaning | operands | if an operand is missing |", "|---|---|---|---|"]
    rows = [
        f"| {' '.join(map(_show_sign, group))} | {words[0]} | {words[1]} | {words[2]} |"
        for words, group in groupby(OPERATORS, key=_describe_operator)
    ]
    levels = [" ".join(_show_sign(one, alone=True) for one in group) for _, group in groupby(OPERATORS, _level_of)]
    binding = (
        f"Operators bind in this order, tightest first: {levels[0]} before a value, then {', then '.join(levels[1:])}."
    )
    wrapped = textwrap.wrap(binding, 120, break_long_words=False, break_on_hyphens=False)
    return _write_between(page, "operators", [*header, *rows, "", *wrapped])


def _level_of(operator: Operator) -> Level:
    return operator.level


def _describe_operator(operator: Operator) -> tuple[str, str, str]:
    shown = {"number": "numbers", "text": "texts", "truth": "true or false"}
    operands = ", ".join(shown[kind] for kind in operator.takes)
    missing = "false" if not operator.if_missing else "true"
    if operator.gives == "number":
        missing = "missing"
    elif operator in (NOT, AND, OR):
        missing = "the operand counts as false"
    return operator.meaning, operands, missing


def _show_sign(operator: Operator, *, alone: bool = False) -> str:
    # A bar would end the cell of a table.
    sign = operator.sign.replace("|", "&#124;")
    shown = f"`{sign}`" if sign == operator.sign else f"<code>{sign}</code>"
    return f"{shown} before a value" if operator.level is Level.PREFIX and not alone else shown


def _write_between(page: str, name: str, lines: Sequence[str]) -> str:
    """Return a page with other lines between the two comments that have a name."""
    begin, end = f"<!-- {name}: written by scripts/write_reference.py -->", f"<!-- end of {name} -->"
    written = "\n".join([begin, *lines, end])
    whole, replaced = re.subn(rf"{begin}.*?{end}", lambda _: written, page, flags=re.DOTALL)
    if replaced != 1:
        raise SystemExit(f"The page needs one pair of comments for {name}.")
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
    "rules.md": operators_table,
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
