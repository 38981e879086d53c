"""The `tollgate rules` and `tollgate lists` commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from model_build.cli.console import check_json, show_progress
from model_build.cli.version_folder import VersionCommand, choose_version

if TYPE_CHECKING:
    from tollgate.core.rules.backtest import RuleTrial

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_HITS = ("Hits", "Frauds", "Precision", "Saved", "Costs", "Customers\ndisturbed")
_ADDS = ("Hits", "Frauds", "Saved")


@click.group()
def rules() -> None:
    """Look at a detector's rules before they act."""


@rules.command(cls=VersionCommand)
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml with the rules.")
@click.option("--version", "folder", type=_FOLDER, help="A sealed version, or a detector's folder: it scores.")
@click.option("--json", "json_path", type=_FILE, help="Also write the figures here.")
def test(data: Path, detector: Path, folder: Path | None, json_path: Path | None) -> None:
    """Ask each rule about the labelled payments in DATA, as if it acted.

    Rules in shadow and those that are switched off are asked too, in the order of their priorities. What a rule adds
    are hits that no rule before it has.
    """
    from model_build.deployment.publish import open_folder
    from model_build.detector_file.reader import read_detector_file
    from model_build.evaluation.rule_backtest import backtest_rules

    check_json(json_path, data, detector, folder)
    file = read_detector_file(detector)
    version = None if folder is None else open_folder(choose_version(folder))
    trial, notes = backtest_rules(data, file, version, show_progress(Console(stderr=True)))
    _show(trial)
    for note in notes:
        click.echo(f"Note: {note}", err=True)
    if json_path is not None:
        json_path.write_text(json.dumps({"rules": [tried.to_json() for tried in trial.rules]}, indent=1))


@rules.command()
@click.option("--detector", required=True, help="The detector whose draft it is.")
@click.option("--bucket", required=True, help="The deployment's bucket (output BucketName).")
@click.option("--into", "path", type=_FILE, help="A detector.toml, of which the [[rules]] are replaced.")
def draft(detector: str, bucket: str, path: Path | None) -> None:
    """Print the draft of the next rules that was saved on the dashboard, as [[rules]] of a detector file.

    With --into they replace those of the file, which is left alone if it could not be read with them. What then decides
    is a version that is trained or sealed from the file. AWS credentials, region and AWS_ENDPOINT_URL are taken from
    the environment.
    """
    from model_build.detector_file.drafts import read_draft, replace_rules_in_file, write_rules

    found = read_draft(detector, bucket)
    whom = f" by {found.saved_by}" if found.saved_by else ""
    click.echo(f"Draft of {found.saved_at}{whom}, begun from version {found.based_on}", err=True)
    if path is None:
        click.echo(write_rules(found.rules), nl=False)
        return
    file = replace_rules_in_file(path, found.rules)
    click.echo(f"{path} now has {len(found.rules)} rules")
    for warning in file.warnings:
        click.echo(f"Note: {warning}", err=True)


def _show(trial: RuleTrial) -> None:
    from model_build.evaluation.rule_backtest import describe_backtest

    click.echo(f"{trial.events:,} payments, {trial.frauds:,} of them fraud")
    rows = describe_backtest(trial)
    # Two tables are narrow enough for a terminal of 80 columns, with the names of the rules.
    _print_table("What each rule hits", _HITS, [row[: 1 + len(_HITS)] for row in rows])
    _print_table("What it adds to the rules before it", _ADDS, [(row[0], *row[1 + len(_HITS) :]) for row in rows])


def _print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=SIMPLE, title=title, title_justify="left", collapse_padding=True, pad_edge=False)
    table.add_column("Rule", overflow="fold", min_width=12)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


@click.group()
def lists() -> None:
    """Change a detector's lists without a new version."""


@lists.command()
@click.argument("values", type=_FILE)
@click.option("--name", required=True, help="The list, as [lists] of the detector file names it.")
@click.option("--detector", required=True, help="The detector that has it.")
@click.option("--bucket", required=True, help="The deployment's bucket (output BucketName).")
@click.option("--allow-empty", is_flag=True, help="Let VALUES be a file without values, which empties the list.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before more than half of the values are removed.")
def put(values: Path, name: str, detector: str, bucket: str, *, allow_empty: bool, dry_run: bool, yes: bool) -> None:
    """Put the values of the file VALUES, one a line, in place of a list's.

    Says first what that adds and removes; at a terminal it asks before more than half of the values go. A header, a row
    of CSV, odd quotes and values that a spreadsheet damaged are refused with their line. Blank lines, and lines that
    begin with "# ", do not count; a value in double quotes is taken as it is.

    The version that decides goes by the values within half a minute, and so does every later one: they stand in for
    those that are sealed in it. AWS credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.deployment.publish_list import make_change, plan_change

    change = plan_change(values, name, detector, bucket, may_be_empty=allow_empty)
    for line in change.describe():
        click.echo(f"{name}: {line}")
    if dry_run:
        click.echo("Nothing was changed (--dry-run)")
        return
    if change.empties_most and not yes and sys.stdin.isatty():
        click.confirm("Go on?", abort=True)
    make_change(change, bucket)
    click.echo(f"{detector} now goes by {len(change.after.values):,} values in {name}")


COMMANDS: tuple[click.Command, ...] = (rules, lists)
