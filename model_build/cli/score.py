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
# Invalid rows that are printed; the results have all of them.
_MAX_SHOWN = 3


@click.command(cls=VersionCommand)
@click.argument("data", type=_FILE)
@click.option("--version", "folder", type=_FOLDER, required=True, help="Sealed version, or detector folder.")
@click.option("--out", type=_FILE, required=True, help="Output file, .csv: the rows with their decisions.")
@click.option("--fresh", is_flag=True, help="Start with empty histories instead of those of the training data.")
@NOW
def score(data: Path, folder: Path, out: Path, *, fresh: bool, now: datetime | None) -> None:
    """Score a file on this machine.

    Every row of DATA gets the decision that the deployed batch function would give. A row in the future is an error, as
    in the deployment; use --now for a file that was made at another time. Rows older than the end of the training data
    are already part of its histories; use --fresh to score them without.
    """
    from model_build.deployment.score_file import score_file

    check_writable(out.parent)
    summary = score_file(data, folder, out, fresh=fresh, now=now)
    counts = ", ".join(f"{count:,} {name}" for name, count in summary["outcomes"].items())
    show_version(summary["detector_version"], folder)
    click.echo(f"Wrote {out}: {counts}; {summary['failed']:,} invalid rows")
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
        yield f'Rule "{rule}" downgraded {many} from the outcome of the score: see the column "downgraded_from"'
