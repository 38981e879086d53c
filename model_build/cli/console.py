"""Console of the commands: the option --now, checks before long work, progress, and the results of a training."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tollgate.core.times.time_format import TimeFormat
from tollgate.core.times.timestamps import to_moment

from model_build.cli.output_file import check_output

if TYPE_CHECKING:
    from model_build.train import TrainingResult


class _Moment(click.ParamType[datetime]):
    name = "when"

    def convert(self, value: datetime | str, param: click.Parameter | None, context: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return to_moment(TimeFormat().read(value))
        except ValueError as error:
            self.fail(f"{error}.", param, context)


NOW = click.option(
    "--now", type=_Moment(), help="Time at which DATA was made, such as 2026-01-31T13:24Z; by default, now."
)


def check_writable(folder: Path) -> None:
    """Fail at once, and not after minutes of work, if ``folder`` is not writable."""
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise click.ClickException(f"Cannot write to {nearest}: it is not a writable folder.")


def check_json(path: Path | None, *inputs: Path | None) -> None:
    """Fail at once if the figures of a command cannot be written to ``path``."""
    if path is not None:
        check_writable(path.parent)
        check_output(path, inputs)
        path.parent.mkdir(parents=True, exist_ok=True)


def show_progress(console: Console) -> Callable[[str], None]:
    """Return a function that prints each step with the seconds since the first."""
    began = time.monotonic()

    def progress(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {step} …", highlight=False)

    return progress


def show_trained(trained: TrainingResult, title: str) -> None:
    """Print the metrics of the models, the notes, and the folder of the sealed version."""
    table = Table(box=SIMPLE, title=title, title_justify="left")
    table.add_column("Model", no_wrap=True)
    for heading in ("AUC", "Average\nprecision", "Recall at\n1% FPR", "Card\nprecision", "Trained\nin"):
        table.add_column(heading, justify="right", no_wrap=True)
    for evaluated in trained.models:
        test, train_s = evaluated.test, evaluated.model.train_s
        card = "–" if test.card_precision is None else f"{test.card_precision:.3f}"
        figures = (f"{test.auc:.3f}", f"{test.average_precision:.3f}", f"{test.recall_at_1pct_fpr:.3f}", card)
        table.add_row(evaluated.model.title, *figures, "–" if train_s is None else f"{train_s:.1f} s")
    Console().print(table)
    if trained.models[0].model.external_sha256 is None:
        click.echo(f"Best average precision on validation: {trained.models[0].model.title}")
    for sentence in trained.money:
        click.echo(sentence)
    for note in trained.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(f"Sealed version {trained.sealed.version.version} in {trained.sealed.folder}")
