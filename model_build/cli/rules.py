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
_HITS = ("Hits", "Frauds", "Precision", "Saved", "Costs", "Customers\naffected")
_ADDS = ("Hits", "Frauds", "Saved")


@click.group()
def rules() -> None:
    """Test and fetch rules before they go live."""


@rules.command(cls=VersionCommand)
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml with the rules.")
@click.option("--version", "folder", type=_FOLDER, help="Sealed version, or detector folder, that scores the payments.")
@click.option("--json", "json_path", type=_FILE, help="Also write the figures to this file.")
def test(data: Path, detector: Path, folder: Path | None, json_path: Path | None) -> None:
    """Back-test each rule on labeled payments.

    Every rule runs on DATA as if it were active, in order of priority, including shadow rules and disabled ones. A
    rule's unique hits are those that no earlier rule has.
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
@click.option("--detector", required=True, help="ID of the detector.")
@click.option("--bucket", required=True, help="Bucket of the deployment (stack output BucketName).")
@click.option("--into", "path", type=_FILE, help="A detector.toml whose [[rules]] are replaced.")
def draft(detector: str, bucket: str, path: Path | None) -> None:
    """Print the draft rules saved on the dashboard.

    They are printed as [[rules]] of a detector file. With --into, they replace the rules in that file, unless the
    result would not be valid. They go live with the next version that is trained or sealed from the file. AWS
    credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.detector_file.drafts import read_draft, replace_rules_in_file, write_rules

    found = read_draft(detector, bucket)
    whom = f" by {found.saved_by}" if found.saved_by else ""
    click.echo(f"Draft saved {found.saved_at}{whom}, based on version {found.based_on}", err=True)
    if path is None:
        click.echo(write_rules(found.rules), nl=False)
        return
    file = replace_rules_in_file(path, found.rules)
    click.echo(f"Wrote {len(found.rules)} rules to {path}")
    for warning in file.warnings:
        click.echo(f"Note: {warning}", err=True)


def _show(trial: RuleTrial) -> None:
    from model_build.evaluation.rule_backtest import describe_backtest

    click.echo(f"{trial.events:,} payments, {trial.frauds:,} frauds")
    rows = describe_backtest(trial)
    # Two tables are narrow enough for a terminal of 80 columns, with the names of the rules.
    _print_table("Hits of each rule", _HITS, [row[: 1 + len(_HITS)] for row in rows])
    _print_table(
        "Unique hits (not matched by an earlier rule)", _ADDS, [(row[0], *row[1 + len(_HITS) :]) for row in rows]
    )


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
    """Update lists without a new version."""


@lists.command()
@click.argument("values", type=_FILE)
@click.option("--name", required=True, help="Name of the list in [lists] of the detector file.")
@click.option("--detector", required=True, help="ID of the detector.")
@click.option("--bucket", required=True, help="Bucket of the deployment (stack output BucketName).")
@click.option("--allow-empty", is_flag=True, help="Allow a file without values, which empties the list.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before removing more than half of the values.")
def put(values: Path, name: str, detector: str, bucket: str, *, allow_empty: bool, dry_run: bool, yes: bool) -> None:
    """Replace the values of a list.

    VALUES is a file with one value per line. The command first shows what it adds and removes; in a terminal, it asks
    before removing more than half of the values. It rejects headers, rows of CSV, stray quotes and values that a
    spreadsheet damaged, and names their line. Blank lines and lines that begin with "# " are skipped; a value in double
    quotes is taken as is.

    The champion uses the new values within 30 seconds, and later versions use them too, in place of the values sealed
    in them. AWS credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.deployment.publish_list import make_change, plan_change

    change = plan_change(values, name, detector, bucket, may_be_empty=allow_empty)
    for line in change.describe():
        click.echo(f"{name}: {line}")
    if dry_run:
        click.echo("Nothing was changed (--dry-run)")
        return
    if change.empties_most and not yes and sys.stdin.isatty():
        click.confirm("Continue?", abort=True)
    make_change(change, bucket)
    click.echo(f"{name} of {detector} now has {len(change.after.values):,} values")


COMMANDS: tuple[click.Command, ...] = (rules, lists)
