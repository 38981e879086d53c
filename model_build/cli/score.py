"""The `tollgate score` command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import click

from model_build.cli.console import check_writable
from model_build.cli.now_option import NOW
from model_build.cli.version_folder import VersionCommand, show_version

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
# Of the rows that could not be used, so many are told of; all are in the results.
_MAX_SHOWN = 3


@click.command(cls=VersionCommand)
@click.argument("data", type=_FILE)
@click.option("--version", "folder", type=_FOLDER, required=True, help="A sealed version, or a detector's folder.")
@click.option("--out", type=_FILE, required=True, help="A .csv file for the rows with their decisions.")
@click.option("--fresh", is_flag=True, help="Begin with empty histories, not those the training data left.")
@NOW
def score(data: Path, folder: Path, out: Path, *, fresh: bool, now: datetime | None) -> None:
    """Decide on every row of DATA on this machine, as the deployed file door does.

    A row that lies ahead of the clock is an error, as there: say with --now when a table of another time was made. Rows
    from before the training data ended are counted in the histories that it left; --fresh does without these.
    """
    from model_build.deployment.score_file import score_file

    check_writable(out.parent)
    summary = score_file(data, folder, out, fresh=fresh, now=now)
    counts = ", ".join(f"{count:,} {name}" for name, count in summary["outcomes"].items())
    show_version(summary["detector_version"], folder)
    click.echo(f"Wrote {out}: {counts}; {summary['failed']:,} rows could not be used")
    for line in describe_downgraded(summary["downgraded"]):
        click.echo(line)
    for error in summary["errors"][:_MAX_SHOWN]:
        place = f"Row {error['row']:,}" + (f', column "{error["column"]}"' if error["column"] else "")
        click.echo(f"{place}: {error['message']}.", err=True)
    for note in summary["notes"]:
        click.echo(f"Note: {note}", err=True)


def describe_downgraded(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each rule that gave rows a weaker outcome than their score; ``counts`` are by rule."""
    for rule, rows in counts.items():
        many = f"{rows:,} {'row' if rows == 1 else 'rows'}"
        yield f'Rule "{rule}" gave {many} a weaker outcome than the score: see the column "downgraded_from"'
