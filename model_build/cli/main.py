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

from model_build.cli.console import NOW, check_json, check_writable, show_progress, show_trained
from model_build.cli.operations import COMMANDS as OPERATIONS
from model_build.cli.rules import COMMANDS as RULE_COMMANDS
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
    """Prints an expected error as one sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        try:
            return super().invoke(ctx)
        except TollgateError as error:
            click.echo(f"Error: {_explain_aws(error) or error}", err=True)
            ctx.exit(1)
        except OSError as error:
            if error.filename is None:
                raise
            click.echo(f"Error: cannot use {error.filename}: {error.strerror}.", err=True)
            ctx.exit(1)
        except Exception as error:
            message = _explain_aws(error)
            if message is None:
                raise
            click.echo(f"Error: {message}", err=True)
            ctx.exit(1)


def _explain_aws(error: Exception) -> str | None:
    if "botocore.exceptions" not in sys.modules:
        return None
    from tollgate.adapters.errors import explain_aws

    return explain_aws(error)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tollgate")
def main() -> None:
    """Serverless fraud detection that a small team owns."""


@main.command()
@click.option("--rows", type=click.IntRange(min=1), default=100_000, show_default=True, help="Number of payments.")
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed; the same seed gives the same file.")
@click.option("--out", type=_FILE, required=True, help="Output file, .csv or .parquet.")
def sample(rows: int, seed: int, out: Path) -> None:
    """Write simulated card payments with labeled frauds."""
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
@click.option(
    "--out", type=_FOLDER, required=True, help="Output folder; the version goes to OUT/<detector>/<version>/."
)
def train(data: Path, detector: Path, out: Path) -> None:
    """Train models and seal the best one as a version.

    DATA is a file of labeled payments. All models of the detector file are trained and compared; the one with the best
    average precision on the validation part is sealed as a detector version.
    """
    from model_build.detector_file.reader import read_detector_file
    from model_build.train import train_detector

    check_writable(out)
    console = Console(stderr=True)
    trained = train_detector(data, read_detector_file(detector), out, show_progress(console))
    show_trained(trained, "Test on later payments that no model has seen")


@main.command()
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option(
    "--protocol",
    type=click.Choice(["prequential"]),
    default="prequential",
    show_default=True,
    help="Evaluation protocol.",
)
@click.option(
    "--first", type=click.DateTime(["%Y-%m-%d"]), help="First training day; by default, the last fold ends with DATA."
)
@click.option("--folds", type=click.IntRange(min=1), default=4, show_default=True, help="Number of folds.")
@click.option(
    "--train-days", type=click.IntRange(min=1), default=7, show_default=True, help="Days of training data in a fold."
)
@click.option(
    "--test-days", type=click.IntRange(min=1), default=7, show_default=True, help="Days of test data in a fold."
)
@click.option("--all-history", is_flag=True, help="Train on all earlier days too.")
@click.option(
    "--tune", "tune_s", type=click.FloatRange(min=0), default=0, help="Seconds of hyperparameter search for each model."
)
@NOW
@click.option("--json", "json_path", type=_FILE, help="Also write the results of every fold to this file.")
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
    """Evaluate models by walk-forward testing.

    Each model of the detector file is trained on some days of DATA, waits for their labels, and is tested on the
    following days; then the window moves on. The table compares them with three baselines: amount alone, rules alone
    and logistic regression. Figures are means over the folds ± one standard deviation. With --tune, hyperparameters are
    chosen on earlier folds.
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
    trained = "all earlier days" if protocol.all_history else f"{protocol.train_days} days"
    click.echo(
        f"{protocol.folds} folds from {protocol.first}: training on {trained}, "
        f"label delay of {protocol.delay_days} days, test on {protocol.test_days} days"
    )
    table = Table(box=SIMPLE)
    table.add_column("", no_wrap=True)
    for heading in ("Average\nprecision", "AUC", f"Precision of\n{reviews_per_day} cards a day"):
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
@click.option("--bucket", required=True, help="Bucket of the deployment (stack output BucketName).")
@click.option("--history-table", required=True, help="History table of the deployment (stack output HistoryTableName).")
def publish(folder: Path, bucket: str, history_table: str) -> None:
    """Upload a version and make it the champion.

    FOLDER is a sealed version, or a detector's folder, whose newest version is taken. With the first version of a
    detector, the histories at the end of its training data are loaded too. AWS credentials, region and
    AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.deployment.publish import publish_version

    published = publish_version(choose_version(folder), bucket, history_table)
    loaded = (
        "its histories were loaded before"
        if published.loaded is None
        else f"{published.loaded:,} histories were loaded"
    )
    click.echo(f"{published.version.detector} {published.version.version} is now the champion; {loaded}")


for _command in (*RULE_COMMANDS, *SEAL_COMMANDS, *OPERATIONS):
    main.add_command(_command)


if __name__ == "__main__":
    main()
