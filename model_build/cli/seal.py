"""The `tollgate seal` and `tollgate features` commands, for models that are trained elsewhere."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from model_build.cli.console import check_writable, show_progress, show_trained
from model_build.cli.output_file import check_output

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("data", type=_FILE, required=False)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option("--model", type=_FILE, help="An ONNX file: a model of the features that `tollgate features` writes.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the sealed version: OUT/<detector>/<version>/.")
def seal(data: Path | None, detector: Path, model: Path | None, out: Path) -> None:
    """Seal a detector without training: around a model that you bring, or with rules alone.

    With --model, the labelled payments in DATA judge the model and fix the scale of its scores; its reasons are
    approximate. Without, rules alone decide, and DATA, if given, only begins the histories that features read.
    """
    from model_build.detector_file.reader import read_detector_file

    check_writable(out)
    file = read_detector_file(detector)
    if model is not None:
        if data is None:
            raise click.UsageError("--model needs DATA: labelled payments to judge the model by.")
        from model_build.models.external import seal_external_model

        trained = seal_external_model(data, file, model, out, show_progress(Console(stderr=True)))
        show_trained(trained, "On later payments (whether the model had seen them is not known here)")
        return
    from model_build.models.rules_only import seal_rules

    sealed = seal_rules(file, data, out, show_progress(Console(stderr=True)))
    for warning in file.warnings:
        click.echo(f"Note: {warning}", err=True)
    click.echo(f"Sealed {sealed.version.version} in {sealed.folder}")


@click.command()
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option("--out", type=_FILE, required=True, help="A .parquet or .csv file to write.")
def features(data: Path, detector: Path, out: Path) -> None:
    """Write the features of the labelled payments in DATA, to train a model elsewhere.

    A row is a payment as it was known on its arrival: its id, its part, its label, and the features in the order in
    which a model gets them. Learn from the part "train" alone: the others judge.
    """
    from model_build.data.feature_table import SUFFIXES, write_features
    from model_build.detector_file.reader import read_detector_file

    check_writable(out.parent)
    check_output(out, (data, detector), SUFFIXES)
    file = read_detector_file(detector)
    rows, columns = write_features(data, file, out, show_progress(Console(stderr=True)))
    click.echo(f"Wrote {columns:,} features of {rows:,} payments to {out}")


COMMANDS: tuple[click.Command, ...] = (seal, features)
