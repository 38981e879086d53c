"""The `tollgate` command."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tollgate.errors import TollgateError

from model_build.cli.console import check_json, check_writable, show_progress, show_trained
from model_build.cli.now_option import NOW
from model_build.cli.redrive import redrive
from model_build.cli.reindex import reindex
from model_build.cli.replay import replay
from model_build.cli.rules import COMMANDS as RULE_COMMANDS
from model_build.cli.score import score
from model_build.cli.seal import COMMANDS as SEAL_COMMANDS
from model_build.cli.version_folder import VersionCommand, choose_version

if TYPE_CHECKING:
    from model_build.data.table import LabeledEvents
    from model_build.evaluation.evaluate import EvaluationResult
    from model_build.evaluation.prequential import Protocol

# Heavy imports wait inside the commands: `tollgate --help` answers at once.

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


class _Commands(click.Group):
    """Shows an expected error as one sentence, without a trace."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except TollgateError as error:
            click.echo(f"Error: {_explain_aws(error) or error}", err=True)
            ctx.exit(1)
        except OSError as error:
            if error.filename is None:
                raise
            click.echo(f"Error: {error.filename} cannot be used: {error.strerror}.", err=True)
            ctx.exit(1)
        except Exception as error:
            said = _explain_aws(error)
            if said is None:
                raise
            click.echo(f"Error: {said}", err=True)
            ctx.exit(1)


def _explain_aws(error: Exception) -> str | None:
    if "botocore.exceptions" not in sys.modules:
        return None
    from tollgate.adapters.error_messages import explain_aws

    return explain_aws(error)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tollgate")
def main() -> None:
    """Serverless fraud detection that a small team owns."""


@main.command()
@click.option("--rows", type=click.IntRange(min=1), default=100_000, show_default=True, help="How many payments.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same bytes.")
@click.option("--out", type=_FILE, required=True, help="A .csv or .parquet file to write.")
def sample(rows: int, seed: int, out: Path) -> None:
    """Write simulated card payments with known frauds."""
    from model_build.simulator import write_sample

    try:
        with click.progressbar(length=rows, label="Payments", file=sys.stderr) as bar:
            write_sample(rows, seed, out, lambda written: bar.update(written - bar.pos))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Wrote {rows:,} payments to {out}")


@main.command()
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the sealed version: OUT/<detector>/<version>/.")
def train(data: Path, detector: Path, out: Path) -> None:
    """Train on labelled payments in DATA and seal the best model as a detector version."""
    from model_build.detector_file.reader import read_detector_file
    from model_build.train import train_detector

    check_writable(out)
    console = Console(stderr=True)
    trained = train_detector(data, read_detector_file(detector), out, show_progress(console))
    show_trained(trained, "On later payments that no model has seen")


@main.command()
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option(
    "--protocol", type=click.Choice(["prequential"]), default="prequential", show_default=True, help="How to judge."
)
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="First training day; so that the folds end with DATA.")
@click.option("--folds", type=click.IntRange(min=1), default=4, show_default=True, help="How many times.")
@click.option("--train-days", type=click.IntRange(min=1), default=7, show_default=True, help="Days to learn from.")
@click.option("--test-days", type=click.IntRange(min=1), default=7, show_default=True, help="Days to be judged on.")
@click.option("--all-history", is_flag=True, help="Learn from everything before, too.")
@click.option(
    "--tune", "tune_s", type=click.FloatRange(min=0), default=0, help="Seconds to search parameters, a model."
)
@NOW
@click.option("--json", "json_path", type=_FILE, help="Also write every fold here.")
def evaluate(  # noqa: PLR0913 - one for each option
    data: Path,
    detector: Path,
    *,
    protocol: str,  # noqa: ARG001 - there is one so far
    first: datetime | None,
    folds: int,
    train_days: int,
    test_days: int,
    all_history: bool,
    tune_s: float,
    now: datetime | None,
    json_path: Path | None,
) -> None:
    """Judge the models of a detector file on DATA as time would: train, wait for labels, test, move on.

    Beside them stand the amount alone, rules alone and logistic regression. Figures are means over the folds ± their
    standard deviation. With --tune, parameters are chosen on earlier folds.
    """
    from model_build.detector_file.reader import read_detector_file
    from model_build.evaluation.evaluate import evaluate_detector
    from model_build.evaluation.prequential import plan_protocol

    def plan(labeled: LabeledEvents) -> Protocol:
        return plan_protocol(
            labeled,
            first.date() if first else None,
            train_days=train_days,
            test_days=test_days,
            folds=folds,
            all_history=all_history,
        )

    check_json(json_path, data, detector)
    file, progress = read_detector_file(detector), show_progress(Console(stderr=True))
    evaluated = evaluate_detector(data, file, plan, progress, tune_s=tune_s, now=now)
    _show_evaluation(evaluated, file.training.reviews_per_day)
    for note in evaluated.notes:
        click.echo(f"Note: {note}", err=True)
    if json_path is not None:
        json_path.write_text(json.dumps({"rows": [row.to_json() for row in evaluated.rows]}, indent=1))


def _show_evaluation(evaluated: EvaluationResult, reviews_per_day: int) -> None:
    protocol = evaluated.protocol
    learned = "everything before" if protocol.all_history else f"{protocol.train_days} days"
    click.echo(
        f"{protocol.folds} folds from {protocol.first}: {learned} to learn, {protocol.delay_days} days of delay, "
        f"{protocol.test_days} days to be judged on"
    )
    table = Table(box=SIMPLE)
    table.add_column("", no_wrap=True)
    for heading in ("Average\nprecision", "AUC", f"Precision of the\n{reviews_per_day} cards a day"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in evaluated.rows:
        found = (row.summary(figure) for figure in ("average_precision", "auc", "card_precision"))
        table.add_row(row.title, *("–" if pair is None else f"{pair[0]:.3f} ± {pair[1]:.3f}" for pair in found))
    Console().print(table)
    for row in evaluated.rows:
        if row.parameters:
            click.echo(f"{row.title}: {', '.join(f'{name} = {value:.4g}' for name, value in row.parameters.items())}")


@main.command(cls=VersionCommand)
@click.argument("folder", type=_FOLDER)
@click.option("--bucket", required=True, help="The deployment's bucket (output BucketName).")
@click.option("--history-table", required=True, help="The deployment's history table (output HistoryTableName).")
def publish(folder: Path, bucket: str, history_table: str) -> None:
    """Upload the sealed version in FOLDER, or the newest of a detector's folder, and let it decide.

    The first version of a detector also brings the histories that its training data left. AWS credentials, region and
    AWS_ENDPOINT_URL are taken from the environment as by any AWS tool.
    """
    from model_build.deployment.publish import publish_version

    published = publish_version(choose_version(folder), bucket, history_table)
    loaded = "histories were kept already" if published.loaded is None else f"{published.loaded:,} histories loaded"
    click.echo(f"{published.version.detector} {published.version.version} is now the champion; {loaded}")


for _command in (*RULE_COMMANDS, *SEAL_COMMANDS, score, replay, redrive, reindex):
    main.add_command(_command)


if __name__ == "__main__":
    main()
